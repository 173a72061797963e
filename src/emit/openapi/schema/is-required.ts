import type { DescField } from "@bufbuild/protobuf";
import { fieldRules, isAlwaysWritten, isZeroUnset } from "../../../model/field-rules.js";
import type { Context } from "../context.js";
import type { MessageUse } from "../message-use.js";
import { rulesOf } from "../validate/field-rules.js";

/** Whether the author asks for the field. */
export function isRequired(context: Context, field: DescField): boolean {
  return fieldRules(field).required || rulesOf(context, field)?.required === true;
}

/** Whether every message has the field that travels so. ProtoJSON leaves out a field without presence that is zero. */
export function isAlwaysPresent(context: Context, field: DescField, { inRequests, inResponses }: MessageUse): boolean {
  if (isAlwaysWritten(field)) {
    return true;
  }
  const { readOnly, writeOnly } = fieldRules(field);
  if ((inRequests && readOnly) || (inResponses && (writeOnly || isZeroUnset(field)))) {
    return false;
  }
  return isRequired(context, field);
}
