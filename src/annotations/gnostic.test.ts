import { expect, test } from "vitest";
import { ForeignOptions } from "./foreign-option.js";
import { readGnostic } from "./gnostic.js";
import { gnosticProto } from "./testing/gnostic-proto.js";
import { readField, readMessage, readProto } from "./testing/read-proto.js";

function read(declaration: string, pkg = "openapi.v3") {
  const field = readField(declaration, { "gnostic.proto": gnosticProto(pkg) });
  return readGnostic(field, new ForeignOptions([field.parent.file]));
}

test.each(["openapi.v3", "gnostic.openapi.v3"])("a schema of the package %s", (pkg) => {
  expect(read(`string f = 1 [(${pkg}.property) = {title: "T" max_length: 9 read_only: true}];`, pkg)).toEqual({
    title: "T",
    maxLength: 9,
    readOnly: true,
  });
});

test("a schema of OpenAPI 3.0 becomes one of JSON Schema 2020-12", () => {
  expect(
    read(`int32 f = 1 [(openapi.v3.property) = {
      nullable: true minimum: 1 exclusive_minimum: true maximum: 9 example: {yaml: "4"}
    }];`),
  ).toEqual({ exclusiveMinimum: 1, maximum: 9, examples: [4] });
  expect(read("int32 f = 1 [(openapi.v3.property).exclusive_maximum = true];")).toEqual({ exclusiveMaximum: 0 });
});

test.each([
  ["{a: [1, x]}", { a: [1, "x"] }],
  ["'1'", "1"],
  ["2026-01-01", "2026-01-01"],
  ["", null],
  ["{ not: yaml", "{ not: yaml"],
])("an example with the YAML %j is %j", (yaml, want) => {
  const example = read(`string f = 1 [(openapi.v3.property).example = {yaml: ${JSON.stringify(yaml)}}];`)?.["examples"];
  expect(example).toEqual([want]);
});

test("pairs become members, and unions the value that is set", () => {
  expect(
    read(`string f = 1 [(openapi.v3.property) = {
      items: {schema_or_reference: {reference: {_ref: "#/x"}}}
      default: {number: 1.5}
      specification_extension: {name: "x-a" value: {yaml: "true"}}
      specification_extension: {name: "x-empty"}
    }];`),
  ).toEqual({ items: { $ref: "#/x" }, default: 1.5, "x-a": true, "x-empty": null });
});

test("a document, an operation and a message have options of their own; without them there is nothing", () => {
  const file = readProto(
    `option (openapi.v3.document) = {info: {title: "T"} servers: {url: "/a"}};
     service S { rpc A(M) returns (M) { option (openapi.v3.operation) = {tags: "x" security: {additional_properties: {name: "key"}}}; } }
     message M { option (openapi.v3.schema).description = "D"; string f = 1; }`,
    { "gnostic.proto": gnosticProto("openapi.v3") },
  );
  const options = new ForeignOptions([file]);
  const [service] = file.services;
  const [message] = file.messages;
  const [method] = service?.methods ?? [];
  expect([file, method, message].map((desc) => desc && readGnostic(desc, options))).toEqual([
    { info: { title: "T" }, servers: [{ url: "/a" }] },
    { tags: ["x"], security: [{ key: [] }] },
    { description: "D" },
  ]);
  expect(readGnostic(readMessage("string f = 1;"), options)).toBeUndefined();
});
