import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";

/** A rule that a message breaks. */
export interface Violation {
  readonly message: string;
  readonly ruleId: string;
  /** The path from the message to the field. */
  readonly field: Path;
}

/** The result of a validation; `error` if the rules cannot be run. */
export type ValidationResult =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly violations: readonly Violation[] }
  | { readonly kind: "error"; readonly error: unknown };

/** Checks messages against the rules in their options. The validator of `@bufbuild/protovalidate` has this type. */
export interface Validator {
  validate(schema: DescMessage, message: Message): ValidationResult;
}
