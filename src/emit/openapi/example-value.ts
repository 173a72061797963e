import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { type Context, jsonKey } from "./context.js";
import type { JsonValue } from "./objects.js";

const wellKnown: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ["google.protobuf.Any", {}],
  ["google.protobuf.Duration", "1.500s"],
  ["google.protobuf.Empty", {}],
  ["google.protobuf.FieldMask", "name"],
  ["google.protobuf.ListValue", ["value"]],
  ["google.protobuf.Struct", { key: "value" }],
  ["google.protobuf.Timestamp", "2026-01-02T03:04:05Z"],
  ["google.protobuf.Value", "value"],
]);

/** A message in ProtoJSON with every field set, but one of each oneof, and none that holds the message again. */
export function exampleMessage(context: Context, desc: DescMessage, outer: readonly DescMessage[] = []): JsonValue {
  const known = wellKnown.get(desc.typeName);
  if (known !== undefined) return known;
  if (isWrapperDesc(desc)) return exampleScalar(desc.fields[0].scalar, "value");
  const messages = [...outer, desc];
  const fields = desc.fields.filter((field) => field.message === undefined || !messages.includes(field.message));
  const set = fields.filter(({ oneof }, i) => oneof === undefined || fields.findIndex((f) => f.oneof === oneof) === i);
  return Object.fromEntries(set.map((field) => [jsonKey(context, field), exampleField(context, field, messages)]));
}

/** The value of a field in ProtoJSON. */
export function exampleField(context: Context, field: DescField, outer: readonly DescMessage[] = []): JsonValue {
  const value = exampleSingle(context, field, outer);
  switch (field.fieldKind) {
    case "list":
      return [value];
    case "map":
      return { [String(exampleScalar(field.mapKey, "key"))]: value };
    default:
      return value;
  }
}

function exampleSingle(context: Context, field: DescField, outer: readonly DescMessage[]): JsonValue {
  if (field.message !== undefined) return exampleMessage(context, field.message, outer);
  if (field.enum === undefined) return exampleScalar(field.scalar, field.name);
  if (field.enum.typeName === "google.protobuf.NullValue") return null;
  // The first value mostly says that there is none.
  const value = field.enum.values[1] ?? field.enum.values[0];
  return (context.options.enums === "integer" ? value?.number : value?.name) ?? null;
}

function exampleScalar(type: ScalarType, text: string): JsonValue {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return "AQID";
    case ScalarType.BOOL:
      return true;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 1.5;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return "1";
    default:
      return 1;
  }
}
