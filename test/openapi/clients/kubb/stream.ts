import type { Client } from "@kubb/plugin-client/clients/fetch";
import { type MarketV1Trade, marketServiceWatchTrades } from "./api/index.js";
import { lines } from "./lines.js";

/** A client in place of the usual one, which waits for the end of the body: this one hands over the body. */
const streaming: Client = async ({ baseURL = "", url = "", headers = {} }) => {
  const response = await fetch(baseURL + url, { headers });
  const { body, status, statusText } = response;
  return { data: body as never, status, statusText, headers: response.headers };
};

export async function* read(baseURL: string): AsyncGenerator<MarketV1Trade> {
  const headers = { Accept: "application/jsonl" };
  const body: unknown = await marketServiceWatchTrades("AAPL", undefined, undefined, {
    baseURL,
    headers,
    client: streaming,
  });
  for await (const line of lines(body as ReadableStream<Uint8Array>)) {
    yield JSON.parse(line);
  }
}
