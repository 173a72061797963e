import {
  createFileRegistry,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonReadOptions,
  type JsonWriteOptions,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeJson } from "../../templates/typescript/shared/codec/decode-json.js";
import { encodeJson } from "../../templates/typescript/shared/codec/encode-json.js";
import { countJsonWork } from "../../templates/typescript/testing/json-work.js";
import { loadDescriptors } from "./descriptors.js";
import { compareCodec } from "./differential.js";

/** A run compares a message and a JSON of each type. Set the variable to search longer. */
const RUNS = Number(process.env["CODEC_RUNS"] ?? 150);

let files: FileDescriptorSet;
beforeAll(() => {
  files = loadDescriptors();
});

function typeOf(name: string): DescMessage {
  const desc = createFileRegistry(files).getMessage(name);
  if (!desc) {
    throw new Error(`no message ${name}`);
  }
  return desc;
}

test("reads, writes and refuses what protobuf-es does", () => {
  const { encode, decode } = compareCodec(toBinary(FileDescriptorSetSchema, files), RUNS);
  // Input that is always taken, or always refused, proves little.
  for (const { equal, refused } of [encode, decode]) {
    expect(equal).toBeGreaterThan(20 * RUNS);
    expect(refused).toBeGreaterThan(2 * RUNS);
  }
});

/** Options that count how often protobuf-es is asked: it copies them, and the codec does not. */
function countingOptions() {
  const options: Partial<JsonReadOptions & JsonWriteOptions> = { ignoreUnknownFields: true };
  const counter = { asked: 0, options };
  const get = () => {
    counter.asked++;
    return undefined;
  };
  Object.defineProperty(counter.options, "prettySpaces", { get, enumerable: true });
  return counter;
}

describe("protobuf-es is asked", () => {
  const scalars = {
    doubleValue: 1.5,
    floatValue: 0.5,
    int32Value: -1,
    int64Value: "-9223372036854775808",
    uint64Value: "18446744073709551615",
    boolValue: true,
    stringValue: 'grüße "😀"',
    bytesValue: "AQID",
    side: "SIDE_SELL",
    textInt64: "9223372036854775807",
  };

  test.each<[string, JsonObject]>([
    ["codec.v3.Scalars", scalars],
    ["codec.v3.Optionals", { doubleValue: 0, stringValue: "", side: "SIDE_UNSPECIFIED", scalars }],
    [
      "codec.v3.Lists",
      { doubles: [1, 2.5], int64s: ["1"], strings: ["a", ""], sides: ["SIDE_SELL"], optionals: [{ scalars }, {}] },
    ],
    [
      "codec.v3.Maps",
      { byString: { a: 1 }, byInt64: { "-7": "8" }, bySint64: { "0": { scalars } }, byBool: { true: "1" } },
    ],
    ["codec.v3.Oneofs", { message: { scalars }, text: "" }],
    ["codec.v3.WellKnown", { empty: {}, timestamp: "2024-02-29T23:59:59.120Z", int64Wrapper: "5", wrappers: ["6"] }],
    ["codec.v3.WellKnown", { struct: { a: 1, b: ["c", null, { d: true }], "": {} } }],
    [
      "codec.v2.Defaults",
      { int32Value: 0, level: "LEVEL_LOW", inner: { text: "a", item: [{ number: 1 }] }, name: "b" },
    ],
    [
      "codec.v2023.Mixed",
      { explicit: "", required: "1", closed: "CLOSED_ONE", delimited: { required: "2" }, text: "c" },
    ],
  ])("never for a %s as ProtoJSON writes it", (name, json) => {
    const desc = typeOf(name);
    const counter = countingOptions();
    const message = decodeJson(desc, json, counter.options);
    const text = encodeJson(desc, message, counter.options);
    expect(counter.asked).toBe(0);
    expect(message).toEqual(fromJson(desc, json));
    expect(JSON.parse(text)).toEqual(json);
  });

  test("for one field that is spelled otherwise", () => {
    const desc = typeOf("codec.v3.Lists");
    const counter = countingOptions();
    const json = {
      optionals: [
        { side: "SIDE_BUY", scalars },
        { side: 1000, scalars },
      ],
      text_int64s: ["1"],
    };
    expect(decodeJson(desc, json, counter.options)).toEqual(fromJson(desc, json));
    expect(counter.asked).toBe(1);
  });

  test("never for the number of an enum's value", () => {
    const desc = typeOf("codec.v3.Scalars");
    const counter = countingOptions();
    expect(decodeJson(desc, { side: 1 }, counter.options)).toEqual(fromJson(desc, { side: 1 }));
    expect(counter.asked).toBe(0);
  });

  test("for a Struct near the limit of levels", () => {
    const desc = typeOf("codec.v3.WellKnown");
    const nest = (levels: number): JsonObject => (levels === 0 ? {} : { a: nest(levels - 1) });
    const readAt = (levels: number) => {
      const counter = countingOptions();
      const json = { struct: nest(levels) };
      expect(decodeJson(desc, json, Object.assign(counter.options, { recursionLimit: 20 }))).toEqual(
        fromJson(desc, json),
      );
      return counter.asked;
    };
    expect([readAt(10), readAt(18)]).toEqual([0, 1]);
  });

  test("for one field with a JSON of its own", () => {
    const desc = typeOf("codec.v3.WellKnown");
    const counter = countingOptions();
    const message = fromJson(desc, { duration: "1.5s", timestamp: "2024-01-01T00:00:00Z" });
    expect(encodeJson(desc, message, counter.options)).toBe(JSON.stringify(toJson(desc, message)));
    expect(counter.asked).toBe(1);
  });
});

test("the work is linear, however deep messages nest that are spelled otherwise", () => {
  const desc = typeOf("codec.v3.Deep");
  const nest = (depth: number): JsonObject =>
    depth === 0 ? {} : { list: [nest(depth - 1)], time: "2024-01-01T00:00:00+01:00", value: { a: 1 }, leaf: "a" };
  const workOf = (json: JsonObject) => countJsonWork(() => decodeJson(desc, json));
  expect(workOf(nest(40))).toBeLessThan(2.2 * workOf(nest(20)));
  const wrong = (depth: number): JsonObject =>
    depth === 0 ? { leaf: 1 } : { list: [wrong(depth - 1)], time: "2024-01-01T00:00:00+01:00" };
  const refused = (json: JsonObject) =>
    countJsonWork(() => expect(() => decodeJson(desc, json)).toThrow("expected string"));
  expect(refused(wrong(40))).toBeLessThan(2.2 * refused(wrong(20)));
});
