import { createServer, type Server, type ServerOptions } from "../server.js";
import { createMarketService, type MarketServiceHandlers } from "./market-service.js";
import { type Served, serve } from "./serve.js";

/** What stands before the events of every stream, unless its method or server says otherwise. */
export const opening = ":sse/1 heartbeat=15000 end\n";

/** The path of a stream of trades. */
export const watch = "/v1/trades/AAPL:watch";

export type MarketOptions = Omit<ServerOptions, "services">;

/** A server of the market service with some of its handlers. */
export function createMarketServer(handlers: Partial<MarketServiceHandlers>, options: MarketOptions = {}): Server {
  return createServer({ services: [createMarketService(handlers, { unimplemented: "501" })], ...options });
}

/** The same behind a socket, until the test ends. */
export async function startMarketServer(
  handlers: Partial<MarketServiceHandlers>,
  options: MarketOptions = {},
  protocol: "http/1.1" | "h2" = "http/1.1",
): Promise<Served & { readonly server: Server }> {
  const server = createMarketServer(handlers, options);
  return { ...(await serve(server, protocol)), server };
}

/** Gets a stream to its end. */
export async function getStream(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ readonly response: Response; readonly text: string }> {
  const response = await fetch(url, { headers: { Accept: "text/event-stream", ...headers } });
  return { response, text: await response.text() };
}

/** Asks the market service's question. */
export function postAsk(url: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/ask`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
}
