/** The server: `node dist/src/server.js [port] [milliseconds since the epoch when the exchange opened]`. */
import { serve } from "srvx";
import { createMarketService } from "../gen/market/v1/market_server.js";
import { Code, createServer, StatusError } from "../gen/sse/runtime/server.js";
import { serveDocuments } from "./documents.js";
import { Exchange } from "./exchange.js";

const [port = "0", opened = String(Date.now())] = process.argv.slice(2);
const exchange = new Exchange(Number(opened));

const market = createServer({
  services: [
    createMarketService({
      getQuote({ symbol }) {
        return { symbol, price: exchange.price(symbol) };
      },

      async *watchTrades({ symbol, minSize }, context) {
        if (!/^[A-Z]+$/.test(symbol)) {
          throw new StatusError(Code.NotFound, `no such symbol: "${symbol}"`);
        }
        const after = Number(context.lastEventId ?? exchange.last);
        for await (const trade of exchange.trades(symbol, after, context.sleep)) {
          if (trade.size >= minSize) {
            yield trade;
          }
        }
      },

      async *ask({ question }, context) {
        const symbol = /[A-Z]{2,}/.exec(question)?.[0] ?? "AAPL";
        yield { event: { case: "toolCall", value: { name: `price of ${symbol}` } } };
        const words = `${symbol} trades at $${exchange.price(symbol)}.`.split(/(?<= )/);
        for (const text of words) {
          await context.sleep(100);
          yield { event: { case: "delta", value: { text } } };
        }
        yield { event: { case: "done", value: { deltas: words.length } } };
      },
    }),
  ],
});

/** The methods of the exchange, and beside them its documents. */
async function fetch(request: Request): Promise<Response> {
  return (await serveDocuments(request)) ?? market.fetch(request);
}

const server = serve({ fetch, port: Number(port), hostname: "127.0.0.1", silent: true });
await server.ready();
console.log(server.url);
