import { expect, test } from "vitest";
import { readFieldBehavior } from "./field-behavior.js";
import { ForeignOptions } from "./foreign-option.js";
import { googleProtos } from "./testing/gnostic-proto.js";
import { present, readField, readProto } from "./testing/read-proto.js";
import { readUnknown } from "./unknown.js";
import { isRestricted } from "./visibility.js";

test.each([
  ["(google.api.field_behavior) = REQUIRED", ["REQUIRED"]],
  [
    "(google.api.field_behavior) = IDENTIFIER, (google.api.field_behavior) = OUTPUT_ONLY",
    ["IDENTIFIER", "OUTPUT_ONLY"],
  ],
  ["(google.api.field_behavior) = FIELD_BEHAVIOR_UNSPECIFIED", []],
  ["(google.api.field_behavior) = LATER", []],
  ["deprecated = true", []],
])("field_behavior: [%s]", (options, want) => {
  expect(readFieldBehavior(readField(`string f = 1 [${options}];`, googleProtos))).toEqual(want);
});

test.each([
  ['[(google.api.field_visibility).restriction = "INTERNAL"]', true],
  ['[(google.api.field_visibility).restriction = "  "]', false],
  ['[(google.api.field_visibility).selector = "a"]', false],
  ["", false],
])("a field with %s is restricted: %s", (options, restricted) => {
  const field = readField(`string f = 1 ${options};`, googleProtos);
  expect(isRestricted(field, new ForeignOptions([field.parent.file]))).toBe(restricted);
});

test("options with the numbers of sse.v1 that this version does not have are found", () => {
  const newer = {
    "newer.proto": `
      syntax = "proto3";
      import "google/protobuf/descriptor.proto";
      extend google.protobuf.FieldOptions { string later = 50198; string theirs = 50200; }
      extend google.protobuf.ServiceOptions { Service service = 50197; }
      message Service { string x = 1; }
    `,
  };
  const field = readField('string f = 1 [(later) = "a", (theirs) = "b", (sse.v1.event_id) = true];', newer);
  expect(readUnknown(field)).toEqual([{ what: "option 50198 of sse.v1", place: { desc: field, option: [8, 50198] } }]);
  const [service] = readProto('service S { option (service).x = "a"; }', newer).services;
  expect(readUnknown(present(service)).map(({ what }) => what)).toEqual(["option 50197 of sse.v1"]);
});
