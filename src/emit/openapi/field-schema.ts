import { type DescField, fromJson, type JsonObject, ScalarType, toJson } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { fieldExamples } from "../../model/field-rules.js";
import { behaviorKeywords, behaviorNote } from "./behavior-schema.js";
import { type Context, jsonKey } from "./context.js";
import { describe, paragraphs } from "./describe.js";
import { enumSchema } from "./enum-schema.js";
import { overridden } from "./gnostic-overrides.js";
import { messageSchema } from "./message-schema.js";
import type { JsonValue, Schema } from "./objects.js";
import { mapKeySchema, scalarSchema } from "./scalar-schema.js";
import { withRules } from "./validate-field.js";
import { enumInJson } from "./validate-value.js";

/** The schema of a field where its message declares it: its value, its comment, its default. */
export function fieldSchema(context: Context, field: DescField): Schema {
  return withField(context, valueSchema(context, field), field);
}

/** A schema with what a field's declaration adds to it. */
export function withField(context: Context, schema: Schema, field: DescField): Schema {
  const { value, note } = declaredDefault(context, field);
  const declaration: Schema = {
    ...schema,
    description: paragraphs(describe(field), note, behaviorNote(field), schema.description),
    default: value,
    deprecated: field.deprecated || undefined,
    ...behaviorKeywords(field),
  };
  return overridden(declaration, field);
}

/** The schema of a parameter that holds a field, and what is told about it. */
export function parameterSchema(
  context: Context,
  field: DescField,
): { description: string | undefined; schema: Schema } {
  const schema = valueSchema(context, field);
  const { value, note } = declaredDefault(context, field);
  const { description, ...rest } = overridden(
    { ...schema, description: paragraphs(describe(field), note, schema.description), default: value },
    field,
  );
  return { description, schema: rest };
}

/** The schema of a field's value, lists and maps included, with the rules that it obeys. */
export function valueSchema(context: Context, field: DescField): Schema {
  return withExamples(context, field, withRules(context, field, typeSchema(context, field)));
}

/** With the author's examples, which stand in front of those of its rules; of a list at its elements. */
function withExamples(context: Context, field: DescField, schema: Schema): Schema {
  const values = fieldExamples(field).flatMap((text) => exampleOf(context, field, text) ?? []);
  if (values.length === 0) return schema;
  const add = (to: Schema): Schema => ({ ...to, examples: [...values, ...(to.examples ?? [])] });
  if (field.fieldKind === "list") return { ...schema, items: add(schema.items ?? {}) };
  const { additionalProperties: ofValues } = schema;
  if (field.fieldKind !== "map" || typeof ofValues !== "object") return add(schema);
  return { ...schema, additionalProperties: add(ofValues) };
}

function typeSchema(context: Context, field: DescField): Schema {
  switch (field.fieldKind) {
    case "list":
      return { type: "array", items: singleSchema(context, field) };
    case "map":
      return {
        type: "object",
        propertyNames: mapKeySchema(field.mapKey),
        additionalProperties: singleSchema(context, field),
      };
    default:
      return singleSchema(context, field);
  }
}

/** The schema of one value of a field: of an element, where it is a list or a map. */
export function singleSchema(context: Context, field: DescField): Schema {
  if (field.message !== undefined) return messageSchema(context, field.message);
  if (field.enum !== undefined) return enumSchema(context, field.enum);
  return scalarSchema(field.scalar);
}

/** The ProtoJSON of a text, which stands for a string or is JSON; undefined, with a warning, where the field takes neither. */
function exampleOf(context: Context, field: DescField, text: string): JsonValue | undefined {
  const json = parseJson(text);
  const value = roundTrip(context, field, text) ?? (json === undefined ? undefined : roundTrip(context, field, json));
  if (value === undefined) {
    context.problems.warn({ desc: field }, `the example "${text}" is not a value of the field: it is left out`);
  }
  return value;
}

/** What a writer makes of a value of the field, or of one of its elements. */
function roundTrip(context: Context, field: DescField, value: JsonValue): JsonValue | undefined {
  const { fieldKind, parent } = field;
  const key =
    fieldKind === "map" && field.mapKey !== ScalarType.STRING
      ? field.mapKey === ScalarType.BOOL
        ? "true"
        : "1"
      : "key";
  const wrapped = fieldKind === "list" ? [value] : fieldKind === "map" ? { [key]: value } : value;
  try {
    const message = fromJson(parent, { [field.jsonName]: wrapped } as JsonObject); // its values are JSON
    const written = toJson(parent, message, {
      alwaysEmitImplicit: true,
      enumAsInteger: context.options.enums === "integer",
      useProtoFieldName: context.options.protoNames,
    }) as JsonObject; // a message with fields is an object
    const own = written[jsonKey(context, field)] as JsonValue | undefined;
    return fieldKind === "list" || fieldKind === "map" ? Object.values(own ?? {})[0] : own;
  } catch {
    return undefined;
  }
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What proto2 and editions can declare as a field's default; a note where JSON has no form for it. */
function declaredDefault(context: Context, field: DescField): { value?: JsonValue | undefined; note?: string } {
  // Lists, maps and messages have none, and their descriptors not even the function.
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") return {};
  const declared = field.getDefaultValue();
  if (declared === undefined) return {};
  if (typeof declared === "number" && !Number.isFinite(declared)) return { note: `Default: \`${declared}\`.` };
  if (field.fieldKind === "enum") return { value: enumInJson(context, field.enum, Number(declared))[0] };
  if (typeof declared === "bigint") return { value: declared.toString() };
  return { value: declared instanceof Uint8Array ? base64Encode(declared) : declared };
}
