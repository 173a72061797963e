import { type DescField, type DescMessage, fromJson, type JsonReadOptions } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { isJsonObject, type JsonObject, type JsonValue } from "../shared/json.js";
import { type FieldViolation, quote } from "./bind-error.js";
import { expectedText, isTextMessage } from "./parse-value.js";

/** How deep messages nest at most: the limit of `fromJson`, and a bound for recursion. */
export const MAX_DEPTH = 100;

/**
 * What is wrong with the JSON of a message that `fromJson` refused: its errors name the field that failed,
 * but not the way to it. So each field is read on its own, and the first that fails is looked into.
 * Undefined when no single field is wrong, as with two members of one oneof.
 */
export function locateJsonError(
  desc: DescMessage,
  json: JsonValue,
  options: Partial<JsonReadOptions>,
): FieldViolation | undefined {
  let depth = 0;
  return inMessage(desc, json, "");

  function inMessage(desc: DescMessage, json: JsonValue, path: string): FieldViolation | undefined {
    if (hasCustomJsonRepresentation(desc)) return undefined;
    if (!isJsonObject(json)) return isNot(path, json, `a ${desc.typeName}`);
    if (++depth > MAX_DEPTH) return { field: "", description: `the JSON nests deeper than ${MAX_DEPTH} messages` };
    for (const [key, value] of Object.entries(json)) {
      const field = desc.fields.find(({ jsonName, name }) => jsonName === key || name === key);
      if (field !== undefined && !reads(desc, { [key]: value }))
        return inField(field, key, value, joinPath(path, field.name));
    }
    return undefined;
  }

  function inField(field: DescField, key: string, value: JsonValue, path: string): FieldViolation {
    if (field.fieldKind === "list") {
      if (!Array.isArray(value)) return isNot(path, value, "a list");
      const index = value.findIndex((item) => !reads(field.parent, { [key]: [item] }));
      return inValue(field, value[index] ?? null, `${path}[${index}]`);
    }
    if (field.fieldKind === "map") {
      if (!isJsonObject(value)) return isNot(path, value, "an object");
      const [wrong = "", item = null] =
        Object.entries(value).find(([name, item]) => !reads(field.parent, { [key]: { [name]: item } })) ?? [];
      return inValue(field, item, `${path}[${quote(wrong)}]`);
    }
    return inValue(field, value, path);
  }

  function inValue(field: DescField, value: JsonValue, path: string): FieldViolation {
    const { message } = field;
    if (message === undefined || isTextMessage(message)) return isNot(path, value, expectedText(field));
    return inMessage(message, value, path) ?? isNot(path, value, `a ${message.typeName}`);
  }

  function reads(desc: DescMessage, json: JsonObject): boolean {
    try {
      fromJson(desc, json, options);
      return true;
    } catch {
      return false;
    }
  }
}

function joinPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function isNot(field: string, value: JsonValue, expected: string): FieldViolation {
  const got = Array.isArray(value)
    ? "a list"
    : isJsonObject(value)
      ? "an object"
      : typeof value === "string"
        ? quote(value)
        : String(value);
  return { field, description: `${got} is not ${expected}` };
}
