import type { MessageError } from "../request/errors.js";

/** Why a message cannot be encoded or decoded, with what the error of the call tells of it. */
export function createMessageError(
  message: string,
  details: Pick<MessageError, "path" | "violations" | "cause">,
): MessageError {
  return Object.assign(new Error(message), details);
}
