import { createRegistry, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryMessage } from "../../../../test/arbitrary-message.js";
import { validateProto } from "../../../annotations/testing/validate-proto.js";
import type { Options } from "../../../options.js";
import { Problems } from "../../../problems.js";
import { openApiDocument } from "../document/document.js";
import type { Schema } from "../objects.js";
import { type Compiled, compileFiles, defaultOptions } from "../testing/compile.js";
import { createChecker } from "../testing/schema-checker.js";

const R = "(buf.validate.field)";
/** A field, what its schema says, JSON that fits, and JSON that does not. Both halves are asked of protovalidate, too. */
type Case = readonly [field: string, schema: Schema, fitting: readonly JsonValue[], wrong: readonly JsonValue[]];

const text = { type: "string" } as const;
const int32 = { type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 } as const;
const int64 = { type: "string", format: "int64", pattern: "^-?(?:0|[1-9][0-9]{0,18})$" } as const;
const bytes = { type: "string", format: "byte", contentEncoding: "base64" } as const;

const cases: readonly Case[] = [
  // strings
  [`string f = 1 [${R}.string.len = 2]`, { ...text, minLength: 2, maxLength: 2 }, ["ab", "😀é"], ["a", "abc"]],
  [
    `string f = 1 [${R}.string = {min_len: 2, max_len: 3}]`,
    { ...text, minLength: 2, maxLength: 3 },
    ["ab", "abc"],
    ["a", "abcd"],
  ],
  [`string f = 1 [${R}.string.pattern = "^[a-z]+$"]`, { ...text, pattern: "^[a-z]+$" }, ["a", "abc"], ["A", "a1"]],
  [`string f = 1 [${R}.string.prefix = "a.b"]`, { ...text, pattern: "^a\\.b" }, ["a.b", "a.bc"], ["axb", "xa.b"]],
  [`string f = 1 [${R}.string.suffix = "$"]`, { ...text, pattern: "\\$$" }, ["a$"], ["$a"]],
  [`string f = 1 [${R}.string.contains = "b"]`, { ...text, pattern: "b" }, ["abc"], ["ac"]],
  [`string f = 1 [${R}.string.not_contains = "b"]`, { ...text, not: { pattern: "b" } }, ["ac"], ["abc"]],
  [
    `string f = 1 [${R}.string = {prefix: "a", suffix: "z", contains: "-", pattern: "[0-9]", not_contains: "x", not_in: ["a-1z"]}]`,
    {
      ...text,
      not: { enum: ["a-1z"] },
      pattern: "[0-9]",
      allOf: [{ pattern: "^a" }, { pattern: "z$" }, { pattern: "-" }, { not: { pattern: "x" } }],
    },
    ["a-2z"],
    ["a-1z", "-2z", "a-2", "a-z", "a-2xz", "a2z"],
  ],
  [`string f = 1 [${R}.string.const = "a"]`, { ...text, const: "a" }, ["a"], ["b"]],
  [`string f = 1 [${R}.string = {in: ["a", "b"]}]`, { ...text, enum: ["a", "b"] }, ["a", "b"], ["c"]],
  [`string f = 1 [${R}.string = {not_in: ["a"]}]`, { ...text, not: { enum: ["a"] } }, ["b"], ["a"]],
  [`string f = 1 [${R}.string.email = true]`, { ...text, format: "email" }, ["a@example.com"], ["a"]],
  [`string f = 1 [${R}.string.email = false]`, text, ["a@example.com", "a"], []],
  [`string f = 1 [${R}.string.hostname = true]`, { ...text, format: "hostname" }, ["example.com"], ["a b"]],
  [`string f = 1 [${R}.string.uri = true]`, { ...text, format: "uri" }, ["https://example.com/a"], ["a b"]],
  [`string f = 1 [${R}.string.uri_ref = true]`, { ...text, format: "uri-reference" }, ["/a?b"], ["a b"]],
  [
    `string f = 1 [${R}.string.uuid = true]`,
    { ...text, format: "uuid" },
    ["0b7e8a1e-8f9d-4c55-a4e5-d0c2e6a6ab35"],
    ["0b7e8a1e8f9d4c55a4e5d0c2e6a6ab35"],
  ],
  [
    `string f = 1 [${R}.string.tuuid = true]`,
    { ...text, pattern: "^[0-9a-fA-F]{32}$" },
    ["0b7e8a1e8f9d4c55a4e5d0c2e6a6ab35"],
    ["0b7e8a1e-8f9d-4c55-a4e5-d0c2e6a6ab35"],
  ],
  [
    `string f = 1 [${R}.string.ulid = true]`,
    { ...text, pattern: "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$" },
    ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav"],
    ["81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ3"],
  ],
  [`string f = 1 [${R}.string.ipv4 = true]`, { ...text, format: "ipv4" }, ["192.0.2.1"], ["2001:db8::1"]],
  [`string f = 1 [${R}.string.ipv6 = true]`, { ...text, format: "ipv6" }, ["2001:db8::1"], ["192.0.2.1"]],
  [
    `string f = 1 [${R}.string.ip = true]`,
    { ...text, anyOf: [{ format: "ipv4" }, { format: "ipv6" }] },
    ["192.0.2.1", "2001:db8::1"],
    ["example"],
  ],
  [
    `string f = 1 [${R}.string.address = true]`,
    { ...text, anyOf: [{ format: "hostname" }, { format: "ipv4" }, { format: "ipv6" }] },
    ["192.0.2.1", "2001:db8::1", "example.com"],
    ["a b"],
  ],
  [
    `string f = 1 [${R}.string.protobuf_fqn = true]`,
    { ...text, pattern: "^[A-Za-z_][A-Za-z_0-9]*(?:\\.[A-Za-z_][A-Za-z_0-9]*)*$" },
    ["a", "buf.v1._x"],
    [".a", "a.", "1a", "a..b"],
  ],
  [
    `string f = 1 [${R}.string.protobuf_dot_fqn = true]`,
    { ...text, pattern: "^\\.[A-Za-z_][A-Za-z_0-9]*(?:\\.[A-Za-z_][A-Za-z_0-9]*)*$" },
    [".a.b"],
    ["a.b"],
  ],
  // bytes: 4 characters for 3 of them
  [
    `bytes f = 1 [${R}.bytes.len = 4]`,
    { ...bytes, minLength: 8, maxLength: 8 },
    ["AAAAAA=="],
    ["AAAA", "AAAAAAAAAAAA"],
  ],
  [
    `bytes f = 1 [${R}.bytes = {min_len: 1, max_len: 3}]`,
    { ...bytes, minLength: 4, maxLength: 4 },
    ["AA=="],
    ["AAAAAA=="],
  ],
  [`bytes f = 1 [${R}.bytes.const = "\\x00"]`, { ...bytes, const: "AA==" }, ["AA=="], ["AQ=="]],
  [`bytes f = 1 [${R}.bytes = {in: ["a", "\\xff"]}]`, { ...bytes, enum: ["YQ==", "/w=="] }, ["YQ=="], ["AQ=="]],
  [
    `bytes f = 1 [${R}.bytes.ip = true]`,
    {
      ...bytes,
      anyOf: [
        { minLength: 8, maxLength: 8 },
        { minLength: 24, maxLength: 24 },
      ],
    },
    ["AAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA=="],
    ["AA=="],
  ],
  // numbers
  [`int32 f = 1 [${R}.int32.gt = 0]`, pick32({ exclusiveMinimum: 0 }, "minimum"), [1], [0, -1]],
  [
    `int32 f = 1 [${R}.int32 = {gte: 1, lt: 5}]`,
    pick32({ minimum: 1, exclusiveMaximum: 5 }, "maximum"),
    [1, 4],
    [0, 5],
  ],
  [`uint32 f = 1 [${R}.uint32.lte = 9]`, { type: "integer", format: "uint32", minimum: 0, maximum: 9 }, [9], [10]],
  [
    `sint32 f = 1 [${R}.sint32 = {gt: 5, lte: -5}]`,
    { ...int32, anyOf: [{ maximum: -5 }, { exclusiveMinimum: 5 }] },
    [-5, 6],
    [-4, 0, 5],
  ],
  [`fixed32 f = 1 [${R}.fixed32 = {in: [1, 2]}]`, { type: "integer", enum: [1, 2] }, [1], [3]],
  [`sfixed32 f = 1 [${R}.sfixed32.const = -1]`, { ...int32, const: -1 }, [-1], [1]],
  [
    `double f = 1 [${R}.double = {gte: 0, lt: 1.5, finite: true}]`,
    { type: "number", format: "double", minimum: 0, exclusiveMaximum: 1.5 },
    [0, 1.25],
    [-0.5, 1.5],
  ],
  [`float f = 1 [${R}.float = {not_in: [0.5]}]`, { type: "number", not: { enum: [0.5] } }, [1], [0.5]],
  [
    `int64 f = 1 [${R}.int64.const = -9007199254740993]`,
    { ...int64, const: "-9007199254740993" },
    ["-9007199254740993"],
    ["1"],
  ],
  [
    `uint64 f = 1 [${R}.uint64 = {in: [1, 18446744073709551615]}]`,
    { type: "string", enum: ["1", "18446744073709551615"] },
    ["1"],
    ["2"],
  ],
  [`bool f = 1 [${R}.bool.const = true]`, { type: "boolean", const: true }, [true], [false]],
  // enums
  [
    `E f = 1 [${R}.enum.const = 1]`,
    { $ref: "#/components/schemas/t.E", enum: ["E_ONE", "E_UNO"] },
    ["E_ONE", "E_UNO"],
    ["E_TWO"],
  ],
  [`E f = 1 [${R}.enum = {in: [0, 2]}]`, { enum: ["E_UNSPECIFIED", "E_TWO"] }, ["E_TWO"], ["E_ONE"]],
  [`E f = 1 [${R}.enum = {not_in: [0]}]`, { not: { enum: ["E_UNSPECIFIED"] } }, ["E_TWO"], ["E_UNSPECIFIED"]],
  // lists and maps
  [
    `repeated string f = 1 [${R}.repeated = {min_items: 1, max_items: 2, unique: true, items: {string: {min_len: 1}}}]`,
    { type: "array", items: { ...text, minLength: 1 }, minItems: 1, maxItems: 2, uniqueItems: true },
    [["a"], ["a", "b"]],
    [[], ["a", "b", "c"], ["a", "a"], [""]],
  ],
  [
    `repeated E f = 1 [${R}.repeated.items.enum.const = 2]`,
    { type: "array", items: { $ref: "#/components/schemas/t.E", const: "E_TWO" } },
    [["E_TWO"]],
    [["E_ONE"]],
  ],
  [
    `map<string, int32> f = 1 [${R}.map = {min_pairs: 1, max_pairs: 2, keys: {string: {max_len: 1}}, values: {int32: {gt: 0}}}]`,
    {
      type: "object",
      propertyNames: { maxLength: 1 },
      additionalProperties: { exclusiveMinimum: 0 },
      minProperties: 1,
      maxProperties: 2,
    },
    [{ a: 1 }],
    [{}, { a: 1, b: 1, c: 1 }, { ab: 1 }, { a: 0 }],
  ],
  [
    `map<int32, string> f = 1 [${R}.map.keys = {int32: {in: [1, 2]}}]`,
    { propertyNames: { pattern: "^-?(?:0|[1-9][0-9]*)$", enum: ["1", "2"] } },
    [{ 1: "" }],
    [{ 3: "" }],
  ],
  // well-known types
  [`google.protobuf.StringValue f = 1 [${R}.string.min_len = 1]`, { ...text, minLength: 1 }, ["a"], [""]],
  [`google.protobuf.Int64Value f = 1 [${R}.int64 = {in: [5]}]`, { ...int64, enum: ["5"] }, ["5"], ["6"]],
  [
    `google.protobuf.Any f = 1 [${R}.any = {in: ["type.googleapis.com/t.M"]}]`,
    {
      $ref: "#/components/schemas/google.protobuf.Any",
      required: ["@type"],
      properties: { "@type": { enum: ["type.googleapis.com/t.M"] } },
    },
    [{ "@type": "type.googleapis.com/t.M" }],
    [{ "@type": "type.googleapis.com/t.N" }, {}],
  ],
  [
    `google.protobuf.Any f = 1 [${R}.any = {not_in: ["type.googleapis.com/t.M"]}]`,
    { not: { properties: { "@type": { enum: ["type.googleapis.com/t.M"] } }, required: ["@type"] } },
    [{ "@type": "type.googleapis.com/t.N" }],
    [{ "@type": "type.googleapis.com/t.M" }],
  ],
  [
    `google.protobuf.Duration f = 1 [${R}.duration.const = {seconds: 1, nanos: 500000000}]`,
    { const: "1.500s" },
    ["1.500s"],
    ["2s"],
  ],
  [
    `google.protobuf.Timestamp f = 1 [${R}.timestamp.const = {seconds: 1}]`,
    { const: "1970-01-01T00:00:01Z" },
    ["1970-01-01T00:00:01Z"],
    ["1970-01-01T00:00:02Z"],
  ],
  // required, where zero is as good as unset
  [`string f = 1 [${R}.required = true]`, { ...text, minLength: 1 }, ["a"], [""]],
  [`string f = 1 [${R} = {required: true, string: {min_len: 3}}]`, { ...text, minLength: 3 }, ["abc"], ["ab"]],
  [`optional string f = 1 [${R}.required = true]`, text, ["", "a"], []],
  [`bytes f = 1 [${R}.required = true]`, { ...bytes, minLength: 1 }, ["AA=="], [""]],
  [`int32 f = 1 [${R}.required = true]`, { ...int32, not: { const: 0 } }, [1], [0]],
  [`int64 f = 1 [${R}.required = true]`, { ...int64, not: { const: "0" } }, ["1"], ["0"]],
  [`bool f = 1 [${R}.required = true]`, { type: "boolean", not: { const: false } }, [true], [false]],
  [`E f = 1 [${R}.required = true]`, { not: { const: "E_UNSPECIFIED" } }, ["E_ONE"], ["E_UNSPECIFIED"]],
  [`repeated string f = 1 [${R}.required = true]`, { minItems: 1 }, [["a"]], [[]]],
  [`map<string, string> f = 1 [${R}.required = true]`, { minProperties: 1 }, [{ a: "" }], [{}]],
  [`M f = 1 [${R}.required = true]`, { $ref: "#/components/schemas/t.M" }, [{}], []],
  // exemptions
  [
    `string f = 1 [${R} = {ignore: IGNORE_IF_ZERO_VALUE, string: {min_len: 3}}]`,
    { ...text, anyOf: [{ const: "" }, { minLength: 3 }] },
    ["", "abc"],
    ["a"],
  ],
  [
    `int32 f = 1 [${R} = {ignore: IGNORE_IF_ZERO_VALUE, int32: {gt: 5, not_in: [7]}}]`,
    { ...int32, anyOf: [{ const: 0 }, { not: { enum: [7] }, exclusiveMinimum: 5 }] },
    [0, 6],
    [5, 7],
  ],
  [
    `optional int32 f = 1 [${R} = {ignore: IGNORE_IF_ZERO_VALUE, int32: {gt: 5}}]`,
    pick32({ exclusiveMinimum: 5 }, "minimum"),
    [6],
    [0],
  ],
  [
    `repeated E f = 1 [${R}.repeated.items = {ignore: IGNORE_IF_ZERO_VALUE, enum: {const: 2}}]`,
    { items: { anyOf: [{ const: "E_UNSPECIFIED" }, { const: "E_TWO" }] } },
    [["E_UNSPECIFIED", "E_TWO"]],
    [["E_ONE"]],
  ],
  [
    `repeated int32 f = 1 [${R} = {ignore: IGNORE_IF_ZERO_VALUE, repeated: {min_items: 2, items: {int32: {gt: 1}}}}]`,
    { type: "array", anyOf: [{ const: [] }, { minItems: 2 }] },
    [[], [2, 2]],
    [[2], [1, 1]],
  ],
  [
    `repeated string f = 1 [${R}.repeated.items = {ignore: IGNORE_IF_ZERO_VALUE, string: {len: 2}}]`,
    { items: { ...text, anyOf: [{ const: "" }, { minLength: 2, maxLength: 2 }] } },
    [["", "ab"]],
    [["a"]],
  ],
  [`string f = 1 [${R} = {ignore: IGNORE_ALWAYS, required: true, string: {min_len: 3}}]`, text, ["", "a", "abc"], []],
];

