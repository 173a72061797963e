import { fromJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ParamsSchema } from "../../../test/gen/vectors/v1/http_rule_pb.js";
import { countJsonWork } from "../testing/json-work.js";
import type { JsonObject, JsonValue } from "./json.js";
import { findJsonError } from "./json-error.js";

const options = { ignoreUnknownFields: true };

test.each<[string, JsonValue]>([
  ["fInt32", { fInt32: "x" }],
  ["f_int32", { f_int32: 1.5 }],
  ["rInt32[2]", { rInt32: [1, 2, "x", "y"] }],
  ["rInt32", { rInt32: {} }],
  ["nested", { nested: [] }],
  ["nested.amount", { fInt32: 1, nested: { name: "n", amount: true } }],
  ["nested.inner.inner.tags[1]", { nested: { amount: 1, inner: { amount: 2, inner: { tags: ["a", 5] } } } }],
  ["rNested[1].on", { rNested: [{}, { on: "yes" }] }],
  ['mNested["a.b"].inner.amount', { mNested: { ok: {}, "a.b": { inner: { amount: {} } } } }],
  ['mInt32["x"]', { mInt32: { 1: true, x: true } }],
  ["mString", { mString: [] }],
  ["ts", { ts: "yesterday" }],
  ["rTs[0]", { rTs: [5] }],
  ["any", { any: { "@type": "type.googleapis.com/none.Such" } }],
  ["rString[0]", { unknown: 1, rString: [null] }],
  ["", []],
  ["", null],
  ["", "text"],
  // Two that cannot be together: neither is to blame.
  ["", { cString: "a", cInt32: 1 }],
  // A field that is set twice: no value of it is wrong.
  ["", { fInt32: 1, f_int32: 2 }],
  ['mNested["b"]', { mNested: { a: {}, b: null } }],
  ["rNested[1].inner.inner.tags[3]", { rNested: [{}, { inner: { inner: { tags: ["a", "b", "c", 1, "d", 2] } } }] }],
])("%j is where the error is", (path, json) => {
  expect(() => fromJson(ParamsSchema, json, options)).toThrow();
  expect(find(json)?.path ?? "").toBe(path);
});

function find(json: JsonValue) {
  try {
    fromJson(ParamsSchema, json, options);
    return undefined;
  } catch (error) {
    return findJsonError(ParamsSchema, json, error, options, (_, key) => key);
  }
}

/** `leaf` within messages that nest `depth` deep. */
function nest(depth: number, leaf: JsonObject): JsonObject {
  return { nested: Array.from({ length: depth }).reduce<JsonObject>((inner) => ({ inner }), leaf) };
}

const many = <T>(length: number, item: (index: number) => T): T[] => Array.from({ length }, (_, index) => item(index));

describe("a refused body of 64 KiB costs at most twice an accepted one", () => {
  test.each<[string, (last: JsonValue) => JsonValue]>([
    [
      "nested 90 deep, with a list in the innermost message",
      (last) => nest(89, { tags: [...many(16_000, () => "a"), last] }),
    ],
    [
      "nested 90 deep, with a list of another type before it",
      (last) => ({ rInt32: many(20_000, () => 1), ...nest(89, { name: last }) }),
    ],
    ["a list of scalars", (last) => ({ rString: [...many(16_000, () => "a"), last] })],
    ["a list of messages", (last) => ({ rNested: [...many(4000, () => ({ amount: 1, name: "a" })), { name: last }] })],
    ["a map of scalars", (last) => ({ mString: { ...many(6000, () => "a"), last } })],
    [
      "a map of messages",
      (last) => ({ mNested: { ...many(4000, () => ({ amount: 1, name: "a" })), last: { name: last } } }),
    ],
    ["many times", (last) => ({ rTs: many(2500, () => "2026-01-01T00:00:00Z"), fString: last })],
  ])("%s", (_, body) => {
    const [good, bad] = [JSON.stringify(body("a")), JSON.stringify(body(1))];
    const accepted = countJsonWork(() => fromJson(ParamsSchema, JSON.parse(good), options));
    const refused = countJsonWork(() => expect(find(JSON.parse(bad))).toBeDefined());
    expect(accepted).toBeGreaterThan(2500);
    expect(refused / accepted).toBeLessThanOrEqual(2);
  });
});
