import type { DescField } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { behaviorKeywords, behaviorNote } from "./behavior-schema.js";
import type { Context } from "./context.js";
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
