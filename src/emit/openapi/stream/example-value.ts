import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { fieldRules } from "../../../model/rules.js";
import { type Context, isVisible, jsonKey, validateRules } from "../context.js";
import type { JsonValue } from "../objects.js";
import { valueSchema } from "../schema/field-schema.js";
import { oneofGroups } from "../schema/oneof-schema.js";
import { fitExamples } from "./fit-example.js";

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

/**
 * A message of a response in ProtoJSON with every field set, but one of each oneof, none that holds the message again, and
 * none for which no value is found that obeys its rules.
 */
export function exampleMessage(context: Context, desc: DescMessage, outer: readonly DescMessage[] = []): JsonValue {
  const known = wellKnown.get(desc.typeName);
  if (known !== undefined) {
    return known;
  }
  if (isWrapperDesc(desc)) {
    return exampleScalar(desc.fields[0].scalar, "value");
  }
  const messages = [...outer, desc];
  const groups = oneofGroups(context, desc).map(({ members }) => members);
  const entries: [DescField, JsonValue][] = [];
  for (const field of desc.fields) {
    if (
      !isVisible(context, field) ||
      fieldRules(context.rules, field).writeOnly ||
      (field.message !== undefined && messages.includes(field.message))
    ) {
      continue;
    }
    if (groups.some((group) => group.includes(field) && entries.some(([other]) => group.includes(other)))) {
      continue;
    }
    const value = findExample(context, field, messages);
    if (value !== undefined) {
      entries.push([field, value]);
    }
  }
  return Object.fromEntries(entries.map(([field, value]) => [jsonKey(context, field), value]));
}

/** The value of a field in ProtoJSON. */
export function exampleField(context: Context, field: DescField): JsonValue {
  return findExample(context, field, []) ?? {};
}

/** A value that obeys the field's rules, if one is found. */
function findExample(context: Context, field: DescField, outer: readonly DescMessage[]): JsonValue | undefined {
  // Without rules and examples any value of the type will do.
  const isFree = validateRules(context, field) === undefined && fieldRules(context.rules, field).examples.length === 0;
  const schema = isFree ? {} : valueSchema(context, field);
  const single = exampleSingle(context, field, outer);
  switch (field.fieldKind) {
    case "list": {
      const values = fitExamples(schema.items ?? {}, single);
      const count = Math.max(schema.minItems ?? 1, 1);
      const list = Array.from({ length: count }, (_, i) => values[i % values.length]).filter((v) => v !== undefined);
      return fitExamples(schema, list)[0];
    }
    case "map": {
      const { additionalProperties: ofValues } = schema;
      const [value] = fitExamples(typeof ofValues === "object" ? ofValues : {}, single);
      const key = String(exampleScalar(field.mapKey, "key"));
      const keys = fitExamples(schema.propertyNames ?? {}, key).slice(0, Math.max(schema.minProperties ?? 1, 1));
      if (value === undefined) {
        return undefined;
      }
      return fitExamples(schema, Object.fromEntries(keys.map((k) => [String(k), value])))[0];
    }
    default:
      return fitExamples(schema, single)[0];
  }
}

function exampleSingle(context: Context, field: DescField, outer: readonly DescMessage[]): JsonValue {
  if (field.message !== undefined) {
    return exampleMessage(context, field.message, outer);
  }
  if (field.enum === undefined) {
    return exampleScalar(field.scalar, field.name);
  }
  if (field.enum.typeName === "google.protobuf.NullValue") {
    return null;
  }
  // The first value usually means "unspecified".
  const value = field.enum.values[1] ?? field.enum.values[0];
  return (context.options.openapi_enum === "integer" ? value?.number : value?.name) ?? null;
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
