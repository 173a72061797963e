// @ts-check
/**
 * A client of `messages=es` reads trades of 147 bytes each: the CPU time for each event, from `fetch` to the loop of
 * the caller.
 *
 * Ours gets a `Response` in chunks of 16 KiB from a `fetch` in this process and does all that a client does. The peer
 * has less work: a loop over the data of the same events, already cut out and decoded, that calls `JSON.parse` and
 * `fromJson` of protobuf-es. The prices are summed and compared. Two rounds of each row warm up.
 */
import { cpuOf } from "../measure.js";
import { load } from "../runtime.js";
import { respond, tradeStream } from "../trades.js";

const { MarketServiceClient, TradeSchema, fromJson } = await load(`
  export { MarketServiceClient } from "./templates/typescript/testing/market-client.ts";
  export { TradeSchema } from "./test/gen/market/v1/market_pb.ts";
  export { fromJson } from "@bufbuild/protobuf";
`);

const EVENTS = 30_000;
const { chunks, data } = tradeStream(EVENTS, 16 * 1024);
const open = () =>
  new MarketServiceClient({ baseUrl: "http://localhost", fetch: async () => respond(chunks) }).watchTrades({
    symbol: "AAPL",
  });

async function loop() {
  let sum = 0;
  for await (const { price } of open()) {
    sum += price;
  }
  return sum;
}

async function batches() {
  let sum = 0;
  for await (const trades of open().batches()) {
    for (const { price } of trades) {
      sum += price;
    }
  }
  return sum;
}

function decodeAlone() {
  let sum = 0;
  for (const text of data) {
    sum += fromJson(TradeSchema, JSON.parse(text), { ignoreUnknownFields: true }).price;
  }
  return sum;
}

const sums = [await loop(), await batches(), decodeAlone()];
if (new Set(sums).size !== 1) {
  throw new Error(`the sums differ: ${sums.join(", ")}`);
}

/** @param {() => unknown} run */
const subject = (run) => async () => ({ time: ((await cpuOf(run)) * 1000) / EVENTS });

/** @type {import("../harness.js").Bench} */
export default {
  title: "Client: messages=es",
  packages: ["@bufbuild/protobuf"],
  rows: Object.entries({ "`for await`": loop, "`batches()`": batches }).map(([name, run]) => ({
    name: `${name}, chunks of 16 KiB`,
    figures: { time: { unit: "ns/event", ratio: { "fromJson alone": 0.5 } } },
    subjects: { ours: subject(run), "fromJson alone": subject(decodeAlone) },
  })),
};
