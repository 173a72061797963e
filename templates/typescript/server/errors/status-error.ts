import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { Code } from "../../shared/code.js";
import { CausedError } from "../../shared/error.js";
import type { JsonObject } from "../../shared/json.js";

/**
 * One of the `details` of a google.rpc.Status: a message with its descriptor, or the JSON of a
 * `google.protobuf.Any`, for messages that have no generated code.
 */
export type StatusDetail<Desc extends DescMessage = DescMessage> =
  | { readonly desc: Desc; readonly value: MessageInitShape<Desc> }
  | (JsonObject & { readonly "@type": string });

/** What a `StatusError` has in addition to its code and message. */
export interface StatusErrorOptions {
  /** Typed details of the error. */
  readonly details?: readonly StatusDetail[];
  /** Headers of the response, such as `Retry-After`. They have no effect after the head of a stream. */
  readonly headers?: Headers | Record<string, string> | [name: string, value: string][];
  /** The HTTP status, 400 to 599. Default: that of the code, as google/rpc/code.proto maps it. */
  readonly status?: number;
  /** The error that caused it. Never sent. */
  readonly cause?: unknown;
}

/**
 * An error for the client: its code, message and details are sent unchanged. Before the first event of a stream, and in a
 * unary call, it becomes the HTTP status and a google.rpc.Status in JSON. Later it becomes the error event that ends the
 * stream. Any other error is hidden behind code 13, `internal error`.
 */
export class StatusError extends CausedError {
  override readonly name: string = "StatusError";
  readonly code: Code;
  readonly details: readonly StatusDetail[];
  readonly headers: Headers;
  /** The HTTP status if it differs from that of the code. */
  readonly status: number | undefined;

  /** Throws a `RangeError` if the code is not 1 to 16, or the status is not 400 to 599. */
  constructor(code: Code, message: string, options: StatusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const { status } = options;
    if (!Number.isInteger(code) || code < 1 || code > 16) {
      throw new RangeError(`status error with code ${code}: use one of 1 to 16, see google/rpc/code.proto`);
    }
    if (status !== undefined && !(Number.isInteger(status) && status >= 400 && status <= 599)) {
      throw new RangeError(`status error with HTTP status ${status}: use one of 400 to 599`);
    }
    this.code = code;
    this.details = options.details ?? [];
    this.headers = new Headers(options.headers);
    this.status = status;
  }
}
