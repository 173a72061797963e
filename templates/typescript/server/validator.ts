import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type Path, pathToString } from "@bufbuild/protobuf/reflect";
import { BindError } from "./bind-error.js";

/** A rule that a message breaks. */
export interface Violation {
  readonly message: string;
  readonly ruleId: string;
  /** The path from the request to the field. */
  readonly field: Path;
}

/** What a validator says of a message; `error` when its rules cannot be run. */
export type ValidationResult =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly violations: readonly Violation[] }
  | { readonly kind: "error"; readonly error: unknown };

/** What checks requests before their handler is called. The validator of `@bufbuild/protovalidate` is one. */
export interface Validator {
  validate(schema: DescMessage, message: Message): ValidationResult;
}

/** Throws a `BindError` with the rules that a request breaks; what a validator itself fails with is thrown as it is. */
export function validate(validator: Validator, schema: DescMessage, message: Message): void {
  const result = validator.validate(schema, message);
  if (result.kind === "invalid") {
    throw new BindError(
      result.violations.map(({ field, message, ruleId }) => ({
        field: pathToString(field),
        description: message || ruleId,
      })),
    );
  }
  if (result.kind === "error") {
    throw result.error;
  }
}
