/**
 * The server: `node dist/src/server.js [port]`. With the files of a certificate in `TLS_CERT` and `TLS_KEY` it speaks
 * HTTPS and HTTP/2.
 */
import { serve } from "srvx";
import { staticMiddleware } from "srvx/static";
import { createMarketService } from "../gen/market/v1/market_server.js";
import { createQuoteService } from "../gen/market/v1/quotes_server.js";
import { Code, createServer, StatusError } from "../gen/sse/runtime/server.js";
import { serveDocuments } from "./documents.js";
import { lastSequence, quote, symbols, trades } from "./exchange.js";

const [port = "3000"] = process.argv.slice(2);
const { TLS_CERT: cert, TLS_KEY: key } = process.env;

const MAX_HISTORY = 10_000;

const market = createMarketService({
  getQuote: ({ symbol }) => quote(known(symbol)),

  async *watchTrades({ symbol, minSize, history }, { lastEventId, sleep }) {
    const last = lastSequence();
    const after = lastEventId === undefined ? last - Math.min(Math.max(history, 0), MAX_HISTORY) : Number(lastEventId);
    if (after > last) {
      throw new StatusError(Code.OutOfRange, `trade ${after} is not from this exchange, whose last one is ${last}`);
    }
    for await (const trade of trades(known(symbol), after, sleep)) {
      if (trade.size >= minSize) {
        yield trade;
      }
    }
  },

  async *ask({ question }, { sleep }) {
    const symbol = /[A-Z]{2,}/.exec(question)?.[0] ?? "AAPL";
    yield { event: { case: "toolCall", value: { name: `price of ${symbol}` } } };
    const words = `${symbol} trades at $${quote(known(symbol)).price}.`.split(/(?<= )/);
    for (const text of words) {
      await sleep(100);
      yield { event: { case: "delta", value: { text } } };
    }
    yield { event: { case: "done", value: { deltas: words.length } } };
  },
});

const quotes = createQuoteService({
  async *watchQuotes(_request, { sleep }) {
    for (;;) {
      yield { quotes: symbols.map(quote) };
      await sleep(500);
    }
  },
});

function known(symbol: string): string {
  if (!symbols.includes(symbol)) {
    throw new StatusError(Code.NotFound, `no such symbol: "${symbol}"`);
  }
  return symbol;
}

const api = createServer({ services: [market, quotes] });

const server = serve({
  // The page, once `npm run build` has made it; the documents; the methods of the services.
  middleware: [staticMiddleware({ dir: new URL("../web/", import.meta.url).pathname })],
  fetch: async (request) => (await serveDocuments(request)) ?? api.fetch(request),
  port: Number(port),
  hostname: "127.0.0.1",
  ...(cert && key && { tls: { cert, key } }),
  silent: true,
  gracefulShutdown: false,
});
await server.ready();
console.log(server.url);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await api.drain({ graceMs: 2_000 }); // ends the streams: clients resume at the next server
    process.exit(); // server.close() would wait for browsers to close their connections of HTTP/2
  });
}
