import { type DescEnum, protoInt64, ScalarType } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import type { JsonValue } from "../json.js";
import { enumJsonName, INTEGER_TEXT, isLong, parseLong } from "./json-fields.js";

/** Reads a single value that is spelled as ProtoJSON writes it. Returns undefined for others, and throws for some that no spelling allows. */
export type ReadScalar = (json: JsonValue) => unknown;

/** How values of a scalar type are read from JSON; with `longAsString`, 64-bit integers become strings. */
export function createScalarReader(type: ScalarType, longAsString: boolean): ReadScalar {
  switch (type) {
    case ScalarType.STRING:
      return (json) => (typeof json === "string" && isWellFormed(json) ? json : undefined);
    case ScalarType.BOOL:
      return (json) => (typeof json === "boolean" ? json : undefined);
    case ScalarType.BYTES:
      return (json) => (typeof json === "string" ? base64Decode(json) : undefined);
    case ScalarType.DOUBLE:
      return (json) => (typeof json === "number" && Number.isFinite(json) ? json : undefined);
    case ScalarType.FLOAT:
      return (json) => (typeof json === "number" && Math.abs(json) <= FLOAT32_MAX ? json : undefined);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return (json) => (typeof json === "number" && json >>> 0 === json ? json : undefined);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return (json) => (typeof json === "number" && (json | 0) === json ? json : undefined);
    default:
      return (json) => {
        if ((typeof json !== "string" || json === "") && typeof json !== "number") {
          return undefined;
        }
        const value = parseLong(type, json);
        return longAsString ? String(json) : value;
      };
  }
}

/** How values of an enum are read: by their names, and by the numbers of those that it has. */
export function createEnumReader({ values }: DescEnum): ReadScalar {
  const numbers = new Map<unknown, number>(values.map((value) => [enumJsonName(value), value.number]));
  // A name counts more than the name that another value has in JSON.
  for (const { name, number } of values) {
    numbers.set(name, number).set(number, number);
  }
  return (json) => (Object.is(json, -0) ? undefined : numbers.get(json));
}

/** Whether the values of a scalar type are those of the JSON: not of bytes and integers of 64 bits. */
export function keepsJson(type: ScalarType): boolean {
  return type !== ScalarType.BYTES && !isLong(type);
}

/**
 * Copies the JSON of a `google.protobuf.Struct`. Returns undefined for the key `__proto__`, which releases of protobuf-es
 * treat differently, and if there are more levels.
 */
export function copyJson(json: JsonValue, levels: number): JsonValue | undefined {
  if (typeof json !== "object" || json === null) {
    return json;
  }
  if (Array.isArray(json)) {
    const items: JsonValue[] = [];
    for (const item of json) {
      const copy = levels > 0 ? copyJson(item, levels - 1) : undefined;
      if (copy === undefined) {
        return undefined;
      }
      items.push(copy);
    }
    return items;
  }
  const copy = { ...json };
  for (const key of Object.keys(copy)) {
    const value = levels > 0 && key !== "__proto__" ? copyJson(copy[key] as JsonValue, levels - 1) : undefined;
    if (value === undefined) {
      return undefined;
    }
    copy[key] = value;
  }
  return copy;
}

const FLOAT32_MAX = 3.4028234663852886e38;

const SURROGATE = /[\ud800-\udfff]/;

/** Whether a text has no lone surrogate. `isWellFormed` is part of ES2024; without it pairs count as lone ones. */
function isWellFormed(text: string & { isWellFormed?(): boolean }): boolean {
  return text.isWellFormed ? text.isWellFormed() : !SURROGATE.test(text);
}

/** A time in UTC, which is what ProtoJSON writes, after the year 1000. */
const TIMESTAMP =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;

/** Reads a `google.protobuf.Timestamp`. Returns undefined for one that is spelled otherwise. */
export function readTimestamp(json: JsonValue): unknown {
  if (typeof json !== "string" || !TIMESTAMP.test(json)) {
    return undefined;
  }
  const day = digits(json, 8, 10);
  const ms = Date.UTC(
    digits(json, 0, 4),
    digits(json, 5, 7) - 1,
    day,
    digits(json, 11, 13),
    digits(json, 14, 16),
    digits(json, 17, 19),
  );
  // `Date.UTC` takes the 30th of February for a day of March; what `fromJson` does depends on the engine.
  if (day > 28 && new Date(ms).getUTCDate() !== day) {
    return undefined;
  }
  const end = json.length - 1;
  const nanos = end > 20 ? digits(json, 20, end) * 10 ** (29 - end) : 0;
  return { $typeName: "google.protobuf.Timestamp", seconds: protoInt64.parse(ms / 1000), nanos };
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index++) {
    value = value * 10 + text.charCodeAt(index) - 48;
  }
  return value;
}

/** Whether a map's key is written as ProtoJSON writes it: not `01` for 1. */
export function createKeyCheck(type: ScalarType): (key: string) => boolean {
  const read = createScalarReader(type, false);
  switch (type) {
    case ScalarType.STRING:
      return (key) => key !== "__proto__" && read(key) !== undefined;
    case ScalarType.BOOL:
      return (key) => key === "true" || key === "false";
    default:
      return (key) => INTEGER_TEXT.test(key) && read(isLong(type) ? key : Number(key)) !== undefined;
  }
}
