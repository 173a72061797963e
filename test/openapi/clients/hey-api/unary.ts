import { type MarketV1Quote, marketServiceGetQuote } from "./api/index.js";

export async function read(baseUrl: string): Promise<MarketV1Quote> {
  const { data } = await marketServiceGetQuote({ baseUrl, path: { symbol: "AAPL" }, throwOnError: true });
  return data;
}
