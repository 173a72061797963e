import { create, createRegistry, toJson } from "@bufbuild/protobuf";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { Code, codeToHttp } from "../../shared/code.js";
import { CausedError } from "../../shared/error.js";
import type { JsonObject } from "../../shared/json.js";
import type { JsonOptions } from "../stream/event-encoder.js";
import { BindError } from "./bind-error.js";
import { CancelledError, type CancelReason } from "./cancelled-error.js";
import { type StatusDetail, StatusError } from "./status-error.js";

/** How an error is reported to the client. */
export type Failure = {
  /** The HTTP status, while the head is not sent. */
  readonly status: number;
  readonly code: Code;
  readonly headers: Headers;
  /** The JSON of the google.rpc.Status. */
  readonly json: JsonObject;
} & (
  | { readonly unexpected: false }
  /** Masked for the client: report it to `onError`. */
  | { readonly unexpected: true; readonly error: unknown }
);

/** The code of a call that was cancelled. */
export const cancelCodes: Readonly<Record<CancelReason, Code>> = {
  client: Code.Cancelled,
  deadline: Code.DeadlineExceeded,
  shutdown: Code.Unavailable,
  "slow-consumer": Code.ResourceExhausted,
  error: Code.Internal,
};

/** How anything that was thrown is reported to the client. Never throws. */
export function toFailure(error: unknown, json: JsonOptions): Failure {
  const known = toStatusError(error);
  try {
    return known
      ? { ...describeError(known, json), unexpected: false }
      : { ...describeError(new StatusError(Code.Internal, "internal error"), json), unexpected: true, error };
  } catch (cause) {
    // A detail that is not a message, or an Any without a registry: a mistake of the handler.
    return toFailure(new CausedError("a detail of a status error cannot be written", { cause }), json);
  }
}

function toStatusError(error: unknown): StatusError | undefined {
  if (error instanceof StatusError) {
    return error;
  }
  if (error instanceof CancelledError) {
    const headers: Record<string, string> = error.reason === "shutdown" ? { "Retry-After": "1" } : {};
    return new StatusError(cancelCodes[error.reason], error.message, { headers });
  }
  if (error instanceof BindError) {
    // google/rpc/error_details.proto: a violation a field.
    const fieldViolations = error.violations.map(({ field, description }) => ({ field, description }));
    const detail = { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations };
    return new StatusError(Code.InvalidArgument, error.message, { details: [detail] });
  }
  return undefined;
}

function describeError(
  { status, code, headers, message, details }: StatusError,
  options: JsonOptions,
): Omit<Failure, "unexpected"> {
  const json = details.map((detail) => detailToJson(detail, options));
  return {
    status: status ?? codeToHttp(code),
    code,
    headers,
    json: { code, message, ...(json.length > 0 && { details: json }) },
  };
}

/** The JSON of a `google.protobuf.Any`, its type first. */
function detailToJson(detail: StatusDetail, options: JsonOptions): JsonObject {
  if (!isDescribed(detail)) {
    JSON.stringify(detail); // throws if it is not JSON, while the error can still be reported
    return detail;
  }
  const { desc, value } = detail;
  const registry = options.registry ? createRegistry(options.registry, desc) : createRegistry(desc);
  const json = toJson(AnySchema, anyPack(desc, create(desc, value)), { ...options, registry });
  return { "@type": "", ...(json as JsonObject) }; // ProtoJSON of an Any is an object
}

function isDescribed(detail: StatusDetail): detail is Exclude<StatusDetail, JsonObject> {
  return !("@type" in detail);
}
