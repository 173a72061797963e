import type { DescField } from "@bufbuild/protobuf";
import { fieldRules } from "../../model/field-rules.js";
import type { Context } from "./context.js";
import { rulesOf } from "./validate-field.js";

/** Whether every message has the field. */
export function isRequired(context: Context, field: DescField): boolean {
  return fieldRules(field).required || rulesOf(context, field)?.required === true;
}