function pick32(narrowed: Schema, without: "minimum" | "maximum"): Schema {
  const { [without]: _, ...rest } = int32;
  return { ...rest, ...narrowed };
}

function compile(message: string): Compiled {
  return compileFiles({
    "buf/validate/validate.proto": validateProto(),
    "polite.proto": `
      syntax = "proto2";
      package t;
      import "buf/validate/validate.proto";
      extend buf.validate.StringRules {
        optional bool polite = 1161 [(buf.validate.predefined).cel = {
          id: "string.polite"
          message: "says please"
          expression: "this.contains('please')"
        }];
      }
    `,
    "t.proto": `
      syntax = "proto3";
      package t;
      import "buf/validate/validate.proto";
      import "google/protobuf/any.proto";
      import "google/protobuf/duration.proto";
      import "google/protobuf/field_mask.proto";
      import "google/protobuf/timestamp.proto";
      import "google/protobuf/wrappers.proto";
      import "sse/v1/annotations.proto";
      import "polite.proto";
      service S { rpc Call(Request) returns (M) { option (sse.v1.http) = {post: "/call" body: "*"}; } }
      message M {}
      message N {}
      enum E { option allow_alias = true; E_UNSPECIFIED = 0; E_ONE = 1; E_UNO = 1; E_TWO = 2; }
      ${message}
    `,
  });
}

