import type { JsonValue, Schema } from "../objects.js";

/** A value of each format that buf.validate asks for. */
const FORMATS: Readonly<Record<string, string>> = {
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  "uri-reference": "/path",
  uuid: "0b7e8a1e-8f9d-4c55-a4e5-d0c2e6a6ab35",
};

/**
 * Values that a schema allows, made of one that is like them: as it is, or with another length or size.
 * The author's own examples come first. Empty when none is found, as for most patterns.
 */
export function fitExamples(schema: Schema, like: JsonValue): readonly JsonValue[] {
  const { examples = [], enum: choices = [] } = schema;
  const only = schema.const === undefined ? [] : [schema.const];
  const others = [...only, ...choices, like, ...variants(schema, like)];
  return distinct([...examples, ...others.filter((value) => fits(schema, value))]);
}

export function fits(schema: Schema, value: JsonValue): boolean {
  const { enum: choices, anyOf, allOf, not, format = "" } = schema;
  if (schema.const !== undefined && !isEqual(schema.const, value)) {
    return false;
  }
  if (choices?.every((choice) => !isEqual(choice, value))) {
    return false;
  }
  if (anyOf?.every((one) => !fits(one, value)) || allOf?.some((one) => !fits(one, value))) {
    return false;
  }
  if (not !== undefined && fits(not, value)) {
    return false;
  }
  if (typeof value === "number") {
    return fitsNumber(schema, value);
  }
  if (Array.isArray(value)) {
    return fitsList(schema, value);
  }
  if (typeof value === "object" && value !== null) {
    return fitsObject(schema, value as Readonly<Record<string, JsonValue>>); // no list
  }
  if (typeof value !== "string") {
    return true;
  }
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
  const length = [...value].length;
  return (
    (FORMATS[format] ?? value) === value &&
    length >= minLength &&
    length <= maxLength &&
    (pattern === undefined || new RegExp(pattern, "u").test(value))
  );
}

function fitsNumber({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema, value: number): boolean {
  return (
    (minimum === undefined || value >= minimum) &&
    (maximum === undefined || value <= maximum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (exclusiveMaximum === undefined || value < exclusiveMaximum)
  );
}

function fitsList(
  { minItems = 0, maxItems = Number.POSITIVE_INFINITY, uniqueItems }: Schema,
  value: readonly JsonValue[],
) {
  const isUnique = uniqueItems !== true || distinct(value).length === value.length;
  return value.length >= minItems && value.length <= maxItems && isUnique;
}

function fitsObject(schema: Schema, value: Readonly<Record<string, JsonValue>>): boolean {
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY, required = [], properties = {} } = schema;
  const count = Object.keys(value).length;
  return (
    count >= minProperties &&
    count <= maxProperties &&
    required.every((key) => Object.hasOwn(value, key)) &&
    Object.entries(properties).every(([key, one]) => value[key] === undefined || fits(one, value[key]))
  );
}

function variants(schema: Schema, like: JsonValue): readonly JsonValue[] {
  const parts = [schema, ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  if (typeof like === "number") {
    return parts.flatMap(numbers);
  }
  if (typeof like === "boolean") {
    return [!like];
  }
  if (typeof like === "string") {
    return parts.flatMap((part) => texts(part, like));
  }
  // An Any, of which a type is asked for.
  return (schema.properties?.["@type"]?.enum ?? []).map((type) => ({ "@type": type }));
}

function numbers({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): readonly number[] {
  const least = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1);
  const most = maximum ?? (exclusiveMaximum === undefined ? undefined : exclusiveMaximum - 1);
  const ends = [exclusiveMinimum ?? minimum, exclusiveMaximum ?? maximum].filter((end) => end !== undefined);
  const middle = ends.length === 2 ? [ends.reduce((sum, end) => sum + end / 2, 0)] : [];
  return [least, most, ...middle].filter((value) => value !== undefined);
}

function texts({ format = "", minLength = 0, maxLength, pattern = "" }: Schema, like: string): readonly string[] {
  const literal = /^\^?((?:[^\\^$.*+?()[\]{}|]|\\[^A-Za-z0-9])+)\$?$/.exec(pattern)?.[1]?.replace(/\\(.)/g, "$1");
  const sized = (text: string) => [...text.padEnd(minLength, text === "" ? "a" : text)].slice(0, maxLength).join("");
  const joined = literal === undefined ? [] : [sized(`${literal}${like}`), `${like}${literal}`, literal];
  return [FORMATS[format] ?? like, sized(like), ...joined];
}

/** Values without those that are equal to one before. */
function distinct(values: readonly JsonValue[]): readonly JsonValue[] {
  return values.filter((value, i) => values.findIndex((other) => isEqual(other, value)) === i);
}

function isEqual(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
