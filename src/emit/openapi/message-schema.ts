import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { type Context, jsonKey } from "./context.js";
import { describe } from "./describe.js";
import { fieldSchema, withField } from "./field-schema.js";
import type { Schema } from "./objects.js";
import { oneofPart } from "./oneof-schema.js";
import { wellKnownSchema } from "./well-known-schema.js";

/** FeatureSet.FieldPresence.LEGACY_REQUIRED, which proto2's `required` is, too. */
const LEGACY_REQUIRED = 3;

/** Fields that a schema leaves out, each by the fields that lead to it. */
export type Omitted = readonly (readonly DescField[])[];

/** The schema of a message's ProtoJSON: a component named after its type, unless it is a well-known one. */
export function messageSchema(context: Context, desc: DescMessage): Schema {
  return (
    wellKnownSchema(context, desc) ?? context.components.schema(desc.typeName, () => objectSchema(context, desc, []))
  );
}

/** The members of a message, OpenAPI 3.2.0, Schema Object. Other members are allowed: a new field breaks nobody. */
export function objectSchema(context: Context, desc: DescMessage, omitted: Omitted): Schema {
  const fields = desc.fields.filter((field) => !isOmitted(field, omitted));
  const oneofs = desc.oneofs
    .filter((oneof) => oneof.fields.length > 1)
    .map((oneof) => ({ oneof, members: oneof.fields.filter((field) => fields.includes(field)) }))
    .map(({ oneof, members }) => ({ oneof, members, part: oneofPart(context, oneof, members) }));
  const elsewhere = oneofs.flatMap(({ members, part }) =>
    members.filter((member) => !part.properties.includes(member)),
  );
  const own = fields.filter((field) => !elsewhere.includes(field));
  const required = own.filter((field) => field.presence === LEGACY_REQUIRED);
  const dependent = oneofs.flatMap(({ part }) => Object.entries(part.dependentSchemas ?? {}));
  const allOf = oneofs.flatMap(({ part }) => part.allOf ?? []);
  return {
    title: desc.name,
    description: describe(desc, extensionNote(desc)),
    type: "object",
    required: required.length > 0 ? required.map((field) => jsonKey(context, field)) : undefined,
    properties: own.length > 0 ? Object.fromEntries(own.map((field) => property(context, field, omitted))) : undefined,
    dependentSchemas: dependent.length > 0 ? Object.fromEntries(dependent) : undefined,
    allOf: allOf.length > 0 ? allOf : undefined,
    deprecated: isDeprecated(desc) || undefined,
    "x-oneof": oneofNames(context, oneofs),
  };
}

function property(context: Context, field: DescField, omitted: Omitted): [string, Schema] {
  const within = omitted.filter(([first]) => first === field).map(([, ...rest]) => rest);
  const schema =
    within.length > 0 && field.fieldKind === "message"
      ? withField(objectSchema(context, field.message, within), field)
      : fieldSchema(context, field);
  return [jsonKey(context, field), schema];
}

/** Left out itself, or a member of the same oneof as one that is: only one of them is ever set. */
function isOmitted(field: DescField, omitted: Omitted): boolean {
  return omitted.some(
    ([first, ...rest]) =>
      (first === field && rest.length === 0) ||
      (first !== field && first?.oneof !== undefined && first.oneof === field.oneof),
  );
}

function oneofNames(context: Context, oneofs: readonly { oneof: DescOneof; members: readonly DescField[] }[]) {
  const several = oneofs.filter(({ members }) => members.length > 1);
  if (several.length === 0) return undefined;
  return Object.fromEntries(
    several.map(({ oneof, members }) => [oneof.name, members.map((member) => jsonKey(context, member))]),
  );
}

function extensionNote(desc: DescMessage): string | undefined {
  return desc.proto.extensionRange.length > 0 ? "May hold extensions, as members `[full.name]`." : undefined;
}

function isDeprecated(desc: DescMessage): boolean {
  return desc.deprecated || (desc.parent ? isDeprecated(desc.parent) : desc.file.deprecated);
}
