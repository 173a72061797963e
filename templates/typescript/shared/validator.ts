import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";

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
