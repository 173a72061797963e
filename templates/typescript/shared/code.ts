/** The code of an RPC's outcome, as google/rpc/code.proto numbers them. */
export const Code = {
  Ok: 0,
  Cancelled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

export type Code = (typeof Code)[keyof typeof Code];

/** The HTTP status that google/rpc/code.proto gives each code, by its number. */
const statuses = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

/** The HTTP status of a code, as google/rpc/code.proto maps them: 404 for `NotFound`. */
export function codeToHttp(code: Code): number {
  return statuses[code] ?? 500; // there is one for each code
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
  const first = statuses.indexOf(status);
  // Of a list with a status for each code, the index is a code. That of 200 says nothing about a failure.
  return otherCodes[status] ?? (first > 0 ? (first as Code) : status >= 400 && status < 500 ? 9 : 2);
}
