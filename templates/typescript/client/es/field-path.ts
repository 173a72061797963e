import { type DescField, type DescMessage, fromJson, type JsonReadOptions } from "@bufbuild/protobuf";
import { isJsonObject, type JsonValue } from "../../shared/json.js";

/**
 * Where in the JSON of a message the field is that cannot be read: `legs[1].size`; empty where none is to blame.
 * protobuf-es names only the innermost field, `market.v1.Leg.size`. So it is looked for, by reading each part alone,
 * which costs as much as reading the message once more for each level.
 */
export function fieldPath(schema: DescMessage, json: JsonValue, options: Partial<JsonReadOptions>): string {
  const reads = (key: string, value: JsonValue) => {
    try {
      return Boolean(fromJson(schema, { [key]: value }, options));
    } catch {
      return false;
    }
  };
  for (const [key, value] of entriesOf(json)) {
    if (reads(key, value)) continue;
    const field = schema.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    if (field?.fieldKind === "list" && Array.isArray(value)) {
      const index = value.findIndex((item) => !reads(key, [item]));
      return `${key}[${index}]${inner(field, value[index], options)}`;
    }
    if (field?.fieldKind === "map") {
      const entry = entriesOf(value).find(([name, item]) => !reads(key, { [name]: item }));
      return entry ? `${key}[${JSON.stringify(entry[0])}]${inner(field, entry[1], options)}` : key;
    }
    return key + inner(field, value, options);
  }
  return "";
}

function inner(field: DescField | undefined, json: JsonValue | undefined, options: Partial<JsonReadOptions>): string {
  const path = field?.message && json !== undefined ? fieldPath(field.message, json, options) : "";
  return path && `.${path}`;
}

function entriesOf(json: JsonValue): [string, JsonValue][] {
  return isJsonObject(json) ? Object.entries(json) : [];
}
