import { Code, httpStatuses } from "./code.js";
import { isJsonObject, type JsonObject } from "./json.js";

/** The JSON of a google.rpc.Status: the body of an HTTP error, and the data of an error event. */
export interface Status {
  readonly code: Code;
  readonly message: string;
  /** Messages as google.protobuf.Any writes them, each with its type in `@type`. */
  readonly details: readonly JsonObject[];
}

/**
 * Reads a Status from a body, also in the form of Google's HTTP APIs (AIP-193): `{"error": {"code": 429, "status":
 * "RESOURCE_EXHAUSTED", …}}`. It never fails: fields that are absent or malformed are omitted.
 */
export function readStatus(body: string): Partial<Status> {
  try {
    const json = JSON.parse(body);
    const named = codeOfName(json.error?.status);
    const { message, details } = named > 0 ? json.error : json;
    const code = named > 0 ? named : json.code;
    return {
      // Ok (0) is not an error. 16 is the last code.
      ...(Number.isInteger(code) && code > 0 && code < 17 && { code }),
      ...(typeof message === "string" && { message }),
      ...(Array.isArray(details) && { details: details.filter(isJsonObject) }),
    };
  } catch {
    return {};
  }
}

/** The code with a name in google/rpc/code.proto, such as `NOT_FOUND`; -1 for another text. */
function codeOfName(name: unknown): number {
  return Object.keys(Code).findIndex((key) => key.replace(/\B[A-Z]/g, "_$&").toUpperCase() === name);
}

/** Statuses for which another code fits better than the first with that status, and statuses of proxies without a code. */
const otherCodes: Readonly<Record<number, Code>> = {
  408: 4,
  409: 10,
  410: 11, // the events after the cursor are gone
  502: 14,
};

/**
 * The code for an HTTP status without a Status: `Unavailable` for 503. Another 4xx is `FailedPrecondition`, everything
 * else `Unknown`.
 */
export function httpToCode(status: number): Code {
  const first = httpStatuses.indexOf(status);
  // In a list with the status of each code, the index is the code. Ok (0) is not an error.
  return otherCodes[status] ?? (first > 0 ? (first as Code) : status >= 400 && status < 500 ? 9 : 2);
}
