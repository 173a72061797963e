import type { DescField, DescOneof } from "@bufbuild/protobuf";
import { type Context, jsonKey } from "./context.js";
import { fieldSchema } from "./field-schema.js";
import type { Schema } from "./objects.js";

/** Up to here each member forbids those behind it: half the square of their number. */
const MAX_PAIRS = 12;

/** What a message's schema says about a oneof of which it has these members. */
export interface OneofPart {
  /** Members that the message's own `properties` are to hold. */
  readonly properties: readonly DescField[];
  readonly dependentSchemas?: Readonly<Record<string, Schema>> | undefined;
  readonly allOf?: Schema | undefined;
}

/** At most one member is set; with `union`, exactly one. */
export function oneofPart(context: Context, _: DescOneof, members: readonly DescField[]): OneofPart {
  if (members.length < 2) return { properties: members };
  const keys = members.map((member) => jsonKey(context, member));
  if (context.options.oneofs === "union") {
    return { properties: [], allOf: { oneOf: members.map((member, i) => branch(context, member, keys[i] ?? "")) } };
  }
  if (members.length > MAX_PAIRS) {
    const each = keys.map((key) => ({ required: [key] }));
    return { properties: members, allOf: { oneOf: [...each, { not: { anyOf: each } }] } };
  }
  return {
    properties: members,
    // Exact, and code generators still see optional properties: `oneOf` and `not` give them odd unions.
    dependentSchemas: Object.fromEntries(
      keys.slice(0, -1).map((key, i) => [key, { properties: forbid(keys.slice(i + 1)) }]),
    ),
  };
}

function branch(context: Context, member: DescField, key: string): Schema {
  return { title: key, type: "object", required: [key], properties: { [key]: fieldSchema(context, member) } };
}

function forbid(keys: readonly string[]): Record<string, Schema> {
  return Object.fromEntries(keys.map((key) => [key, { not: {} }]));
}