function build({ api }: Compiled, options: Partial<Options> = {}) {
  return openApiDocument(api, "3.2", { ...defaultOptions, ...options }, new Problems());
}

/** Every case in one request: compiling is what takes the time. */
const name = (i: number) => `Case${i}`;
const all = compile(`
  message Request { ${cases.map((_, i) => `${name(i)} case_${i} = ${i + 1};`).join("\n")} }
  ${cases.map(([field], i) => `message ${name(i)} { ${field}; }`).join("\n")}
`);
const document = build(all);
const check = createChecker(document);
const registry = createRegistry(...all.files);
const validator = createValidator({ registry });

function field(schemas: Readonly<Record<string, Schema>>, type: string): Schema {
  return JSON.parse(JSON.stringify(schemas[type]?.properties?.["f"] ?? {}));
}

const named = cases.map(
  ([text, schema, fitting, wrong], i) => [text, { type: `t.${name(i)}`, schema, fitting, wrong }] as const,
);

describe.each(named)("%s", (_, { type, schema, fitting, wrong }) => {
  const fits = (value: JsonValue) => check({ $ref: `#/components/schemas/${type}` }, { f: value }).length === 0;
  const isValid = (value: JsonValue) => {
    const desc = registry.getMessage(type);
    if (desc === undefined) {
      throw new Error(`no message ${type}`);
    }
    const result = validator.validate(desc, fromJson(desc, { f: value }, { registry }));
    if (result.kind === "error") {
      throw result.error;
    }
    return result.kind === "valid";
  };

  test("has these keywords", () => {
    expect(field(document.components.schemas, type)).toMatchObject(schema);
  });

  test("fits what protovalidate takes", () => {
    expect(fitting.map((value) => [value, isValid(value), fits(value)])).toEqual(
      fitting.map((value) => [value, true, true]),
    );
  });

  test("does not fit what protovalidate refuses", () => {
    expect(wrong.map((value) => [value, isValid(value), fits(value)])).toEqual(
      wrong.map((value) => [value, false, false]),
    );
  });
});

