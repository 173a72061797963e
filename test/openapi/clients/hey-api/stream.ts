import { type GoogleRpcStatus, type MarketV1Trade, marketServiceWatchTrades } from "./api/index.js";

export async function* read(baseUrl: string): AsyncGenerator<MarketV1Trade | GoogleRpcStatus> {
  const { stream } = await marketServiceWatchTrades({ baseUrl, path: { symbol: "AAPL" } });
  for await (const item of stream) {
    if (item) {
      yield item; // the type has the answer 204 too, which is no item
    }
  }
}
