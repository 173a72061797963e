import { type MarketV1Trade, marketServiceWatchTrades } from "./api/api.js";
import { server } from "./fetcher.js";
import { lines } from "./lines.js";

export async function* read(baseUrl: string): AsyncGenerator<MarketV1Trade> {
  server.baseUrl = baseUrl;
  const response: { data: unknown } = await marketServiceWatchTrades("AAPL", undefined, {
    headers: { Accept: "application/jsonl" },
  });
  for await (const line of lines(response.data as ReadableStream<Uint8Array>)) {
    yield JSON.parse(line);
  }
}