test("what protovalidate takes of random messages fits", () => {
  let valid = 0;
  for (const type of cases.map((_, i) => `t.${name(i)}`)) {
    const desc = registry.getMessage(type);
    if (desc === undefined) {
      throw new Error(`no message ${type}`);
    }
    fc.assert(
      fc.property(arbitraryMessage(desc), (message) => {
        if (validator.validate(desc, message).kind !== "valid") {
          return;
        }
        valid++;
        const json = toJson(desc, message, { registry });
        fc.pre(!/"(NaN|-?Infinity)"/.test(JSON.stringify(json))); // only the description has them
        fc.pre(!/"f":"[0-9a-fA-F:.]*::[0-9a-fA-F:.]*%/.test(JSON.stringify(json))); // the format ipv6 has no zones
        expect([type, json, check({ $ref: `#/components/schemas/${type}` }, json)]).toEqual([type, json, []]);
      }),
      { numRuns: 40 },
    );
  }
  expect(valid).toBeGreaterThan(cases.length * 5);
});

/** The schema of the only field of a message, and what its parent requires. */
function schemaOf(declarations: string, options: Partial<Options> = {}) {
  const compiled = compile(declarations);
  const { components, paths } = build(compiled, options);
  return { schemas: components.schemas, f: field(components.schemas, "t.Request"), paths, files: compiled.files };
}

describe("what no keyword says", () => {
  const notes: [field: string, description: string, more?: Schema][] = [
    [
      `string f = 1 [${R}.string = {min_bytes: 1, max_bytes: 9}]`,
      "At least 1 bytes in UTF-8.\n\nAt most 9 bytes in UTF-8.",
    ],
    [`string f = 1 [${R}.string.len_bytes = 4]`, "4 bytes in UTF-8."],
    [`string f = 1 [${R}.string.pattern = "(?i)abc"]`, "Matches the RE2 pattern `(?i)abc`."],
    [`string f = 1 [${R}.string.ip_prefix = true]`, "An IP prefix, such as `192.0.2.0/24`."],
    [`string f = 1 [${R}.string.well_known_regex = KNOWN_REGEX_HTTP_HEADER_NAME]`, "The name of an HTTP header."],
    [`bytes f = 1 [${R}.bytes.prefix = "\\x00"]`, "The bytes start with `AA==` (base64)."],
    [
      `int64 f = 1 [${R}.int64 = {gt: 1, lte: 9007199254740993}]`,
      "Greater than `1` and at most `9007199254740993`.",
      { "x-minimum": "2", "x-maximum": "9007199254740993" },
    ],
    [`uint64 f = 1 [${R}.uint64 = {gte: 9, lt: 5}]`, "At least `9` or less than `5`."],
    [
      `google.protobuf.Duration f = 1 [${R}.duration = {gt: {seconds: 1}, lt: {seconds: 90}}]`,
      "Greater than `1s` and less than `90s`.",
    ],
    [
      `google.protobuf.Timestamp f = 1 [${R}.timestamp = {gt_now: true, within: {seconds: 60}}]`,
      "In the future.\n\nAt most `60s` from now.",
    ],
    [`google.protobuf.FieldMask f = 1 [${R}.field_mask = {in: ["a", "b_c"]}]`, "Only `a`, `b_c`, or paths within."],
    [`double f = 1 [${R}.double.lt = inf]`, "`NaN`, `Infinity` and `-Infinity` are strings.\n\nLess than `Infinity`."],
    [`string f = 1 [${R}.cel = {id: "f.odd", message: "is odd", expression: "size(this) % 2 == 1"}]`, "f.odd: is odd"],
    [`string f = 1 [${R}.cel = {id: "f.odd", expression: "size(this) % 2 == 1"}]`, "f.odd: `size(this) % 2 == 1`"],
    [`string f = 1 [${R}.cel_expression = "this != ''"]`, "`this != ''`"],
  ];
  const noted = compile(`
    message Request { ${notes.map((_, i) => `Note${i} note_${i} = ${i + 1};`).join("\n")} }
    ${notes.map(([text], i) => `message Note${i} { ${text}; }`).join("\n")}
  `);
  const { schemas } = build(noted).components;

  test.each(notes.map(([text, description, more], i) => [text, { i, description, more }] as const))(
    "%s",
    (_, { i, description, more }) => {
      expect(field(schemas, `t.Note${i}`)).toMatchObject({ ...more, description });
    },
  );

  test("a comment stands in front of it", () => {
    const { f } = schemaOf(`message Request {\n// The name.\nstring f = 1 [${R}.string.len_bytes = 4]; }`);
    expect(f.description).toBe("The name.\n\n4 bytes in UTF-8.");
  });

  test("rules of the user's own", () => {
    const { f } = schemaOf(`message Request { string f = 1 [${R}.string.(t.polite) = true]; }`);
    expect(f).toEqual({ type: "string", description: "string.polite: says please" });
  });

  test("rules of a message", () => {
    const { schemas } = schemaOf(`message Request {
      option (buf.validate.message).cel = {id: "ends", message: "ends after it begins", expression: "true"};
      string f = 1;
    }`);
    expect(schemas["t.Request"]?.description).toBe("ends: ends after it begins");
  });
});

describe("examples", () => {
  test.each([
    [`string f = 1 [${R}.string = {example: ["a", "b"]}]`, ["a", "b"]],
    [`int64 f = 1 [${R}.int64 = {example: [5]}]`, ["5"]],
    [`E f = 1 [${R}.enum = {example: [2]}]`, ["E_TWO"]],
    [`google.protobuf.Duration f = 1 [${R}.duration = {example: [{seconds: 2}]}]`, ["2s"]],
  ])("%s", (text, examples) => {
    expect(schemaOf(`message Request { ${text}; }`).f.examples).toEqual(examples);
  });
});

describe("a parent", () => {
  test("requires what is required", () => {
    const { schemas } = schemaOf(
      `message Request { string f = 1 [${R}.required = true]; M m = 2 [${R}.required = true]; string g = 3; }`,
    );
    expect(schemas["t.Request"]?.required).toEqual(["f", "m"]);
  });

  test("requires no more of a response than what ProtoJSON writes", () => {
    const { schemas } = schemaOf(`
      service Echo { rpc Say(Request) returns (Request) { option (sse.v1.http) = {post: "/echo" body: "*"}; } }
      message Request {
        option (buf.validate.message).oneof = {fields: ["x", "y"], required: true};
        string f = 1 [${R}.required = true];
        M m = 2 [${R}.required = true];
        optional int32 n = 3 [${R}.required = true];
        repeated string l = 4 [${R}.required = true];
        string x = 5;
        M y = 6;
      }
    `);
    expect(schemas["t.Request"]?.required).toEqual(["m", "n"]);
    expect(schemas["t.Request"]?.allOf).toBeUndefined();
    expect(schemas["t.Request"]?.properties).toMatchObject({
      f: { minLength: 1, description: "Required in requests." },
      l: { minItems: 1, description: "Required in requests." },
    });
  });

  test("requires a member of a oneof that is required, as a union", () => {
    const text =
      "message Request { oneof f { option (buf.validate.oneof).required = true; string a = 1; int32 b = 2; } string c = 3; }";
    const { schemas } = schemaOf(text);
    const checkOneof = createChecker({ components: { schemas } });
    const valid = (value: unknown) => checkOneof({ $ref: "#/components/schemas/t.Request" }, value).length === 0;
    expect(schemas["t.Request"]?.allOf?.[0]?.oneOf?.map(({ required }) => required)).toEqual([["a"], ["b"]]);
    expect([{ a: "" }, { b: 1, c: "" }, {}, { c: "" }, { a: "", b: 1 }].map(valid)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(schemaOf(text, { openapi_validate: false }).schemas["t.Request"]?.allOf).toBeUndefined();
  });

  test("requires the only member of a oneof that is required", () => {
    const { schemas } = schemaOf(
      "message Request { oneof f { option (buf.validate.oneof).required = true; string a = 1; } }",
    );
    expect(schemas["t.Request"]).toMatchObject({ required: ["a"], properties: { a: { type: "string" } } });
  });

  test("keeps fields apart that are named in a oneof of the message's options", () => {
    const { schemas } = schemaOf(`message Request {
      option (buf.validate.message).oneof = {fields: ["a_a", "b"]};
      option (buf.validate.message).oneof = {fields: ["b", "c"], required: true};
      option (buf.validate.message).oneof = {fields: ["a_a", "d"]};
      string a_a = 1 [${R}.string.min_len = 2];
      repeated string b = 2;
      M c = 3;
      string d = 4;
    }`);
    const request = schemas["t.Request"];
    expect(request?.dependentSchemas).toEqual({
      aA: { properties: { b: { not: {} }, d: { not: {} } } },
      b: { properties: { c: { not: {} } } },
    });
    // protovalidate exempts the zero value of such fields.
    expect(request?.properties?.["aA"]).toMatchObject({ anyOf: [{ const: "" }, { minLength: 2 }] });
    const valid = (value: unknown) =>
      createChecker({ components: { schemas } })({ $ref: "#/components/schemas/t.Request" }, value).length === 0;
    expect(
      [{ b: ["x"] }, { c: {} }, { aA: "xx", c: {} }, {}, { aA: "xx" }, { aA: "xx", b: [] }, { b: [], c: {} }].map(
        valid,
      ),
    ).toEqual([true, true, true, false, false, false, false]);
  });
});

test("rules apply to parameters and bodies", () => {
  const { api } = compile(`
    service P {
      rpc Get(Request) returns (M) { option (sse.v1.http) = {get: "/p/{f}"}; }
      rpc Put(Request) returns (M) { option (sse.v1.http) = {put: "/p/{f}" body: "g"}; }
    }
    message Request { string f = 1 [${R}.string.len = 3]; string g = 2 [${R} = {required: true, string: {max_len: 9}}]; }
  `);
  const { paths } = openApiDocument({ ...api, services: api.services.slice(1) }, "3.2", defaultOptions, new Problems());
  expect(JSON.parse(JSON.stringify(paths["/p/{f}"]))).toMatchObject({
    get: {
      parameters: [
        { name: "f", in: "path", schema: { minLength: 3, maxLength: 3 } },
        { name: "g", in: "query", required: true, schema: { minLength: 1, maxLength: 9 } },
      ],
    },
    put: { requestBody: { content: { "application/json": { schema: { minLength: 1, maxLength: 9 } } } } },
  });
});

test("openapi_validate=false leaves them all out", () => {
  const { schemas } = schemaOf(
    `message Request {
      option (buf.validate.message).cel = {id: "x"};
      option (buf.validate.message).oneof = {fields: ["f", "g"]};
      string f = 1 [${R} = {required: true, string: {min_len: 2}, cel: {id: "x"}}];
      string g = 2;
    }`,
    { openapi_validate: false },
  );
  expect(JSON.parse(JSON.stringify(schemas["t.Request"]))).toEqual({
    title: "Request",
    type: "object",
    properties: { f: { type: "string" }, g: { type: "string" } },
  });
});

test("a number that is finite has no texts beside it", () => {
  const { schemas } = schemaOf(`message Request { double f = 1 [${R}.double.finite = true]; double g = 2; }`);
  const { f, g } = schemas["t.Request"]?.properties ?? {};
  expect(f?.description).toBeUndefined();
  expect(g?.description).toContain("`NaN`");
});

test("enums that are open are closed by defined_only, and enums that are numbers have numbers", () => {
  const text = `message Request { E f = 1 [${R}.enum = {defined_only: true, not_in: [1]}]; }`;
  expect(schemaOf(text, { openapi_enum: "open" }).f).toEqual({
    $ref: "#/components/schemas/t.E",
    type: "string",
    not: { enum: ["E_ONE", "E_UNO"] },
  });
  expect(schemaOf(text, { openapi_enum: "integer" }).f).toEqual({
    $ref: "#/components/schemas/t.E",
    not: { enum: [1] },
  });
});

test("protos that know no buf.validate have no rules", () => {
  const { api } = compileFiles({
    "t.proto": `
      syntax = "proto3";
      package t;
      import "sse/v1/annotations.proto";
      service S { rpc Call(Request) returns (Request) { option (sse.v1.http) = {post: "/call" body: "*"}; } }
      message Request { string f = 1; }
    `,
  });
  expect(field(openApiDocument(api, "3.2", defaultOptions, new Problems()).components.schemas, "t.Request")).toEqual({
    type: "string",
  });
});
