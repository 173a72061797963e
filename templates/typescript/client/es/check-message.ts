import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import type { Validator } from "../../shared/validator.js";
import { createMessageError } from "./message-error.js";

/** Throws an error with the rules that a message breaks, or for rules that cannot be run. */
export function checkMessage(validator: Validator | undefined, schema: DescMessage, message: Message): void {
  const result = validator?.validate(schema, message);
  if (result?.kind === "error") {
    const cause = result.error;
    throw createMessageError(`the rules of ${schema.typeName} cannot be run: ${cause}`, { cause });
  }
  if (result?.kind === "invalid") {
    const { violations } = result;
    const paths = violations.map(({ field }) => pathToString(field));
    const rules = violations.map(({ message, ruleId }, index) => `"${paths[index]}" ${message || ruleId}`);
    const path = paths[0] || undefined;
    throw createMessageError(`${schema.typeName} breaks its rules: ${rules.join(", ")}`, { path, violations });
  }
}
