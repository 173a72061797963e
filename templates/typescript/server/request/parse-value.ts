import { type DescField, type DescMessage, fromJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { expectedScalar, parseEnum, parseScalar, type ScalarValue } from "./parse-scalar.js";

/**
 * Reads the text of a field's value in a path or a query, or of one of its values: a scalar, an enum, or a
 * message whose ProtoJSON is a scalar. Undefined when the text is not one.
 */
export function parseValue(field: DescField, text: string): ScalarValue | ReflectMessage | undefined {
  if (field.enum !== undefined) {
    return parseEnum(field.enum, text);
  }
  if (field.scalar !== undefined) {
    return parseScalar(field.scalar, text);
  }
  return field.message && parseMessage(field.message, text);
}

/** What the text of such a field has to be: `an integer from 0 to 4294967295`. */
export function expectedText({ scalar, enum: descEnum, message }: DescField): string {
  if (descEnum !== undefined) {
    return `a value of ${descEnum.typeName}`;
  }
  if (message !== undefined && isWrapperDesc(message)) {
    return expectedText(message.fields[0]);
  }
  if (scalar !== undefined) {
    return expectedScalar(scalar);
  }
  const text = message && textMessages.get(message.typeName);
  return text?.expected ?? "a text";
}

/** Whether a message stands in a path or a query as one text. */
export function isTextMessage(desc: DescMessage): boolean {
  return isWrapperDesc(desc) || textMessages.has(desc.typeName);
}

interface TextMessage {
  readonly expected: string;
  isValid(text: string): boolean;
}

// `fromJson` reads on behind a duration's "s", and takes the 30th of February for a day of March.
const textMessages: ReadonlyMap<string, TextMessage> = new Map([
  ["google.protobuf.Timestamp", { expected: "a time as in 2026-01-31T09:30:00Z", isValid: isCalendarTime }],
  [
    "google.protobuf.Duration",
    { expected: "seconds as in 1.5s", isValid: (text) => /^-?\d{1,12}(?:\.\d{1,9})?s$/.test(text) },
  ],
  ["google.protobuf.FieldMask", { expected: "names of fields, as in id,displayName", isValid: () => true }],
]);

function parseMessage(desc: DescMessage, text: string): ReflectMessage | undefined {
  if (isWrapperDesc(desc)) {
    const [field] = desc.fields;
    const value = parseValue(field, text);
    if (value === undefined) {
      return undefined;
    }
    const wrapper = reflect(desc);
    wrapper.set(field, value);
    return wrapper;
  }
  if (!textMessages.get(desc.typeName)?.isValid(text)) {
    return undefined;
  }
  try {
    return reflect(desc, fromJson(desc, text));
  } catch {
    return undefined;
  }
}

function isCalendarTime(text: string): boolean {
  const local = text.slice(0, 19);
  const time = new Date(`${local}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(local);
}
