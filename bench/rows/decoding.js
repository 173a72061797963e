// @ts-check
/**
 * Decoding of event streams, from bytes to events: the CPU time for each event, beside eventsource-parser.
 *
 * Both get the same chunks of bytes and call back for each event, with the same fields; what they report is compared
 * before anything is measured. eventsource-parser takes text, so a streaming `TextDecoder` feeds it, as its own
 * `EventSourceParserStream` needs. Ours decodes the bytes itself and holds each event to a limit of bytes, which is
 * more work. Neither parses the data. Two rounds of each row warm up.
 */
import { createParser } from "eventsource-parser";
import { cpuOfSync } from "../measure.js";
import { load } from "../runtime.js";
import { cut, trade } from "../trades.js";

const { createSseDecoder } = await load('export * from "./templates/typescript/client/stream/sse-decoder.ts"');

const KIB = 1024;
const MAX_EVENT_BYTES = 16 * KIB * KIB;
const event = (/** @type {number} */ i) => `data: ${JSON.stringify(trade(i))}\n\n`;

/** @param {number} count @param {(i: number) => string} write */
const repeat = (count, write) => Array.from({ length: count }, (_, i) => write(i));
const large = `data: {"text":"${"x".repeat(4 * KIB * KIB)}"}\n\n`;

/** @type {[name: string, events: string[], chunk: number | "event"][]} */
const streams = [
  ["chunks of 64 KiB", repeat(100_000, event), 64 * KIB],
  ["chunks of 16 KiB", repeat(100_000, event), 16 * KIB],
  ["chunks of 1 KiB", repeat(100_000, event), KIB],
  ["one event a chunk", repeat(50_000, event), "event"],
  ["small events, 64 KiB", repeat(200_000, (i) => `data: ${i % 1000}\n\n`), 64 * KIB],
  ["small events, one a chunk", repeat(100_000, (i) => `data: ${i % 1000}\n\n`), "event"],
  ["id, event and data, 64 KiB", repeat(100_000, (i) => `id: ${i}\nevent: trade\n${event(i)}`), 64 * KIB],
  ["CRLF, 64 KiB", repeat(100_000, (i) => event(i).replaceAll("\n", "\r\n")), 64 * KIB],
  ["CR, 64 KiB", repeat(100_000, (i) => event(i).replaceAll("\n", "\r")), 64 * KIB],
  ["one line in 1,000 ends with CR, 64 KiB", repeat(100_000, (i) => (i % 500 ? "" : ":\r") + event(i)), 64 * KIB],
  ["a comment before each event, 64 KiB", repeat(100_000, (i) => `: ping\n${event(i)}`), 64 * KIB],
  ["non-ASCII text, 64 KiB", repeat(100_000, (i) => `data: {"text":"価格は${i}円です。Größe €"}\n\n`), 64 * KIB],
  ["events of 4 MiB, 16 KiB", repeat(8, () => large), 16 * KIB],
];

/** What a reader does with events: enough that none of it can be left out, and the same for both. */
function createSum() {
  return { events: 0, characters: 0, names: 0, ids: 0 };
}

/** @param {Uint8Array[]} chunks */
function decodeOurs(chunks) {
  const sum = createSum();
  const push = createSseDecoder((/** @type {any} */ found) => {
    if (found.mark === undefined) {
      sum.events++;
      sum.characters += found.data.length;
      sum.names += found.event === "message" ? 0 : found.event.length;
      sum.ids += found.id?.length ?? 0;
    }
  }, MAX_EVENT_BYTES);
  for (const chunk of chunks) {
    push(chunk);
  }
  push(undefined);
  return sum;
}

/** @param {Uint8Array[]} chunks */
function decodeTheirs(chunks) {
  const sum = createSum();
  const parser = createParser({
    onEvent({ data, event, id }) {
      sum.events++;
      sum.characters += data.length;
      sum.names += event?.length ?? 0;
      sum.ids += id?.length ?? 0;
    },
  });
  const utf8 = new TextDecoder();
  for (const chunk of chunks) {
    parser.feed(utf8.decode(chunk, { stream: true }));
  }
  parser.feed(utf8.decode());
  return sum;
}

/** @param {typeof streams[number]} stream @returns {import("../harness.js").Row} */
function row([name, events, size]) {
  const chunks = cut(events, size);
  const [ours, theirs] = [decodeOurs(chunks), decodeTheirs(chunks)];
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
    throw new Error(`${name}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`);
  }
  /** @param {(chunks: Uint8Array[]) => unknown} decode */
  const subject = (decode) => () => ({ time: (cpuOfSync(() => decode(chunks)) * 1000) / ours.events });
  return {
    name,
    figures: { time: { unit: "ns/event", ratio: { "eventsource-parser": 1 } } },
    subjects: { ours: subject(decodeOurs), "eventsource-parser": subject(decodeTheirs) },
  };
}

/** @type {import("../harness.js").Bench} */
export default {
  title: "Client: decoding of event streams",
  packages: ["eventsource-parser"],
  rows: streams.map(row),
  goals: (results) => [
    {
      name: `0.7 or less in at least 9 of ${results.length} rows`,
      reached: results.filter(({ ratio }) => ratio !== undefined && ratio.median <= 0.7).length >= 9,
    },
  ],
};
