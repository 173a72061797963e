import { createRegistry, type DescFile, type DescMessage, type JsonWriteOptions, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryMessage } from "../../../../test/arbitrary-message.js";
import type { Options } from "../../../options.js";
import { Problems } from "../../../problems.js";
import { openApiDocument } from "../document/document.js";
import { type Compiled, cases, compileCase, compileProto, defaultOptions } from "../testing/compile.js";
import { createChecker } from "../testing/schema-checker.js";

function build({ api }: Compiled, options: Partial<Options> = {}) {
  return openApiDocument(api, "3.2", { ...defaultOptions, ...options }, new Problems());
}

/** Every message of the files, nested ones included. */
function messagesOf(files: readonly DescFile[]): DescMessage[] {
  const visit = (desc: DescMessage): DescMessage[] => [desc, ...desc.nestedMessages.flatMap(visit)];
  return files.flatMap((file) => file.messages.flatMap(visit));
}

/** Random messages of every type, as protobuf-es writes them, against the type's schema. */
function fuzz(compiled: Compiled, options: Partial<Options>, written: Partial<JsonWriteOptions>) {
  const document = build(compiled, options);
  const check = createChecker(document);
  const messages = messagesOf(compiled.files).filter((desc) => desc.typeName in document.components.schemas);
  expect(messages.length).toBeGreaterThan(0);
  for (const desc of messages) {
    fc.assert(
      fc.property(arbitraryMessage(desc), (message) => {
        const json = toJson(desc, message, { registry: createRegistry(...compiled.files), ...written });
        fc.pre(!/"(NaN|-?Infinity)"/.test(JSON.stringify(json))); // only the description has them
        expect(check({ $ref: `#/components/schemas/${desc.typeName}` }, json)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  }
}

describe("what protobuf-es writes fits the schema of its message", () => {
  test.each(cases)("in %s", (name) => fuzz(compileCase(name), {}, {}));

  const types = compileCase("types");
  test("with the names of the proto", () => fuzz(types, { openapi_proto_names: true }, { useProtoFieldName: true }));
  test("with enums as numbers", () => fuzz(types, { openapi_enum: "integer" }, { enumAsInteger: true }));
  test("with enums that may be numbers", () => fuzz(types, { openapi_enum: "open" }, {}));
  test("with a oneof of many members", () => fuzz(manyMembers, {}, {}));
});

const manyMembers = compileProto(`
  service S { rpc Get(M) returns (M) { option (sse.v1.http) = {post: "/m" body: "*"}; } }
  message M {
    string beside = 100;
    oneof many { ${Array.from({ length: 20 }, (_, i) => `string m${i} = ${i + 1};`).join(" ")} }
  }
`);

describe("what is no ProtoJSON of a message does not fit its schema", () => {
  const check = createChecker(build(compileCase("types")));
  const wrong: [string, unknown][] = [
    ["Scalars", []],
    ["Scalars", { anInt32: 2147483648 }],
    ["Scalars", { anInt32: 1.5 }],
    ["Scalars", { anInt32: "one" }],
    ["Scalars", { aUint32: -1 }],
    ["Scalars", { aFixed32: 4294967296 }],
    ["Scalars", { anInt64: "9223372036854775808" }],
    ["Scalars", { anInt64: "1.5" }],
    ["Scalars", { aUint64: "-1" }],
    ["Scalars", { aDouble: "one" }],
    ["Scalars", { aBool: "yes" }],
    ["Scalars", { aString: 1 }],
    ["Scalars", { someBytes: "?" }],
    ["Scalars", { aLight: "LIGHT_BLUE" }],
    ["Scalars", { aLight: null }],
    ["Collections", { strings: "one" }],
    ["Collections", { messages: [1] }],
    ["Collections", { messagesByInt32: { a: {} } }],
    ["Collections", { int64sByUint64: { "-1": "1" } }],
    ["Collections", { bytesByBool: { yes: "" } }],
    ["Collections", { times: { now: "now" } }],
    ["WellKnown", { timestamp: "2026-01-01" }],
    ["WellKnown", { duration: "1.5" }],
    ["WellKnown", { fieldMask: "a_b" }],
    ["WellKnown", { struct: [] }],
    ["WellKnown", { listValue: {} }],
    ["WellKnown", { nullValue: 0 }],
    ["WellKnown", { boolValue: {} }],
    ["WellKnown", { any: { "@type": 1 } }],
    ["Choices", { text: "a", number: "1" }],
    ["Choices", { number: "1", nothing: null }],
    ["Choices", { yes: true, again: {} }],
    ["Choices", { again: { text: "a", number: "1" } }],
    ["Proto2", {}],
    ["Proto2", { name: "n", corner: { x: 1 } }],
    ["Proto2", { name: "n", shape: 3 }],
    ["Editions", { explicit: "e" }],
  ];

  test.each(wrong)("%s %j", (name, value) => {
    expect(check({ $ref: `#/components/schemas/types.v1.${name}` }, value)).not.toEqual([]);
  });

  test("a oneof of many members, two of them set", () => {
    const checkMany = createChecker(build(manyMembers));
    expect(checkMany({ $ref: "#/components/schemas/t.M" }, { m0: "", beside: "" })).toEqual([]);
    expect(checkMany({ $ref: "#/components/schemas/t.M" }, {})).toEqual([]);
    expect(checkMany({ $ref: "#/components/schemas/t.M" }, { m0: "", m19: "" })).not.toEqual([]);
  });
});

describe("an object's schema", () => {
  const schemas = build(compileCase("types")).components.schemas;

  test("keeps the members of a oneof apart without a union", () => {
    expect(schemas["types.v1.Choices"]).toMatchObject({
      title: "Choices",
      dependentSchemas: {
        text: { properties: { number: { not: {} }, anything: { not: {} } } },
        nothing: { properties: { anything: { not: {} } } },
        yes: { properties: { again: { not: {} } } },
      },
      "x-oneof": { choice: ["text", "number", "scalars", "light", "nothing", "anything"], other: ["yes", "again"] },
    });
    expect(Object.keys(schemas["types.v1.Choices"]?.dependentSchemas ?? {})).not.toContain("anything");
  });

  test("makes a oneof a union with the option, and one member is set", () => {
    const document = build(compileCase("types"), { openapi_oneof: "union" });
    const choices = document.components.schemas["types.v1.Choices"];
    expect(Object.keys(choices?.properties ?? {})).toEqual(["beside", "alone", "more"]);
    expect(choices?.allOf?.[1]).toEqual({
      oneOf: [
        expect.objectContaining({ title: "Choices yes", type: "object", required: ["yes"] }),
        expect.objectContaining({ title: "Choices again", type: "object", required: ["again"] }),
      ],
    });
    const check = createChecker(document);
    expect(check({ $ref: "#/components/schemas/types.v1.Choices" }, { text: "a", yes: true })).toEqual([]);
    expect(check({ $ref: "#/components/schemas/types.v1.Choices" }, { text: "a" })).not.toEqual([]);
  });

  test("has the defaults of proto2, as JSON has them", () => {
    const { properties = {} } = schemas["types.v1.Proto2"] ?? {};
    expect(Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, schema.default]))).toEqual({
      name: undefined,
      size: 42,
      text: 'quotes " and \\ backslashes',
      ratio: undefined,
      large: "-9007199254740993",
      data: "AP8=",
      shape: "SHAPE_SQUARE",
      on: true,
      corner: undefined,
      edge: undefined,
    });
    expect(properties["ratio"]?.description).toContain("Default: `NaN`.");
    expect(schemas["types.v1.Proto2"]?.required).toEqual(["name"]);
    expect(schemas["types.v1.Proto2"]?.description).toContain("extensions");
  });

  test("has enums by the names that writers use", () => {
    const light = schemas["types.v1.Light"];
    expect(light).toMatchObject({
      title: "Light",
      type: "string",
      enum: ["LIGHT_UNSPECIFIED", "LIGHT_RED", "LIGHT_YELLOW", "LIGHT_AMBER", "LIGHT_GREEN"],
      "x-enum-descriptions": ["Off.", "Stop.", "Wait.", "Wait, in other countries.", "Go."],
    });
    expect(light?.["x-enum-varnames"]).toEqual(light?.enum);
  });

  test("writes enums as numbers, or as both, with the option", () => {
    const integer = build(compileCase("types"), { openapi_enum: "integer" }).components.schemas["types.v1.Light"];
    expect(integer).toMatchObject({ type: "integer", format: "int32", enum: [0, 1, 2, 3] });
    expect(integer?.["x-enum-varnames"]).toEqual(["LIGHT_UNSPECIFIED", "LIGHT_RED", "LIGHT_YELLOW", "LIGHT_GREEN"]);
    const open = build(compileCase("types"), { openapi_enum: "open" }).components.schemas;
    expect(open["types.v1.Open"]?.anyOf).toEqual([
      { type: "string", enum: ["OPEN_UNSPECIFIED", "OPEN_ONE"] },
      { type: "integer", format: "int32" },
    ]);
    expect(open["types.v1.Closed"]).toMatchObject({ type: "string", enum: ["CLOSED_ONE", "CLOSED_TWO"] });
  });

  test("is deprecated as its parts are, in what is declared below them", () => {
    const { schemas } = build(compileCase("deprecated")).components;
    expect(schemas["player.v1.Cover"]?.deprecated).toBe(true);
    expect(schemas["radio.v1.Programme"]?.deprecated).toBe(true);
    expect(schemas["player.v1.Song"]?.deprecated).toBeUndefined();
    expect(schemas["player.v1.Song"]?.properties?.["artist"]?.deprecated).toBe(true);
    expect(schemas["player.v1.Quality"]?.description).toContain("- `QUALITY_LOW` (deprecated): As on the telephone.");
  });
});
