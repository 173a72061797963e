import createClient from "openapi-fetch";
import type { components, paths } from "./api/api.js";
import { lines } from "./lines.js";

export async function* read(baseUrl: string): AsyncGenerator<components["schemas"]["market.v1.Trade"]> {
  const client = createClient<paths>({ baseUrl });
  const { data } = await client.GET("/v1/trades/{symbol}:watch", {
    params: { path: { symbol: "AAPL" } },
    headers: { Accept: "application/jsonl" },
    parseAs: "stream",
  });
  if (data) {
    for await (const line of lines(data)) {
      yield JSON.parse(line);
    }
  }
}
