import {
  type DescField,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Registry,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import type { Example } from "./rules.js";

/** Reads an example, which is a string or JSON. Undefined if it is not a value of the field. */
export function readExample(field: DescField, text: string, { registry }: { registry: Registry }): Example | undefined {
  const json = parseJson(text);
  const read = (value: JsonValue) => canonical(field, value, registry);
  const collection = typeof json === "object" && json !== null ? read(json) : undefined;
  if (collection !== undefined) {
    return { of: "field", value: collection };
  }
  const value = read(holding(field, text)) ?? (json === undefined ? json : read(holding(field, json)));
  if (value === undefined || isNotJsonNumber(field, value)) {
    return undefined;
  }
  return { of: field.fieldKind === "list" || field.fieldKind === "map" ? "element" : "field", value };
}

/** The value of the field: for a list or a map, one that holds only this element. */
function holding(field: DescField, element: JsonValue): JsonValue {
  switch (field.fieldKind) {
    case "list":
      return [element];
    case "map":
      return { [{ [ScalarType.STRING]: "key", [ScalarType.BOOL]: "true" }[Number(field.mapKey)] ?? "1"]: element };
    default:
      return element;
  }
}

/** `NaN`, `Infinity` and `-Infinity` are strings in ProtoJSON, and no schema of a number takes them. */
function isNotJsonNumber(field: DescField, value: JsonValue): boolean {
  const isFloat = field.scalar === ScalarType.DOUBLE || field.scalar === ScalarType.FLOAT;
  const isCollection = typeof value === "object" && value !== null;
  return isFloat && (isCollection ? Object.values(value) : [value]).some((item) => typeof item === "string");
}

/** The canonical ProtoJSON of a value; undefined if it is not a value of the field. */
function canonical(field: DescField, value: JsonValue, registry: Registry): JsonValue | undefined {
  try {
    const message = fromJson(field.parent, { [field.jsonName]: value }, { registry });
    const written = toJson(field.parent, message, { alwaysEmitImplicit: true, registry }) as JsonObject; // it has fields
    return written[field.jsonName];
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
