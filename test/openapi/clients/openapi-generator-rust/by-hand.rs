use api::models::MarketV1Trade;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = format!("{}/v1/trades/AAPL:watch", std::env::args().nth(1).unwrap());
    let request = reqwest::Client::new().get(url).header("Accept", "application/jsonl");
    let mut response = request.send().await.unwrap();
    let mut bytes = Vec::new();
    let mut trades = Vec::<MarketV1Trade>::new();
    while trades.len() < 3 {
        bytes.extend(response.chunk().await.unwrap().expect("a further trade"));
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = bytes.drain(..=end).collect();
            trades.push(serde_json::from_slice(&line).unwrap());
        }
    }
    println!("{}", serde_json::to_string(&trades).unwrap());
}
