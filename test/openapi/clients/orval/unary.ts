import { type MarketV1Quote, marketServiceGetQuote } from "./api/api.js";
import { server } from "./fetcher.js";

export async function read(baseUrl: string): Promise<MarketV1Quote> {
  server.baseUrl = baseUrl;
  const response = await marketServiceGetQuote("AAPL");
  if (response.status !== 200) {
    throw new Error(response.data.message);
  }
  return response.data;
}
