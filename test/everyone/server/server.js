// Stands in for server.ts of the guide: trades that a restarted server still knows, as one with a database does.
import { createMarketService } from "./gen/market/v1/market_server.js";
import { Code, createServer, StatusError } from "./gen/sse/runtime/server.js";

const HOUR = 3_600_000;
/** The trades of one response. After them it is silent, so that 1,000 trades take at least eleven responses. */
const PER_RESPONSE = 99;

function known(symbol) {
  if (symbol === "NONE") {
    throw new StatusError(Code.NotFound, `no such symbol: "${symbol}"`);
  }
  return symbol;
}

export const server = createServer({
  services: [
    createMarketService({
      getQuote: ({ symbol }) => ({ symbol: known(symbol), price: 187.5 }),

      async *watchTrades({ symbol }, { lastEventId, sleep }) {
        known(symbol);
        const after = Number(lastEventId ?? 0);
        for (let sequence = after + 1; sequence <= after + PER_RESPONSE; sequence++) {
          // Numbers of 64 bits, beyond those that JSON keeps.
          const timeMs = 2n ** 60n + BigInt(sequence);
          yield { sequence: BigInt(sequence), symbol, price: sequence + 0.5, size: 100, timeMs };
          // Some trades arrive together.
          if (sequence % 7 < 3) {
            await sleep(1);
          }
        }
        await sleep(HOUR);
      },

      async *ask({ question }, { sleep }) {
        yield { event: { case: "toolCall", value: { name: "lookup" } } };
        const words = question.split(" ");
        for (const text of words) {
          await sleep(1);
          yield { event: { case: "delta", value: { text } } };
        }
        yield { event: { case: "done", value: { deltas: words.length } } };
      },
    }),
  ],
  cors: { origins: "*" },
});
