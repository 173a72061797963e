import { type DescField, fromJson, type JsonObject, ScalarType, toJson } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { fieldExamples } from "../../../model/field-rules.js";
import { type Context, jsonKey } from "../context.js";
import { describe, paragraphs } from "../describe.js";
import { overridden } from "../document/gnostic-overrides.js";
import type { JsonValue, Schema } from "../objects.js";
import { distinct } from "../stream/fit-example.js";
import { withRules } from "../validate/field-rules.js";
import { enumInJson } from "../validate/value-rules.js";
import { behaviorKeywords, behaviorNote } from "./behavior-schema.js";
import { enumSchema } from "./enum-schema.js";
import { messageSchema } from "./message-schema.js";
import { mapKeySchema, scalarSchema } from "./scalar-schema.js";

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

/** With the author's examples, which stand in front of those of its rules. */
function withExamples(context: Context, field: DescField, schema: Schema): Schema {
  const examples = fieldExamples(field).flatMap((text) => exampleOf(context, field, text) ?? []);
  const whole = add(schema, examples, "whole");
  if (field.fieldKind === "list") {
    return { ...whole, items: add(schema.items ?? {}, examples, "element") };
  }
  const { additionalProperties: ofValues } = schema;
  if (field.fieldKind !== "map" || typeof ofValues !== "object") {
    return whole;
  }
  return { ...whole, additionalProperties: add(ofValues, examples, "element") };
}

/** An example of a field, or of one element of a list or a map. */
interface Example {
  readonly of: "whole" | "element";
  readonly value: JsonValue;
}

function add(schema: Schema, examples: readonly Example[], of: Example["of"]): Schema {
  const values = distinct(examples.filter((example) => example.of === of).map(({ value }) => value));
  return values.length === 0 ? schema : { ...schema, examples: [...values, ...(schema.examples ?? [])] };
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
  if (field.message !== undefined) {
    return messageSchema(context, field.message);
  }
  if (field.enum !== undefined) {
    return enumSchema(context, field.enum);
  }
  return scalarSchema(field.scalar);
}

/** What a text says, which is a string or JSON; undefined, with a warning, where the field does not take it. */
function exampleOf(context: Context, field: DescField, text: string): Example | undefined {
  const json = parseJson(text);
  const whole = isCollection(json) ? writtenField(context, field, json) : undefined;
  if (whole !== undefined) {
    return { of: "whole", value: whole };
  }
  const of = field.fieldKind === "list" || field.fieldKind === "map" ? "element" : "whole";
  const value =
    writtenElement(context, field, text) ?? (json === undefined ? json : writtenElement(context, field, json));
  // Schemas take no number that JSON does not have.
  if (value !== undefined && !(isFloat(field) && typeof value === "string")) {
    return { of, value };
  }
  context.problems.warn({ desc: field }, `the example "${text}" is not a value of the field: it is left out`);
  return undefined;
}

function isCollection(json: JsonValue | undefined): json is JsonObject | JsonValue[] {
  return typeof json === "object" && json !== null;
}

function isFloat({ scalar }: DescField): boolean {
  return scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT;
}

/** What a writer makes of an element of a list or a map, or of the value of another field. */
function writtenElement(context: Context, field: DescField, value: JsonValue): JsonValue | undefined {
  switch (field.fieldKind) {
    case "list":
      return Object.values(writtenField(context, field, [value]) ?? {})[0];
    case "map": {
      const key = { [ScalarType.STRING]: "key", [ScalarType.BOOL]: "true" }[Number(field.mapKey)] ?? "1";
      return Object.values(writtenField(context, field, { [key]: value }) ?? {})[0];
    }
    default:
      return writtenField(context, field, value);
  }
}

/** What a writer makes of the value of a field; undefined for what the field does not take. */
function writtenField(context: Context, field: DescField, value: JsonValue): JsonValue | undefined {
  try {
    const message = fromJson(field.parent, { [field.jsonName]: value } as JsonObject); // its values are JSON
    const written = toJson(field.parent, message, {
      alwaysEmitImplicit: true,
      enumAsInteger: context.options.enums === "integer",
      useProtoFieldName: context.options.protoNames,
    }) as JsonObject; // a message with fields is an object
    return written[jsonKey(context, field)];
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
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") {
    return {};
  }
  const declared = field.getDefaultValue();
  if (declared === undefined) {
    return {};
  }
  if (typeof declared === "number" && !Number.isFinite(declared)) {
    return { note: `Default: \`${declared}\`.` };
  }
  if (field.fieldKind === "enum") {
    return { value: enumInJson(context, field.enum, Number(declared))[0] };
  }
  if (typeof declared === "bigint") {
    return { value: declared.toString() };
  }
  return { value: declared instanceof Uint8Array ? base64Encode(declared) : declared };
}
