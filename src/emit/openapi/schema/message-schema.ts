import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isAlwaysWritten, isZeroUnset } from "../../../model/json-form.js";
import { fieldRules, messageRules } from "../../../model/rules.js";
import { type ComponentName, componentName } from "../components.js";
import { type Context, isVisible, jsonKey, type MessageUse, validateRules } from "../context.js";
import { describe, paragraphs } from "../describe.js";
import { overridden } from "../merge.js";
import type { Schema } from "../objects.js";
import { celNotes } from "../validate/value-rules.js";
import { fieldSchema, withField } from "./field-schema.js";
import { type OneofGroup, oneofGroups, oneofKeywords } from "./oneof-schema.js";
import { wellKnownSchema } from "./well-known-schema.js";

/** Fields that a schema leaves out, each by the fields that lead to it. */
export type Omitted = readonly (readonly DescField[])[];

/** The schema of a message's ProtoJSON: a component named after its type, unless it is a well-known one. */
export function messageSchema(context: Context, desc: DescMessage): Schema {
  return (
    wellKnownSchema(context, desc) ??
    context.components.schema(componentOf(desc), () =>
      objectSchema(context, desc, { omitted: [], use: context.useOf(desc), title: context.title(desc.name) }),
    )
  );
}

/** The name of a message's component. Another message than that of google/rpc/status.proto may not take the place of our failures. */
function componentOf(desc: DescMessage): ComponentName {
  const name = componentName(desc);
  const isOther =
    desc.typeName === "google.rpc.Status" && String(desc.fields.map((field) => field.name)) !== "code,message,details";
  return isOther ? { ...name, local: "Status_2" } : name;
}

/** What the schema of a message leaves out, where the message is used, and its title. */
interface ObjectOptions {
  readonly omitted: Omitted;
  readonly use: MessageUse;
  readonly title?: string | undefined;
}

/** The members of a message, OpenAPI 3.2.0, Schema Object. Other members are allowed, so that new fields are not a breaking change. */
export function objectSchema(context: Context, desc: DescMessage, options: ObjectOptions): Schema {
  const { omitted, use, title } = options;
  const fields = desc.fields.filter((field) => isVisible(context, field) && !isOmitted(field, omitted));
  const groups = oneofGroups(context, desc)
    .map((group) => ({ ...group, present: group.members.filter((field) => fields.includes(field)) }))
    .map((group) => ({ ...group, required: group.required && canRequire(group, use) }))
    .map((group) => ({ ...group, keywords: oneofKeywords(context, group, group.present) }));
  const elsewhere = groups.flatMap(({ present, keywords }) =>
    present.filter((field) => !keywords.properties.includes(field)),
  );
  const own = fields.filter((field) => !elsewhere.includes(field));
  const required = fields.filter(
    (field) =>
      isAlwaysPresent(context, field, use) || groups.some(({ keywords }) => keywords.required?.includes(field)),
  );
  const dependent = groups.flatMap(({ keywords }) => Object.entries(keywords.dependentSchemas ?? {}));
  const allOf = groups.flatMap(({ keywords }) => keywords.allOf ?? []);
  const schema: Schema = {
    title,
    description: describe(
      desc,
      extensionNote(desc),
      ...(context.options.openapi_validate ? celNotes(messageRules(context.rules, desc).cel) : []),
    ),
    type: "object",
    required: required.length > 0 ? required.map((field) => jsonKey(context, field)) : undefined,
    properties: own.length > 0 ? Object.fromEntries(own.map((field) => property(context, field, options))) : undefined,
    dependentSchemas: dependent.length > 0 ? mergeByKey(dependent) : undefined,
    allOf: allOf.length > 0 ? allOf : undefined,
    deprecated: isDeprecated(desc) || undefined,
    "x-oneof": oneofNames(context, groups),
  };
  return overridden(schema, context.rules.gnostic.get(desc));
}

/** A field without presence is not written where it is zero. */
function canRequire({ members }: OneofGroup, { inResponses }: MessageUse): boolean {
  return !inResponses || !members.some(isZeroUnset);
}

function property(context: Context, field: DescField, { omitted, use }: ObjectOptions): [string, Schema] {
  const within = omitted.filter(([first]) => first === field).map(([, ...rest]) => rest);
  const schema =
    within.length > 0 && field.fieldKind === "message"
      ? withField(context, objectSchema(context, field.message, { omitted: within, use }), field)
      : fieldSchema(context, field);
  const isMentioned = use.inRequests && isRequired(context, field) && !isAlwaysPresent(context, field, use);
  const note = isMentioned && schema.readOnly !== true ? "Required in requests." : undefined;
  return [jsonKey(context, field), note ? { ...schema, description: paragraphs(schema.description, note) } : schema];
}

/** Left out itself, or a member of the same oneof as one that is: only one of them is ever set. */
function isOmitted(field: DescField, omitted: Omitted): boolean {
  return omitted.some(
    ([first, ...rest]) =>
      (first === field && rest.length === 0) ||
      (first !== field && first?.oneof !== undefined && first.oneof === field.oneof),
  );
}

function oneofNames(context: Context, groups: readonly (OneofGroup & { present: readonly DescField[] })[]) {
  const several = groups.flatMap(({ name, present }) =>
    name !== undefined && present.length > 1 ? [[name, present.map((field) => jsonKey(context, field))] as const] : [],
  );
  return several.length > 0 ? Object.fromEntries(several) : undefined;
}

/** What a field forbids as a member of each of its groups. */
function mergeByKey(entries: readonly (readonly [string, Schema])[]): Record<string, Schema> {
  const merged: Record<string, Schema> = {};
  for (const [key, { properties }] of entries) {
    merged[key] = { properties: { ...merged[key]?.properties, ...properties } };
  }
  return merged;
}

function extensionNote(desc: DescMessage): string | undefined {
  return desc.proto.extensionRange.length > 0 ? "May hold extensions, as members `[full.name]`." : undefined;
}

function isDeprecated(desc: DescMessage): boolean {
  return desc.deprecated || (desc.parent ? isDeprecated(desc.parent) : desc.file.deprecated);
}

/** Whether the author asks for the field. */
export function isRequired(context: Context, field: DescField): boolean {
  return (
    isAlwaysWritten(field) ||
    fieldRules(context.rules, field).required ||
    validateRules(context, field)?.required === true
  );
}

/** Whether every message has the field that travels so. ProtoJSON leaves out a field without presence that is zero. */
export function isAlwaysPresent(context: Context, field: DescField, { inRequests, inResponses }: MessageUse): boolean {
  if (isAlwaysWritten(field)) {
    return true;
  }
  const { readOnly, writeOnly } = fieldRules(context.rules, field);
  if ((inRequests && readOnly) || (inResponses && (writeOnly || isZeroUnset(field)))) {
    return false;
  }
  return isRequired(context, field);
}
