import type { DescField } from "@bufbuild/protobuf";
import { type FieldRules, fieldRules } from "../../../model/field-rules.js";
import { paragraphs } from "../describe.js";
import type { Schema } from "../objects.js";

/** What no keyword says. */
const NOTES: Record<FieldRules["behaviors"][number], string> = {
  IMMUTABLE: "Immutable: it cannot be changed after creation.",
  UNORDERED_LIST: "The order of the elements is not defined.",
  NON_EMPTY_DEFAULT: "If it is not set, the server sets a non-empty value.",
  IDENTIFIER: "The identifier of the resource.",
};

/** google.api.field_behavior as keywords of a property. */
export function behaviorKeywords(field: DescField): Schema {
  const { readOnly, writeOnly, behaviors } = fieldRules(field);
  return {
    readOnly: readOnly || undefined,
    writeOnly: writeOnly || undefined,
    "x-field-behavior": behaviors.length > 0 ? behaviors : undefined,
  };
}

export function behaviorNote(field: DescField): string | undefined {
  return paragraphs(...fieldRules(field).behaviors.map((behavior) => NOTES[behavior]));
}
