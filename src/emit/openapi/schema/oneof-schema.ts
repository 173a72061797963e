import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { messageRules } from "../../../model/rules.js";
import { type Context, jsonKey } from "../context.js";
import type { Schema } from "../objects.js";
import { fieldSchema } from "./field-schema.js";

/** Up to here each member forbids those behind it: half the square of their number. */
const MAX_PAIRS = 12;

/** Fields of which at most one is set: the members of a oneof, or those that buf.validate names. */
export interface OneofGroup {
  /** The name of the oneof; undefined for fields that are no oneof. */
  readonly name: string | undefined;
  readonly members: readonly DescField[];
  /** One of them is set. */
  readonly required: boolean;
}

/** The keywords for a group in the schema of a message that has these members. */
export interface OneofKeywords {
  /** Members that the message's own `properties` are to hold. */
  readonly properties: readonly DescField[];
  readonly required?: readonly DescField[] | undefined;
  readonly dependentSchemas?: Readonly<Record<string, Schema>> | undefined;
  readonly allOf?: readonly Schema[] | undefined;
}

export function oneofGroups({ options, rules }: Context, desc: DescMessage): readonly OneofGroup[] {
  const { groups, requiredOneofs } = messageRules(rules, desc);
  const declared = desc.oneofs.map((oneof) => ({
    name: oneof.name,
    members: oneof.fields,
    required: options.openapi_validate && requiredOneofs.includes(oneof),
  }));
  const named = options.openapi_validate
    ? groups.map(({ fields, required }) => ({ name: undefined, members: fields, required }))
    : [];
  return [...declared, ...named];
}

/** At most one member is set; with `union`, or where one is required, exactly one. */
export function oneofKeywords(context: Context, group: OneofGroup, members: readonly DescField[]): OneofKeywords {
  const required = group.required && members.length === group.members.length;
  if (members.length < 2) {
    return { properties: members, required: required ? members : [] };
  }
  const keys = members.map((member) => jsonKey(context, member));
  const each = keys.map((key) => ({ required: [key] }));
  // A group that is not a oneof can overlap with another group, so its fields stay in `properties`.
  if (group.name !== undefined && (required || context.options.openapi_oneof === "union")) {
    return { properties: [], allOf: [{ oneOf: members.map((member, i) => branch(context, member, keys[i] ?? "")) }] };
  }
  if (members.length > MAX_PAIRS) {
    return { properties: members, allOf: [{ oneOf: required ? each : [...each, { not: { anyOf: each } }] }] };
  }
  return {
    properties: members,
    // Exact, and code generators still see optional properties: for `oneOf` and `not` they generate unusable unions.
    dependentSchemas: Object.fromEntries(
      keys.slice(0, -1).map((key, i) => [key, { properties: forbid(keys.slice(i + 1)) }]),
    ),
    allOf: required ? [{ anyOf: each }] : [],
  };
}

function branch(context: Context, member: DescField, key: string): Schema {
  return {
    title: context.title(`${member.parent.name} ${key}`),
    type: "object",
    required: [key],
    properties: { [key]: fieldSchema(context, member) },
  };
}

function forbid(keys: readonly string[]): Record<string, Schema> {
  return Object.fromEntries(keys.map((key) => [key, { not: {} }]));
}
