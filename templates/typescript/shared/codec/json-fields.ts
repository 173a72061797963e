import { type DescEnum, type DescField, type DescMessage, protoInt64, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

/**
 * How a single value of a field is written in ProtoJSON. `reference` is what protobuf-es reads and writes for us: types
 * with a JSON of their own, such as google.protobuf.Any.
 */
export type JsonForm =
  | { readonly kind: "scalar"; readonly scalar: ScalarType; readonly longAsString: boolean }
  | { readonly kind: "enum"; readonly enum: DescEnum }
  | { readonly kind: "message"; readonly message: DescMessage }
  | { readonly kind: "timestamp" }
  | { readonly kind: "struct" }
  | { readonly kind: "wrapper"; readonly message: DescMessage; readonly value: JsonForm; readonly unwrapped: boolean }
  | { readonly kind: "reference" };

/** A field in the JSON of its message. */
export interface JsonField {
  readonly desc: DescField;
  /** The property of the message that holds the field: its own, or that of its oneof. */
  readonly property: string;
  readonly form: JsonForm;
}

/**
 * The fields of a message and how each is written in JSON: the one table that decoders and encoders are made from. A
 * message with a JSON that is not ProtoJSON would have other forms here.
 */
export function jsonFields(desc: DescMessage): JsonField[] {
  return desc.fields.map((field) => ({
    desc: field,
    property: (field.oneof ?? field).localName,
    form: fieldForm(field),
  }));
}

/** How a message is written by itself. */
export function messageForm(message: DescMessage): JsonForm {
  const [field] = message.fields;
  if (isWrapperDesc(message) && field) {
    return { kind: "wrapper", message, value: fieldForm(field), unwrapped: false };
  }
  if (message.typeName === "google.protobuf.Timestamp") {
    return { kind: "timestamp" };
  }
  return hasOwnJson(message) ? { kind: "reference" } : { kind: "message", message };
}

function fieldForm(field: DescField): JsonForm {
  if (field.message) {
    // protobuf-es keeps the JSON of a Struct, but in a google.protobuf.Value.
    if (field.message.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value") {
      return { kind: "struct" };
    }
    const form = messageForm(field.message);
    // protobuf-es keeps the bare value of a wrapper, but in lists, maps and oneofs.
    return form.kind === "wrapper" ? { ...form, unwrapped: field.fieldKind === "message" && !field.oneof } : form;
  }
  if (field.enum) {
    return { kind: "enum", enum: field.enum };
  }
  const { scalar = ScalarType.STRING } = field;
  return { kind: "scalar", scalar, longAsString: "longAsString" in field && field.longAsString };
}

/** Whether the JSON of a message is not an object of its fields. protobuf-es exports this only since 2.12. */
export function hasOwnJson(desc: DescMessage): boolean {
  return isWrapperDesc(desc) || OWN_JSON.has(desc.typeName);
}

const OWN_JSON: ReadonlySet<string> = new Set([
  "google.protobuf.Any",
  "google.protobuf.Duration",
  "google.protobuf.FieldMask",
  "google.protobuf.ListValue",
  "google.protobuf.Struct",
  "google.protobuf.Timestamp",
  "google.protobuf.Value",
]);

/** The name of an enum's value in JSON; some releases of protobuf-es have an option for it. */
export function enumJsonName(value: { readonly name: string; readonly jsonName?: string }): string {
  return value.jsonName ?? value.name;
}

/** The properties of a message, by the names that protobuf-es gives them. */
export type Properties = Record<string, unknown>;

/** An integer as ProtoJSON writes it in text: not `01`, not `+1`. */
export const INTEGER_TEXT: RegExp = /^(?:0|-?[1-9]\d*)$/;

/** Whether a type has 64 bits. ProtoJSON writes its values as text. */
export function isLong(type: ScalarType): boolean {
  return (
    type === ScalarType.UINT64 ||
    type === ScalarType.FIXED64 ||
    type === ScalarType.INT64 ||
    type === ScalarType.SINT64 ||
    type === ScalarType.SFIXED64
  );
}

/** Parses an integer of 64 bits. Throws for one that is out of range. */
export function parseLong(type: ScalarType, value: string | number): bigint {
  return type === ScalarType.UINT64 || type === ScalarType.FIXED64 ? protoInt64.uParse(value) : protoInt64.parse(value);
}
