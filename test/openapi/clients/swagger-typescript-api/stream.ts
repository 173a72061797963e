import { Api, type MarketV1Trade } from "./api/api.js";
import { lines } from "./lines.js";

export async function* read(baseUrl: string): AsyncGenerator<MarketV1Trade> {
  // It makes a parameter of the `:watch` at the end of the path.
  const { body } = await new Api({ baseUrl }).v1.marketServiceWatchTrades("AAPL", ":watch", undefined, {
    headers: { Accept: "application/jsonl" },
    format: undefined, // the body is not read here
  });
  if (body) {
    for await (const line of lines(body)) {
      yield JSON.parse(line);
    }
  }
}
