use api::apis::{configuration::Configuration, market_service_api::market_service_get_quote};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let base_path = std::env::args().nth(1).unwrap();
    let configuration = Configuration { base_path, ..Configuration::default() };
    let quote = market_service_get_quote(&configuration, "AAPL").await.unwrap();
    println!("{}", serde_json::to_string(&quote).unwrap());
}
