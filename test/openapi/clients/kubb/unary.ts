import { type MarketV1Quote, marketServiceGetQuote } from "./api/index.js";

export async function read(baseURL: string): Promise<MarketV1Quote> {
  return await marketServiceGetQuote("AAPL", { baseURL });
}
