import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import type { Validator } from "../../shared/validator.js";
import { BindError } from "../errors/bind-error.js";

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
