import { ScalarType } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { INTEGER_TEXT, isLong, type Properties, parseLong } from "./json-fields.js";

/** Writes a single value. Returns undefined for those that protobuf-es has to write. */
type WriteScalar = (value: unknown) => string | undefined;

/** How values of a scalar type are written as JSON. */
export function createScalarWriter(type: ScalarType): WriteScalar {
  const isNative = nativeCheck(type);
  if (type === ScalarType.STRING) {
    return (value) => (typeof value === "string" ? quoteJson(value) : undefined);
  }
  if (isNative) {
    return (value) => (isNative(value) ? String(value) : undefined);
  }
  if (type === ScalarType.BYTES) {
    return (value) => (value instanceof Uint8Array ? `"${base64Encode(value)}"` : undefined);
  }
  return (value) =>
    typeof value === "bigint" || (typeof value === "string" && isLongText(type, value)) ? `"${value}"` : undefined;
}

/** What tests whether `JSON.stringify` writes a value as ProtoJSON does; undefined for types of which it writes none so. */
export function nativeCheck(type: ScalarType): ((value: unknown) => boolean) | undefined {
  switch (type) {
    case ScalarType.STRING:
      return (value) => typeof value === "string";
    case ScalarType.BOOL:
      return (value) => typeof value === "boolean";
    case ScalarType.BYTES:
      return undefined;
    default:
      // Releases of protobuf-es differ in how they write -0.
      return isLong(type) ? undefined : (value) => Number.isFinite(value) && !Object.is(value, -0);
  }
}

function isLongText(type: ScalarType, value: string): boolean {
  return INTEGER_TEXT.test(value) && (value.length < 19 || parseLong(type, value) !== undefined);
}

/** Text that `JSON.stringify` only puts into quotes. Of surrogates it changes those without another half. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** The JSON of a text. */
export function quoteJson(text: string): string {
  return text.length < 64 && PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** The JSON of a `google.protobuf.Timestamp`. Returns undefined for one that protobuf-es has to write or refuse. */
export function writeTimestamp(value: unknown): string | undefined {
  if (!hasProperties(value, "google.protobuf.Timestamp")) {
    return undefined;
  }
  const { seconds, nanos } = value as { readonly seconds?: unknown; readonly nanos?: unknown };
  const ms = Number(seconds) * 1000;
  // From the year 1 to 9999.
  if (
    typeof seconds !== "bigint" ||
    typeof nanos !== "number" ||
    nanos >>> 0 !== nanos ||
    nanos > 999_999_999 ||
    ms < -62135596800000 ||
    ms > 253402300799000
  ) {
    return undefined;
  }
  const time = new Date(ms).toISOString().slice(0, 19);
  if (nanos === 0) {
    return `"${time}Z"`;
  }
  // 3, 6 or 9 digits.
  const digits = String(nanos)
    .padStart(9, "0")
    .replace(/(?:000){1,2}$/, "");
  return `"${time}.${digits}Z"`;
}

/** Whether a value is an object, and a message of a type where one is named. */
export function hasProperties(value: unknown, typeName?: string): value is Properties {
  return (
    typeof value === "object" &&
    value !== null &&
    (typeName === undefined || Reflect.get(value, "$typeName") === typeName)
  );
}

/** Whether `JSON.stringify` writes a value in a `google.protobuf.Struct` as protobuf-es does. */
export function isPlainJson(value: unknown): boolean {
  if (typeof value === "number") {
    return Number.isFinite(value);
  }
  if (typeof value !== "object" || value === null) {
    return typeof value === "string" || typeof value === "boolean" || value === null;
  }
  if (Array.isArray(value)) {
    return areAll(value, isPlainJson);
  }
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return false;
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === "__proto__" || !isPlainJson(member)) {
      return false;
    }
  }
  return true;
}

/** Whether a test holds for all items: `every` leaves out the holes of a list. */
export function areAll<T>(items: readonly T[], test: (item: T) => boolean): boolean {
  for (const item of items) {
    if (!test(item)) {
      return false;
    }
  }
  return true;
}
