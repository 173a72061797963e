import { fromJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ParamsSchema } from "../../../../test/gen/vectors/v1/http_rule_pb.js";
import type { JsonValue } from "../../shared/json.js";
import { fieldPath } from "./field-path.js";

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
  ["any.@type", { any: { "@type": "type.googleapis.com/none.Such" } }],
  ["rString[0]", { unknown: 1, rString: [null] }],
  ["", []],
  ["", null],
  ["", "text"],
  // Two that cannot be together: neither is to blame.
  ["", { cString: "a", cInt32: 1 }],
])("%j is where the error is", (path, json) => {
  expect(() => fromJson(ParamsSchema, json, options)).toThrow();
  expect(fieldPath(ParamsSchema, json, options)).toBe(path);
});
