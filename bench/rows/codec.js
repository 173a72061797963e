// @ts-check
/**
 * The codec alone: JSON text to a message of protobuf-es and back, for messages of several shapes.
 *
 * Both read the same text, which is parsed within the measurement, and write the same message. Messages and texts are
 * compared first. V8 joins the parts of our text only when it is read, so the rows of writing also turn it into
 * UTF-8, as a server does; with less text that costs more than the codec. Two rounds warm up. Our worse rows are those
 * in which the engine does the work of both: a text with escapes, and integers of 64 bits.
 */

import { cpuOfSync } from "../measure.js";
import { compile } from "../plugins.js";
import { load } from "../runtime.js";

const { createFileRegistry, create, FileDescriptorSetSchema, ...codec } = await load(`
  export { decodeJson } from "./templates/typescript/shared/codec/decode-json.ts";
  export { encodeJson } from "./templates/typescript/shared/codec/encode-json.ts";
  export { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
  export { createFileRegistry, create, equals, fromJson, toJsonString } from "@bufbuild/protobuf";
`);
const file = compile(["bench/proto"], ["shapes/v1/shapes.proto"]);
const types = createFileRegistry(create(FileDescriptorSetSchema, { file }));

const trade = (/** @type {number} */ i) => ({
  symbol: `S${i % 100}`,
  price: 187.23 + i / 100,
  size: String(12345 + i),
  time: new Date(1.7e12 + i * 1001).toISOString().replace(".000", ""),
  conditions: ["@", "F"],
  side: i % 2 ? "SIDE_BUY" : "SIDE_SELL",
  ...(i % 3 ? { venue: "IEX" } : {}),
});
const address = { street: "1 Main Street", city: "Springfield" };

/** @type {Record<string, [type: string, json: object, times: number]>} */
const shapes = {
  "a trade": ["Trade", trade(1), 20_000],
  "nested messages": ["Order", { id: "7", account: { id: "8", address }, limit: { price: 1.5 }, last: trade(2) }, 8000],
  "1,000 trades in a list": ["History", { trades: Array.from({ length: 1000 }, (_, i) => trade(i)) }, 20],
  "a map of 100 doubles": [
    "Prices",
    { bySymbol: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`S${i}`, i * 1.1])) },
    1500,
  ],
  "a text of 1,000 characters with escapes": ["Note", { text: 'He said "hi",\n😀 '.repeat(62) }, 5000],
  "six integers of 64 bits": [
    "Counters",
    { a: "1234567890123456789", b: "-5", c: "98765432101234", d: "-1", e: "7", f: "42" },
    15_000,
  ],
  "a Struct": ["Call", { name: "search", arguments: { query: "shoes", limit: 5, tags: ["a", "b"] } }, 5000],
  "a trade with a number for its enum": ["Trade", { ...trade(1), side: 1 }, 8000],
};

/** @param {number} times @param {() => unknown} run */
const subject = (times, run) => () => {
  const time = cpuOfSync(() => {
    for (let i = 0; i < times; i++) {
      run();
    }
  });
  return { time: time / times };
};

const options = { ignoreUnknownFields: true };
const utf8 = new TextEncoder();

/** @type {import("../harness.js").Bench} */
export default {
  title: "Codec",
  packages: ["@bufbuild/protobuf"],
  rows: Object.entries(shapes).flatMap(([name, [type, json, times]]) => {
    const desc = types.getMessage(`shapes.v1.${type}`);
    const text = JSON.stringify(json);
    const message = codec.fromJson(desc, json, options);
    if (!codec.equals(desc, message, codec.decodeJson(desc, json, options))) {
      throw new Error(`${name}: the messages differ`);
    }
    if (codec.toJsonString(desc, message) !== codec.encodeJson(desc, message)) {
      throw new Error(`${name}: the texts differ`);
    }
    const unit = "µs";
    return [
      {
        name: `read ${name}`,
        figures: { time: { unit, ratio: { fromJson: 0.5 } } },
        subjects: {
          ours: subject(times, () => codec.decodeJson(desc, JSON.parse(text), options)),
          fromJson: subject(times, () => codec.fromJson(desc, JSON.parse(text), options)),
        },
      },
      {
        name: `write ${name}`,
        figures: { time: { unit, ratio: { toJsonString: 0.71 } } },
        subjects: {
          ours: subject(times, () => utf8.encode(codec.encodeJson(desc, message))),
          toJsonString: subject(times, () => utf8.encode(codec.toJsonString(desc, message))),
        },
      },
    ];
  }),
};
