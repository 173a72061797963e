import { Api, type MarketV1Quote } from "./api/api.js";

export async function read(baseUrl: string): Promise<MarketV1Quote> {
  const { data } = await new Api({ baseUrl }).v1.marketServiceGetQuote("AAPL");
  return data;
}
