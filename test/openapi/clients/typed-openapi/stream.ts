import { createApiClient, type Schemas } from "./api/api.js";
import { fetcher } from "./fetcher.js";
import { lines } from "./lines.js";

export async function* read(baseUrl: string): AsyncGenerator<Schemas.market_v1_Trade> {
  const body: unknown = await createApiClient(fetcher, baseUrl).get("/v1/trades/{symbol}:watch", {
    path: { symbol: "AAPL" },
    query: {},
    header: {},
    overrides: { headers: { Accept: "application/jsonl" } },
  });
  for await (const line of lines(body as ReadableStream<Uint8Array>)) {
    yield JSON.parse(line);
  }
}
