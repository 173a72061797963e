import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { type FieldBehavior, readFieldBehavior } from "../annotations/field-behavior.js";
import { readGnostic } from "../annotations/gnostic.js";
import { readSebufExamples } from "../annotations/sebuf.js";
import {
  type CelRule,
  readMessageRules,
  readOneofRequired,
  readValueRules,
  type ValueRules,
} from "../annotations/validate.js";
import { isRestricted } from "../annotations/visibility.js";

export type { CelRule, FieldBehavior, ValueRules };
export { isRestricted, readGnostic };

/** FeatureSet.FieldPresence.LEGACY_REQUIRED and IMPLICIT, google/protobuf/descriptor.proto. */
const LEGACY_REQUIRED = 3;
const IMPLICIT = 2;

/** What the author says about a field beside its type, whatever the option. */
export interface FieldRules {
  /** Every message has the field. */
  readonly required: boolean;
  /** It is not set in requests. */
  readonly readOnly: boolean;
  /** It is not set in responses. */
  readonly writeOnly: boolean;
  /** What google.api.field_behavior says beside that. */
  readonly behaviors: readonly Exclude<FieldBehavior, "OPTIONAL" | "REQUIRED" | "OUTPUT_ONLY" | "INPUT_ONLY">[];
}

export function fieldRules(field: DescField): FieldRules {
  const behaviors = readFieldBehavior(field);
  return {
    required: isAlwaysWritten(field) || (behaviors.includes("REQUIRED") && !isChoice(field)),
    readOnly: behaviors.includes("OUTPUT_ONLY"),
    writeOnly: behaviors.includes("INPUT_ONLY"),
    behaviors: behaviors.filter(
      (name) => name !== "OPTIONAL" && name !== "REQUIRED" && name !== "OUTPUT_ONLY" && name !== "INPUT_ONLY",
    ),
  };
}

/** Whether another field can be set instead, so that no message needs this one: google.api.field_behavior is per field. */
function isChoice({ oneof }: DescField): boolean {
  return oneof !== undefined && oneof.fields.length > 1;
}

/** Values of a field as examples, in the text that ProtoJSON or a query has for them; of a list, values of its elements. */
export function fieldExamples(field: DescField): readonly string[] {
  return readSebufExamples(field);
}

/** What buf.validate says about a field's value; undefined for nothing, or when it is told to be ignored. */
export function validateRules(field: DescField): ValueRules | undefined {
  const rules = readValueRules(field);
  if (rules === undefined || rules.ignore === "always") {
    return undefined;
  }
  return { ...rules, ignore: isZeroExempt(field, rules) ? "zero" : "never" };
}

/** Where a field has presence, zero is a value like any other, and being unset is what exempts it. */
function isZeroExempt(field: DescField, { ignore }: ValueRules): boolean {
  if (!isZeroUnset(field)) {
    return false;
  }
  return ignore === undefined
    ? readMessageRules(field.parent).oneofs.some(({ fields }) => fields.includes(field.name))
    : ignore === "zero";
}

/** Whether no message can be written without the field: `required` of proto2. */
export function isAlwaysWritten(field: DescField): boolean {
  return field.presence === LEGACY_REQUIRED;
}

/** Whether a field that is required must also have another value than zero, since zero is as good as unset. */
export function isZeroUnset(field: DescField): boolean {
  return field.presence === IMPLICIT;
}

/** What buf.validate says about a message: its rules in CEL, and groups of fields of which one is set. */
export interface MessageRules {
  readonly cel: readonly CelRule[];
  readonly oneofs: readonly { readonly fields: readonly DescField[]; readonly required: boolean }[];
}

export function messageRules(desc: DescMessage): MessageRules {
  const { cel, oneofs } = readMessageRules(desc);
  return {
    cel,
    oneofs: oneofs.map(({ fields, required }) => ({
      fields: desc.fields.filter((field) => fields.includes(field.name)),
      required,
    })),
  };
}

/** Whether one member of a oneof must be set, by buf.validate. */
export function isOneofRequired(oneof: DescOneof): boolean {
  return readOneofRequired(oneof);
}
