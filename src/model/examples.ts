import { type DescField, fromJson, type JsonObject, type JsonValue, ScalarType, toJson } from "@bufbuild/protobuf";
import type { Problems } from "../problems.js";
import type { Example } from "./rules.js";

/** What a text says, which is a string or JSON; undefined, with a warning, if the field does not take it. */
export function readExample(field: DescField, text: string, problems: Problems): Example | undefined {
  const json = parseJson(text);
  const collection = typeof json === "object" && json !== null ? canonical(field, json) : undefined;
  if (collection !== undefined) {
    return { of: "field", value: collection };
  }
  const value =
    canonical(field, holding(field, text)) ?? (json === undefined ? json : canonical(field, holding(field, json)));
  if (value === undefined || isNotJsonNumber(field, value)) {
    problems.warn({ desc: field }, `the example "${text}" is not a value of the field: it is left out`);
    return undefined;
  }
  return { of: field.fieldKind === "list" || field.fieldKind === "map" ? "element" : "field", value };
}

/** The value of a field that holds one element, if it is a list or a map. */
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

/** The ProtoJSON of the value of a field; undefined if the field does not take it. */
function canonical(field: DescField, value: JsonValue): JsonValue | undefined {
  try {
    const message = fromJson(field.parent, { [field.jsonName]: value });
    const written = toJson(field.parent, message, { alwaysEmitImplicit: true }) as JsonObject; // it has fields
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
