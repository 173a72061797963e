import { expect, test } from "vitest";
import { ForeignOptions, UnreadableOption } from "./foreign-option.js";
import { present, readField, readMessage, readProto } from "./testing/read-proto.js";
import { validateProto } from "./testing/validate-proto.js";
import { readMessageRules, readOneofRequired, readValueRules } from "./validate.js";

const protos = {
  "buf/validate/validate.proto": validateProto(),
  "polite.proto": `
    syntax = "proto2";
    import "buf/validate/validate.proto";
    extend buf.validate.StringRules {
      optional bool polite = 1161 [(buf.validate.predefined).cel = {id: "polite" message: "says please" expression: "e"}];
    }
  `,
};

function read(declaration: string) {
  const field = readField(declaration, protos);
  return readValueRules(field, new ForeignOptions([field.parent.file]));
}

test("the rules of a type are ProtoJSON by their names in the proto", () => {
  expect(read("string f = 1 [(buf.validate.field).string = {min_len: 3, in: ['abc', 'abcd']}];")).toMatchObject({
    required: false,
    ignore: undefined,
    type: "string",
    rules: { min_len: "3", in: ["abc", "abcd"] },
  });
  expect(read("string f = 1;")).toBeUndefined();
});

test("the rules of elements, keys and values are apart from those of the field", () => {
  const list = read(
    "repeated string f = 1 [(buf.validate.field).repeated = {min_items: 1, items: {string: {len: 2}}}];",
  );
  expect(list).toMatchObject({
    type: "repeated",
    rules: { min_items: "1" },
    items: { type: "string", rules: { len: "2" } },
  });
  const map = read(
    "map<string, int32> f = 1 [(buf.validate.field).map = {keys: {string: {len: 2}}, values: {int32: {gt: 0}}}];",
  );
  expect(map).toMatchObject({ type: "map", rules: {}, keys: { type: "string" }, values: { rules: { gt: 0 } } });
});

test.each([
  ["IGNORE_ALWAYS", "always"],
  ["IGNORE_IF_ZERO_VALUE", "zero"],
  ["IGNORE_UNSPECIFIED", "never"],
])("ignore: %s is %s", (ignore, want) => {
  expect(read(`string f = 1 [(buf.validate.field) = {ignore: ${ignore}, required: true}];`)).toMatchObject({
    required: true,
    ignore: want,
  });
});

test("CEL can be a rule, an expression, or a predefined rule", () => {
  const rules = read(`string f = 1 [
    (buf.validate.field).cel = {id: "x" message: "m" expression: "this == 1"},
    (buf.validate.field).cel_expression = "this != 2",
    (buf.validate.field).string.(polite) = true
  ];`);
  expect(rules?.cel).toEqual([
    { id: "x", message: "m", expression: "this == 1" },
    { id: "", message: "", expression: "this != 2" },
    { id: "polite", message: "says please", expression: "e" },
  ]);
  expect(rules?.rules).toEqual({});
});

test("rules of a message, and a required oneof", () => {
  const desc = readMessage(
    `option (buf.validate.message) = {cel: {id: "x"}, oneof: {fields: ["a", "b"], required: true}};
     string a = 1; string b = 2;
     oneof choice { option (buf.validate.oneof).required = true; string c = 3; string d = 4; }`,
    protos,
  );
  const options = new ForeignOptions([desc.file]);
  expect(readMessageRules(desc, options)).toEqual({
    cel: [{ id: "x", message: "", expression: "" }],
    oneofs: [{ fields: ["a", "b"], required: true }],
  });
  expect(readOneofRequired(present(desc.oneofs[0]), options)).toBe(true);
});

test("a value that JSON cannot express is an error with the place of the option", () => {
  const field = readField(
    "google.protobuf.Duration f = 1 [(buf.validate.field).duration.lt = {seconds: 999999999999}];",
    {
      ...protos,
      "duration.proto": 'syntax = "proto3"; import public "google/protobuf/duration.proto";',
    },
  );
  let error: unknown;
  try {
    readValueRules(field, new ForeignOptions([field.parent.file]));
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(UnreadableOption);
  expect(error).toMatchObject({
    place: { desc: field, option: [8, 1159] },
    message: expect.stringContaining("(buf.validate.field) has a value that cannot be written as JSON: "),
  });
});

test("options whose schema no file declares are not read", () => {
  const { file } = readMessage("string f = 1 [(buf.validate.field).required = true];", protos);
  const field = present(file.messages[0]?.fields[0]);
  expect(readValueRules(field, new ForeignOptions([readProto("")]))).toBeUndefined();
});
