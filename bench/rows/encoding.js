// @ts-check
/**
 * Encoding of messages as events: the CPU time for each event of a trade, from the message of protobuf-es to the text
 * of its frame.
 *
 * Both write the same text, which is compared: an `id:` line, and the ProtoJSON in a `data:` line. The peer calls
 * `toJsonString` of protobuf-es and knows the field of the id. The messages exist before. Two rounds warm up.
 */
import { cpuOfSync } from "../measure.js";
import { load } from "../runtime.js";
import { trade } from "../trades.js";

const { SseEncoder, TradeSchema, fromJson, toJsonString } = await load(`
  export { SseEncoder } from "./templates/typescript/server/stream/sse-encoder.ts";
  export { TradeSchema } from "./test/gen/market/v1/market_pb.ts";
  export { fromJson, toJsonString } from "@bufbuild/protobuf";
`);

const EVENTS = 30_000;
const messages = Array.from({ length: EVENTS }, (_, i) => fromJson(TradeSchema, trade(i)));
const encoder = new SseEncoder(TradeSchema, { id: "sequence" }, 0, {});

const encodeOurs = (/** @type {any} */ message) => encoder.encode(message, undefined).text;
const encodeTheirs = (/** @type {any} */ message) =>
  `id: ${message.sequence}\ndata: ${toJsonString(TradeSchema, message)}\n\n`;
for (const message of messages) {
  const [ours, theirs] = [encodeOurs(message), encodeTheirs(message)];
  if (ours !== theirs) {
    throw new Error(`ours ${ours}, theirs ${theirs}`);
  }
}

/** @param {(message: unknown) => string} encode */
const subject = (encode) => () => {
  let length = 0;
  const time = cpuOfSync(() => {
    for (const message of messages) {
      length += encode(message).length;
    }
  });
  return { time: (time * 1000) / EVENTS, length };
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: encoding of messages",
  packages: ["@bufbuild/protobuf"],
  rows: [
    {
      name: "a trade of 147 bytes",
      figures: { time: { unit: "ns/event", ratio: { toJsonString: 0.71 } } },
      subjects: { ours: subject(encodeOurs), toJsonString: subject(encodeTheirs) },
    },
  ],
};
