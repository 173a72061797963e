// @ts-check
/**
 * A client of `messages=json` reads trades of 147 bytes each: the CPU time for each event, from `fetch` to the loop of
 * the caller.
 *
 * Every subject gets a `Response` with the same chunks from a `fetch` in this process, and the caller's loop sums the
 * prices, which are compared. The peers read with what their users write: hey-api the client that it generates,
 * openai-node its `Stream`, eventsource-parser an async generator around the parser, or callbacks where no loop waits.
 * `JSON.parse` alone parses the data of the same events, already cut out and decoded: no reader can cost less. Ours
 * also watches for heartbeats and a cut body, commits ids and bounds the size of events, which the others do not.
 * Two rounds of each row warm up.
 */
import { createParser } from "eventsource-parser";
import { Stream } from "openai/core/streaming";
import { cpuOf } from "../measure.js";
import { load } from "../runtime.js";
import { respond, tradeStream } from "../trades.js";

const { MarketServiceClient, createSseClient } = await load(`
  export { MarketServiceClient } from "./templates/typescript/testing/market-json-client.ts";
  export { createSseClient } from "./bench/node_modules/@hey-api/openapi-ts/dist/clients/core/serverSentEvents.ts";
`);

const KIB = 1024;

/** @typedef {{ price: number }} Trade */
/** @typedef {(chunks: Uint8Array[]) => AsyncIterable<Trade>} Reader */

/** @param {Uint8Array[]} chunks */
const ours = (chunks) =>
  new MarketServiceClient({ baseUrl: "http://localhost", fetch: async () => respond(chunks) }).watchTrades({
    symbol: "AAPL",
  });

/** @type {Record<string, Reader>} */
const readers = {
  ours,
  "hey-api": (chunks) => createSseClient({ url: "http://localhost/v1", fetch: async () => respond(chunks) }).stream,
  "openai-node": (chunks) => Stream.fromSSEResponse(respond(chunks), new AbortController()),
  async *"eventsource-parser"(chunks) {
    const queue = /** @type {Trade[]} */ ([]);
    const parser = createParser({ onEvent: ({ data }) => void queue.push(JSON.parse(data)) });
    const utf8 = new TextDecoder();
    for await (const chunk of respond(chunks).body ?? []) {
      parser.feed(utf8.decode(chunk, { stream: true }));
      yield* queue;
      queue.length = 0;
    }
  },
};

/** @param {Reader} read @returns {(stream: Stream) => Promise<number>} */
const loop =
  (read) =>
  async ({ chunks }) => {
    let sum = 0;
    for await (const { price } of read(chunks)) {
      sum += price;
    }
    return sum;
  };

/** @typedef {ReturnType<typeof tradeStream>} Stream */
/** @type {Record<string, (stream: Stream) => number | Promise<number>>} */
const inBatches = {
  async ours({ chunks }) {
    let sum = 0;
    for await (const trades of ours(chunks).batches()) {
      for (const { price } of trades) {
        sum += price;
      }
    }
    return sum;
  },
  "JSON.parse alone": parseAlone,
  async "eventsource-parser, callbacks"({ chunks }) {
    let sum = 0;
    const parser = createParser({
      onEvent({ data }) {
        sum += JSON.parse(data).price;
      },
    });
    const utf8 = new TextDecoder();
    for await (const chunk of respond(chunks).body ?? []) {
      parser.feed(utf8.decode(chunk, { stream: true }));
    }
    return sum;
  },
};

/** @param {Stream} stream */
function parseAlone({ data }) {
  let sum = 0;
  for (const text of data) {
    sum += JSON.parse(text).price;
  }
  return sum;
}

const inLoops = {
  ours: loop(ours),
  "JSON.parse alone": parseAlone,
  ...Object.fromEntries(
    Object.entries(readers)
      .slice(1)
      .map(([name, read]) => [name, loop(read)]),
  ),
};

/**
 * @param {string} name
 * @param {number} count
 * @param {number | "event"} size
 * @param {typeof inBatches} subjects
 * @param {Omit<import("../harness.js").Figure, "unit">} target
 * @returns {Promise<import("../harness.js").Row>}
 */
async function row(name, count, size, subjects, target) {
  const stream = tradeStream(count, size);
  const sums = await Promise.all(Object.values(subjects).map((read) => read(stream)));
  if (new Set(sums).size !== 1) {
    throw new Error(`${name}: the sums differ: ${sums.join(", ")}`);
  }
  return {
    name,
    figures: { time: { unit: "ns/event", ...target } },
    subjects: Object.fromEntries(
      Object.entries(subjects).map(([subject, read]) => [
        subject,
        async () => ({ time: ((await cpuOf(() => read(stream))) * 1000) / count }),
      ]),
    ),
  };
}

const ahead = { "hey-api": 1, "openai-node": 1, "eventsource-parser": 1 };

/** @type {import("../harness.js").Bench} */
export default {
  title: "Client: messages=json",
  packages: ["@hey-api/openapi-ts", "openai", "eventsource-parser"],
  rows: [
    await row("`for await`, chunks of 16 KiB", 50_000, 16 * KIB, inLoops, {
      ratio: { "JSON.parse alone": 2, ...ahead },
    }),
    await row("`batches()`, chunks of 16 KiB", 50_000, 16 * KIB, inBatches, { ratio: { "JSON.parse alone": 1.67 } }),
    await row("`for await`, one event a chunk", 10_000, "event", inLoops, { value: 4000 }),
  ],
};
