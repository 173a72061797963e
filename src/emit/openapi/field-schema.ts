import type { DescField } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { behaviorKeywords, behaviorNote } from "./behavior-schema.js";
import type { Context } from "./context.js";
import { describe, paragraphs } from "./describe.js";
import { enumNames, enumSchema } from "./enum-schema.js";
import { overridden } from "./gnostic-overrides.js";
import { messageSchema } from "./message-schema.js";
import type { JsonValue, Schema } from "./objects.js";
import { mapKeySchema, scalarSchema } from "./scalar-schema.js";
import { withRules } from "./validate-field.js";

/** The schema of a field where its message declares it: its value, its comment, its default. */
export function fieldSchema(context: Context, field: DescField): Schema {
  return withField(valueSchema(context, field), field);
}

/** A schema with what a field's declaration adds to it. */
export function withField(schema: Schema, field: DescField): Schema {
  const declared = declaredDefault(field);
  const byDefault = declared === undefined ? undefined : defaultInJson(field, declared);
  const note = declared !== undefined && byDefault === undefined ? `Default: \`${declared}\`.` : undefined;
  const declaration: Schema = {
    ...schema,
    description: paragraphs(describe(field), note, behaviorNote(field), schema.description),
    default: byDefault,
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
  const value = valueSchema(context, field);
  const { description, ...schema } = overridden(
    { ...value, description: paragraphs(describe(field), value.description) },
    field,
  );
  return { description, schema };
}

/** The schema of a field's value, lists and maps included, with the rules that it obeys. */
export function valueSchema(context: Context, field: DescField): Schema {
  return withRules(context, field, typeSchema(context, field));
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

/** What proto2 and editions can declare as a field's default. */
function declaredDefault(field: DescField) {
  // Lists, maps and messages have none, and their descriptors not even the function.
  return field.fieldKind === "scalar" || field.fieldKind === "enum" ? field.getDefaultValue() : undefined;
}

/** Undefined for what JSON has no number for. */
function defaultInJson(field: DescField, value: ReturnType<typeof declaredDefault>): JsonValue | undefined {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return base64Encode(value);
  if (typeof value === "number" && !Number.isFinite(value)) return undefined;
  if (field.fieldKind === "enum") return enumNames(field.enum).find(({ number }) => number === value)?.name;
  return value;
}
