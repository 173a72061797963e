use api::{
    ApiResponse, MarketV1Client, Trade200ResponseOrWatchTradesEventDataResponseStream as Answer, WatchTradesEventDataResponse,
    WatchTradesRequest,
};
use futures_util::StreamExt;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let client = MarketV1Client::with_base_url(std::env::args().nth(1).unwrap()).unwrap();
    let mut request = WatchTradesRequest::default();
    request.path.symbol = "AAPL".into();
    let answer = client.watch_trades(request).await.unwrap();
    let ApiResponse::Ok(Answer::WatchTradesEventDataResponseStream(mut events)) = answer else { panic!("no stream") };
    let mut trades = Vec::new();
    while trades.len() < 3 {
        let event = events.next().await.expect("a further trade").unwrap();
        let WatchTradesEventDataResponse::MarketV1Trade(trade) = event.data() else { panic!("no trade") };
        let sequence = trade.sequence.map(|number| number.to_string());
        trades.push(json!({ "sequence": sequence, "symbol": trade.symbol, "price": trade.price, "size": trade.size }));
    }
    println!("{}", json!(trades));
}
