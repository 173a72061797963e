import type { DescField } from "@bufbuild/protobuf";
import type { Method } from "../../model/model.js";
import { type Context, jsonKey, writtenJson } from "./context.js";
import { omitAt, type Tree } from "./merge.js";
import type { JsonValue } from "./objects.js";

/** The author's example of a request, in the form of the document; undefined if there is none. */
export function requestExample(context: Context, { desc, document }: Method): JsonValue | undefined {
  const { request } = document.example;
  return request === undefined ? undefined : writtenJson(context, desc.input, request);
}

/** The part of an example that a field holds; undefined if the example does not set it. */
export function exampleAt(
  context: Context,
  example: JsonValue | undefined,
  fields: readonly DescField[],
): JsonValue | undefined {
  return fields.reduce<JsonValue | undefined>((value, field) => {
    const key = jsonKey(context, field);
    return isTree(value) && Object.hasOwn(value, key) ? (value[key] as JsonValue) : undefined; // JSON holds JSON
  }, example);
}

/** An example without some fields, each by the fields that lead to it. */
export function exampleWithout(
  context: Context,
  example: JsonValue | undefined,
  omitted: readonly (readonly DescField[])[],
): JsonValue | undefined {
  if (!isTree(example)) {
    return example;
  }
  const paths = omitted.map((fields) => fields.map((field) => jsonKey(context, field)));
  return paths.reduce<Tree>((tree, path) => omitAt(tree, path.slice(0, -1), path.slice(-1)), example) as JsonValue; // as it was
}

function isTree(value: JsonValue | undefined): value is Extract<JsonValue, Tree> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
