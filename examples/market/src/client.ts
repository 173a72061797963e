/** A client for the terminal: `node dist/src/client.js <url> [symbol] [number of trades to watch]`. */
import { MarketServiceClient } from "../gen/market/v1/market_client.js";
import { handleEvents } from "../gen/sse/runtime/client.js";

const [baseUrl = "http://127.0.0.1:3000", symbol = "AAPL", count = "80"] = process.argv.slice(2);
const client = new MarketServiceClient({ baseUrl });

const quote = await client.getQuote({ symbol });
console.log(`quote    ${quote.symbol} $${quote.price}`);

let answer = "";
await handleEvents(client.ask({ question: `How is ${symbol}?` }), {
  toolCall: ({ name }) => console.log(`tool     ${name}`),
  delta({ text }) {
    answer += text;
    console.log(`delta    ${JSON.stringify(text)}`);
  },
  done: ({ deltas }) => console.log(`answer   ${answer} (${deltas} deltas)`),
});

let reconnects = 0;
let seen = 0;
let first = 0n;
let last = 0n;
let wrong = 0;
const trades = client.watchTrades(
  { symbol },
  {
    onReconnect: ({ delayMs }) => {
      reconnects++;
      console.log(`         connection lost after trade ${last}, reconnecting in ${Math.round(delayMs)} ms`);
    },
  },
);
for await (const trade of trades) {
  if (seen === 0) {
    first = trade.sequence;
  } else if (trade.sequence !== last + 1n) {
    wrong++; // lost, or repeated
  }
  last = trade.sequence;
  seen++;
  console.log(`trade    ${trade.sequence} ${trade.symbol} ${trade.size} at $${trade.price}`);
  if (seen === Number(count)) {
    break; // closes the connection
  }
}

const verdict = wrong === 0 ? "none lost, none repeated" : `${wrong} LOST OR REPEATED`;
console.log(`summary  ${seen} trades, ${first} to ${last}: ${verdict}, ${reconnects} attempts to reconnect`);
process.exitCode = wrong === 0 ? 0 : 1;
