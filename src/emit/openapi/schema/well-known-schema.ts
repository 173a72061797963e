import type { DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { Context } from "../context.js";
import type { Schema } from "../objects.js";
import { scalarSchema } from "./scalar-schema.js";

/** A path of a FieldMask in JSON, where names are in lower camel case. */
const maskPath = "[a-z][a-zA-Z0-9]*(?:\\.[a-z][a-zA-Z0-9]*)*";

/** Messages whose JSON is a string. Their schemas are inline. */
const inline: ReadonlyMap<string, Schema> = new Map([
  ["google.protobuf.Timestamp", { type: "string", format: "date-time" }],
  [
    "google.protobuf.Duration",
    // Not the format `duration`, which is ISO 8601.
    { type: "string", pattern: "^-?(?:0|[1-9][0-9]{0,11})(?:\\.[0-9]{1,9})?s$", examples: ["1.500s"] },
  ],
  [
    "google.protobuf.FieldMask",
    { type: "string", pattern: `^(?:${maskPath}(?:,${maskPath})*)?$`, examples: ["name,place.shelf"] },
  ],
]);

/** The title is the name of the message. */
type NamedSchema = Schema & { readonly title: string };

const any: NamedSchema = {
  title: "Any",
  description:
    "A message of any type. `@type` is a URL that ends with the name of the type; the other members are the JSON of the message.",
  type: "object",
  // Not required: an empty Any is `{}`.
  properties: { "@type": { type: "string" } },
  additionalProperties: true,
};

/** Those whose JSON has a form of its own and is more than a string: components. */
const components: ReadonlyMap<string, NamedSchema> = new Map([
  ["google.protobuf.Any", any],
  ["google.protobuf.Empty", { title: "Empty", description: "An object without members.", type: "object" }],
  ["google.protobuf.ListValue", { title: "ListValue", description: "A JSON array.", type: "array", items: {} }],
  [
    "google.protobuf.Struct",
    { title: "Struct", description: "A JSON object.", type: "object", additionalProperties: {} },
  ],
  ["google.protobuf.Value", { title: "Value", description: "Any JSON value." }],
]);

/** The schema of a message to which ProtoJSON gives a form of its own; undefined for all others. */
export function wellKnownSchema(context: Context, desc: DescMessage): Schema | undefined {
  // A wrapper is not null when it is unset: ProtoJSON leaves it out.
  if (isWrapperDesc(desc)) {
    return scalarSchema(desc.fields[0].scalar);
  }
  const component = components.get(desc.typeName);
  if (component !== undefined) {
    return wellKnownComponent(context, component);
  }
  return inline.get(desc.typeName);
}

function wellKnownComponent({ components, title }: Context, schema: NamedSchema): Schema {
  const name = { package: "google.protobuf", local: schema.title };
  return components.schema(name, () => ({ ...schema, title: title(schema.title) }));
}

/** The schema of a failure, google/rpc/status.proto: what an error response and an error event hold. */
export function statusSchema(context: Context): Schema {
  return context.components.schema({ package: "google.rpc", local: "Status" }, () => ({
    title: context.title("Status"),
    description: "An error.",
    type: "object",
    // Without it, documentation shows the smallest code that an integer can be.
    examples: [{ code: 5, message: "not found" }],
    properties: {
      code: {
        description: "A code of google/rpc/code.proto, such as 5 for `NOT_FOUND`.",
        type: "integer",
        format: "int32",
        minimum: -2147483648,
        maximum: 2147483647,
      },
      message: { description: "A message for developers, in English.", type: "string" },
      details: { description: "Details for programs.", type: "array", items: wellKnownComponent(context, any) },
    },
  }));
}
