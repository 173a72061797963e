use api::{ApiResponse, GetQuoteRequest, MarketV1Client};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let client = MarketV1Client::with_base_url(std::env::args().nth(1).unwrap()).unwrap();
    let mut request = GetQuoteRequest::default();
    request.path.symbol = "AAPL".into();
    let ApiResponse::Ok(quote) = client.get_quote(request).await.unwrap() else { panic!("no quote") };
    println!("{}", json!({ "symbol": quote.symbol, "price": quote.price }));
}
