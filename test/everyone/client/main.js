// What every client does, one line for each thing that it gets: `node client.js <url>`, or `run` in a page.
import { MarketServiceClient } from "./gen/market/v1/market_client.js";
import { handleEvents, StatusError } from "./gen/sse/runtime/client.js";

const print = (line) => console.log(line);

async function run(baseUrl) {
  const client = new MarketServiceClient({ baseUrl });

  const quote = await client.getQuote({ symbol: "BRK/B ü" });
  print(`quote ${quote.symbol} ${quote.price}`);

  await handleEvents(client.ask({ question: "Wie geht’s? 👋" }), {
    toolCall: ({ name }) => print(`tool ${name}`),
    delta: ({ text }) => print(`delta ${text}`),
    done: ({ deltas }) => print(`done ${deltas}`),
  });

  const symbol = "NONE";
  for (const call of [() => client.getQuote({ symbol }), () => client.watchTrades({ symbol }).next()]) {
    const error = await call().catch((thrown) => thrown);
    if (!(error instanceof StatusError)) {
      throw new Error(`no StatusError: ${error}`);
    }
    print(`error ${error.status} ${error.statusCode} ${error.message}`);
  }

  const trades = client.watchTrades(
    { symbol: "AAPL" },
    {
      reconnect: { initialDelayMs: 20, maxDelayMs: 20, maxAttempts: 3000 },
      onReconnect: ({ lastEventId }) => print(`lost ${lastEventId}`),
    },
  );
  for await (const { sequence, symbol, price, size, timeMs } of trades) {
    print(`trade ${sequence} ${symbol} ${price} ${size} ${timeMs}`);
    if (sequence === 1000n) {
      break;
    }
  }
}

if (globalThis.document) {
  globalThis.run = run;
} else {
  run(globalThis.process.argv[2]);
}
