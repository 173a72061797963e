import { type Code, httpStatuses } from "./code.js";
import { isJsonObject, type JsonObject } from "./json.js";

/** The JSON of a google.rpc.Status: the body of an HTTP error, and the data of an error event. */
export interface Status {
  readonly code: Code;
  readonly message: string;
  /** Messages as google.protobuf.Any writes them, each with its type in `@type`. */
  readonly details: readonly JsonObject[];
}

/**
 * What a body tells of a Status. A part that is absent or malformed is left out: what failed is told as far as
 * it can be understood, and understanding it never fails.
 */
export function readStatus(body: string): Partial<Status> {
  try {
    const { code, message, details } = JSON.parse(body);
    return {
      // Ok (0) is no failure: it says nothing about one. 16 is the last code.
      ...(Number.isInteger(code) && code > 0 && code < 17 && { code }),
      ...(typeof message === "string" && { message }),
      ...(Array.isArray(details) && { details: details.filter(isJsonObject) }),
    };
  } catch {
    return {};
  }
}

/** Where another code than the first of that status fits better, and statuses of proxies, which no code maps to. */
const otherCodes: Readonly<Record<number, Code>> = {
  408: 4,
  409: 10,
  410: 11, // the events after the cursor are gone
  502: 14,
};

/**
 * The code that stands for an HTTP status where no Status tells it: `Unavailable` for 503. Another 4xx is
 * `FailedPrecondition`, anything else `Unknown`.
 */
export function httpToCode(status: number): Code {
  const first = httpStatuses.indexOf(status);
  // Of a list with a status for each code, the index is a code. That of 200 says nothing about a failure.
  return otherCodes[status] ?? (first > 0 ? (first as Code) : status >= 400 && status < 500 ? 9 : 2);
}
