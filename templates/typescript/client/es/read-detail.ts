import { createRegistry, type DescMessage, fromJson, type Message, type Registry } from "@bufbuild/protobuf";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import type { JsonObject } from "../../shared/json.js";

/**
 * The message of an error's detail; undefined when it is not of the schema. As an Any: a Duration, say, has its
 * JSON in `value`.
 */
export function readDetail(
  schema: { readonly typeName: string },
  json: JsonObject,
  registry: Registry | undefined,
): Message | undefined {
  // `findDetails` takes schemas of protoc-gen-es only.
  const desc = schema as DescMessage;
  try {
    const types = registry ? createRegistry(registry, desc) : createRegistry(desc);
    return anyUnpack(fromJson(AnySchema, json, { registry: types, ignoreUnknownFields: true }), desc);
  } catch {
    return undefined;
  }
}
