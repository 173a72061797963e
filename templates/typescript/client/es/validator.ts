import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type Path, pathToString } from "@bufbuild/protobuf/reflect";
import { createMessageError } from "./message-error.js";

/** A rule that a message breaks. */
export interface Violation {
  readonly message: string;
  readonly ruleId: string;
  /** The path from the message to the field. */
  readonly field: Path;
}

/** What a validator says of a message; `error` when its rules cannot be run. */
export type ValidationResult =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly violations: readonly Violation[] }
  | { readonly kind: "error"; readonly error: unknown };

/** What checks messages against the rules of their options. The validator of `@bufbuild/protovalidate` is one. */
export interface Validator {
  validate(schema: DescMessage, message: Message): ValidationResult;
}

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
