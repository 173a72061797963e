import { type DescEnum, type DescField, type DescMessage, fromJson, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { quote, type Violations } from "../errors/bind-error.js";

/** A field that holds one message. */
export type MessageField = Extract<DescField, { readonly fieldKind: "message" }>;

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

/** What the text of a field has to be: `an integer from 0 to 4294967295`. */
export function expectedText({ scalar, enum: descEnum, message }: DescField): string {
  if (descEnum !== undefined) {
    return `a value of ${descEnum.typeName}`;
  }
  const wrapped = message && wrappedField(message);
  if (wrapped) {
    return expectedText(wrapped);
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

/**
 * The field of a wrapper such as google.protobuf.StringValue. `isWrapperDesc` would narrow the descriptor to an
 * intersection of all kinds of fields, for which compilers of the emitted code make 50,000 types.
 */
function wrappedField(desc: DescMessage): DescField | undefined {
  const isWrapper: boolean = isWrapperDesc(desc);
  return isWrapper ? desc.fields[0] : undefined;
}

interface TextMessage {
  readonly expected: string;
  isValid(text: string): boolean;
}

// `fromJson` accepts text after the "s" of a duration, and reads the 30th of February as a day of March.
const textMessages: ReadonlyMap<string, TextMessage> = new Map([
  ["google.protobuf.Timestamp", { expected: "a time as in 2026-01-31T09:30:00Z", isValid: isCalendarTime }],
  [
    "google.protobuf.Duration",
    { expected: "seconds as in 1.5s", isValid: (text) => /^-?\d{1,12}(?:\.\d{1,9})?s$/.test(text) },
  ],
  ["google.protobuf.FieldMask", { expected: "names of fields, as in id,displayName", isValid: () => true }],
]);

function parseMessage(desc: DescMessage, text: string): ReflectMessage | undefined {
  const field = wrappedField(desc);
  if (field) {
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

/** A value for the reflection of protobuf-es. */
export type ScalarValue = string | number | bigint | boolean | Uint8Array;

type IntegerRange = readonly [bigint, bigint];

const INT32 = /* @__PURE__ */ signedRange(32);
const UINT32 = /* @__PURE__ */ unsignedRange(32);
const INT64 = /* @__PURE__ */ signedRange(64);
const UINT64 = /* @__PURE__ */ unsignedRange(64);

/** The greatest finite number of single precision. */
const FLOAT_MAX = 2 ** 128 - 2 ** 104;

// No computer writes a number with more digits, and BigInt takes quadratic time to parse them.
const LONGEST = 400;

/** What the text of a scalar has to be: `an integer from 0 to 4294967295`. */
export function expectedScalar(scalar: ScalarType): string {
  const range = integerRange(scalar);
  if (range !== undefined) {
    return `an integer from ${range[0]} to ${range[1]}`;
  }
  switch (scalar) {
    case ScalarType.BOOL:
      return `"true" or "false"`;
    case ScalarType.BYTES:
      return "base64";
    case ScalarType.FLOAT:
      return "a number of single precision";
    case ScalarType.DOUBLE:
      return "a number";
    default:
      return "text";
  }
}

/** Reads the text of a scalar in a path or a query; undefined when it is not one. */
export function parseScalar(type: ScalarType, text: string): ScalarValue | undefined {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return parseBool(text);
    case ScalarType.BYTES:
      return parseBytes(text);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return parseFloatingPoint(type, text);
    default:
      return parseInteger(type, text);
  }
}

/** Reads a value's name, or its number; a number without a name where the enum is open. */
export function parseEnum(desc: DescEnum, text: string): number | undefined {
  const value = desc.values.find(({ name }) => name === text);
  if (value !== undefined) {
    return value.number;
  }
  const number = parseInteger(ScalarType.INT32, text);
  return typeof number === "number" && (desc.open || desc.value[number] !== undefined) ? number : undefined;
}

function parseBool(text: string): boolean | undefined {
  if (text === "true" || text === "1") {
    return true;
  }
  return text === "false" || text === "0" ? false : undefined;
}

/** Base64 or base64url, padded or not; never both alphabets, no line breaks. */
function parseBytes(text: string): Uint8Array | undefined {
  const [digits = ""] = text.split("=", 1);
  const padding = text.length - digits.length;
  if (!/^(?:[A-Za-z0-9+/]*|[\w-]*)$/.test(digits) || digits.length % 4 === 1) {
    return undefined;
  }
  if (padding > 0 && (padding > 2 || text.length % 4 !== 0 || !text.endsWith("=".repeat(padding)))) {
    return undefined;
  }
  return base64Decode(digits);
}

function parseFloatingPoint(type: ScalarType, text: string): number | undefined {
  if (text === "NaN" || text === "Infinity" || text === "-Infinity") {
    return Number(text);
  }
  if (text.length > LONGEST || !/^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    return undefined;
  }
  const number = Number(text);
  if (type === ScalarType.FLOAT && Math.abs(number) > FLOAT_MAX) {
    // Go and Python write the greatest one as 3.4028235e+38, which is a little greater.
    const rounded = Math.fround(number);
    return Number.isFinite(rounded) ? rounded : undefined;
  }
  return Number.isFinite(number) ? number : undefined;
}

function parseInteger(type: ScalarType, text: string): number | bigint | undefined {
  const range = integerRange(type);
  if (range === undefined || text.length > LONGEST || !/^-?\d+$/.test(text)) {
    return undefined;
  }
  const integer = BigInt(text);
  if (integer < range[0] || integer > range[1]) {
    return undefined;
  }
  return range === INT32 || range === UINT32 ? Number(integer) : integer;
}

function integerRange(type: ScalarType): IntegerRange | undefined {
  switch (type) {
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return INT32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return UINT32;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return INT64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return UINT64;
    default:
      return undefined;
  }
}

// BigInt literals do not compile with a `target` before ES2020.
function signedRange(bits: number): IntegerRange {
  const limit = BigInt(2) ** BigInt(bits - 1);
  return [-limit, limit - BigInt(1)];
}

function unsignedRange(bits: number): IntegerRange {
  return [BigInt(0), BigInt(2) ** BigInt(bits) - BigInt(1)];
}

/**
 * Whether a field can be set. It cannot if another member of its oneof is set, which is a violation.
 * `path` leads to the field.
 */
export function canSet(holder: ReflectMessage, field: DescField, path: string, violations: Violations): boolean {
  const other = field.oneof && holder.oneofCase(field.oneof);
  if (other === undefined || other === field) {
    return true;
  }
  violations.add(path, `is set beside "${other.name}" of the same oneof: leave one of them out`);
  return false;
}

/** The message of a field, created if it is not set. Undefined if the field cannot be set. */
export function openMessage(
  holder: ReflectMessage,
  field: MessageField,
  path: string,
  violations: Violations,
): ReflectMessage | undefined {
  if (!canSet(holder, field, path, violations)) {
    return undefined;
  }
  if (holder.isSet(field)) {
    return holder.get(field);
  }
  const message = reflect(field.message, undefined, false);
  holder.set(field, message);
  return message;
}

/** Sets a field that holds one value from its text in a path or a query. */
export function setText(
  holder: ReflectMessage,
  field: DescField,
  text: string,
  path: string,
  violations: Violations,
): void {
  const value = parseValue(field, text);
  if (value === undefined) {
    violations.add(path, notAValue(field, text));
  } else if (canSet(holder, field, path, violations)) {
    holder.set(field, value);
  }
}

/** The error of a text that is not a value: `"abc" is not a number`. */
export function notAValue(field: DescField, text: string): string {
  return `${quote(text)} is not ${expectedText(field)}`;
}
