import {
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { parse } from "yaml";
import type { ForeignOptions } from "./foreign-option.js";

/**
 * The option of gnostic on a declaration (openapiv3/annotations.proto) as an object of OpenAPI: a Document, an
 * Operation or a Schema. gnostic has used two names for its package, and both are read. Throws UnreadableOption.
 */
export function readGnostic(
  desc: DescFile | DescMethod | DescMessage | DescField,
  options: ForeignOptions,
): JsonObject | undefined {
  const name = { file: "document", rpc: "operation", message: "schema", field: "property" }[desc.kind];
  const option = options.read(desc, `openapi.v3.${name}`) ?? options.read(desc, `gnostic.openapi.v3.${name}`);
  return option && object(toOpenApi(option.desc, option.json));
}

/** A message of openapiv3/OpenAPIv3.proto, whose maps are lists of pairs and whose unions are oneofs. */
function toOpenApi(desc: DescMessage, json: JsonObject): JsonValue {
  if (desc.name === "Any") {
    return yamlValue(json["yaml"]);
  }
  if (desc.name === "StringArray") {
    return json["value"] ?? [];
  }
  const members = desc.fields.flatMap((field) => {
    const value = json[field.name];
    return value === undefined ? [] : [{ field, value }];
  });
  const [only] = members;
  if (desc.oneofs.length === 1 && desc.fields.every(({ oneof }) => oneof !== undefined)) {
    return only === undefined ? {} : convert(only.field, only.value);
  }
  if (desc.name === "ItemsItem") {
    return list(only && convert(only.field, only.value))[0] ?? {};
  }
  const entries = members.flatMap(({ field, value }): [string, JsonValue][] => {
    const pair = field.fieldKind === "list" && field.message?.name.startsWith("Named") ? field.message : undefined;
    if (pair === undefined) {
      return [[field.name === "_ref" ? "$ref" : field.jsonName, convert(field, value)]];
    }
    return list(value).map((item) => {
      const { name, ...rest } = object(item);
      return [String(name), pairValue(pair, rest)];
    });
  });
  const converted = Object.fromEntries(entries);
  return desc.name === "Schema" ? modernSchema(converted) : converted;
}

/** The value of a pair; empty if it is not set. */
function pairValue(pair: DescMessage, json: JsonObject): JsonValue {
  const field = pair.fields.find(({ name }) => name === "value");
  if (field === undefined) {
    return {};
  }
  return convert(field, json["value"] ?? (field.message === undefined ? "" : {}));
}

function convert(field: DescField, value: JsonValue): JsonValue {
  const single = (item: JsonValue): JsonValue => {
    if (field.message !== undefined) {
      return toOpenApi(field.message, object(item));
    }
    return field.scalar === ScalarType.INT64 ? Number(item) : item;
  };
  return field.fieldKind === "list" ? list(value).map(single) : single(value);
}

/** Converts a schema of OpenAPI 3.0, as gnostic has it, to JSON Schema 2020-12. `nullable` is dropped: ProtoJSON writes no null. */
function modernSchema({ nullable: _, example, exclusiveMaximum, exclusiveMinimum, ...schema }: JsonObject): JsonObject {
  const { maximum, minimum, ...others } = schema;
  const end = (bound: string, exclusive: string, value: JsonValue | undefined, isExclusive: JsonValue | undefined) =>
    value === undefined && isExclusive !== true ? {} : { [isExclusive === true ? exclusive : bound]: value ?? 0 };
  return {
    ...others,
    ...end("maximum", "exclusiveMaximum", maximum, exclusiveMaximum),
    ...end("minimum", "exclusiveMinimum", minimum, exclusiveMinimum),
    ...(example === undefined ? {} : { examples: [example] }),
  };
}

function yamlValue(text: JsonValue | undefined): JsonValue {
  if (typeof text !== "string") {
    return null;
  }
  try {
    return JSON.parse(JSON.stringify(parse(text) ?? null));
  } catch {
    return text;
  }
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
