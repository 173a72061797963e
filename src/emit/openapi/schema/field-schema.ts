import { type DescField, fromJson, type JsonObject, toJson } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { readDocs } from "../../../model/docs.js";
import { type Example, type FieldRules, fieldRules } from "../../../model/rules.js";
import { type Context, enumInJson, jsonKey } from "../context.js";
import { commentWith, externalDocs, paragraphs } from "../describe.js";
import { omitAt, overridden, type Tree } from "../merge.js";
import type { JsonValue, Schema } from "../objects.js";
import { withRules } from "../validate/field-rules.js";
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
  const rules = fieldRules(context.rules, field);
  const declaration: Schema = {
    ...schema,
    description: paragraphs(fieldComment(context, field), note, behaviorNote(rules), schema.description),
    externalDocs: externalDocs(rules.document?.externalDocs),
    default: value,
    deprecated: field.deprecated || undefined,
    ...behaviorKeywords(rules),
  };
  return overridden(declaration, gnosticSchema(context, field));
}

function fieldComment({ rules }: Context, field: DescField): string | undefined {
  return commentWith(fieldRules(rules, field).document?.summary, readDocs(field));
}

/** What an option of gnostic says, without what the option of sse.v1 says. */
function gnosticSchema({ rules }: Context, field: DescField): Tree | undefined {
  const override = rules.gnostic.get(field);
  const { summary, externalDocs, hasExample = false } = fieldRules(rules, field).document ?? {};
  const said = Object.entries({ description: summary, externalDocs, examples: hasExample || undefined })
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
  return override && omitAt(override, [], said);
}

/** The schema and the description of a parameter that holds a field. */
export function parameterSchema(
  context: Context,
  field: DescField,
): { description: string | undefined; schema: Schema } {
  const schema = valueSchema(context, field);
  const { value, note } = declaredDefault(context, field);
  const { description, ...rest } = overridden(
    {
      ...schema,
      description: paragraphs(fieldComment(context, field), note, schema.description),
      externalDocs: externalDocs(fieldRules(context.rules, field).document?.externalDocs),
      default: value,
    },
    gnosticSchema(context, field),
  );
  return { description, schema: rest };
}

/** The schema of a field's value, lists and maps included, with the rules that it obeys. */
export function valueSchema(context: Context, field: DescField): Schema {
  return withExamples(context, field, withRules(context, field, typeSchema(context, field)));
}

/** With the author's examples, which stand in front of those of its rules. */
function withExamples(context: Context, field: DescField, schema: Schema): Schema {
  const { examples } = fieldRules(context.rules, field);
  const values = (of: Example["of"]) =>
    examples.filter((example) => example.of === of).map((example) => exampleValue(context, field, example));
  const whole = addExamples(schema, values("field"));
  if (field.fieldKind === "list") {
    return { ...whole, items: addExamples(schema.items ?? {}, values("element")) };
  }
  const { additionalProperties: ofValues } = schema;
  if (field.fieldKind !== "map" || typeof ofValues !== "object") {
    return whole;
  }
  return { ...whole, additionalProperties: addExamples(ofValues, values("element")) };
}

function addExamples(schema: Schema, values: readonly JsonValue[]): Schema {
  const distinct = new Map(values.map((value) => [JSON.stringify(value), value])).values();
  return values.length === 0 ? schema : { ...schema, examples: [...distinct, ...(schema.examples ?? [])] };
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

/** The value of an example in the form that the document describes: with other names of fields, or numbers of enums. */
function exampleValue(context: Context, field: DescField, { of, value }: Example): JsonValue {
  const { openapi_enum, openapi_proto_names } = context.options;
  const registry = context.rules.registry();
  const json = { [field.jsonName]: value } as JsonObject; // ours is read-only
  const message = toJson(field.parent, fromJson(field.parent, json, { registry }), {
    alwaysEmitImplicit: true,
    registry,
    enumAsInteger: openapi_enum === "integer",
    useProtoFieldName: openapi_proto_names,
  }) as JsonObject; // a message with fields is an object
  const written = message[jsonKey(context, field)] ?? null; // the model has seen that there is a value
  return of === "element" ? Object.values(written ?? {})[0] : written;
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

/** The field behaviors that no keyword expresses. */
const NOTES: Record<FieldRules["behaviors"][number], string> = {
  IMMUTABLE: "Immutable: it cannot be changed after creation.",
  UNORDERED_LIST: "The order of the elements is not defined.",
  NON_EMPTY_DEFAULT: "If it is not set, the server sets a non-empty value.",
  IDENTIFIER: "The identifier of the resource.",
};

/** google.api.field_behavior as keywords of a property. */
function behaviorKeywords({ readOnly, writeOnly, behaviors }: FieldRules): Schema {
  return {
    readOnly: readOnly || undefined,
    writeOnly: writeOnly || undefined,
    "x-field-behavior": behaviors.length > 0 ? behaviors : undefined,
  };
}

function behaviorNote({ behaviors }: FieldRules): string | undefined {
  return paragraphs(...behaviors.map((behavior) => NOTES[behavior]));
}
