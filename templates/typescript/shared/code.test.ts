import { expect, test } from "vitest";
import { Code, codeToHttp } from "./code.js";
import { httpToCode } from "./status.js";

/** google/rpc/code.proto: "HTTP Mapping". */
const mapping = {
  Ok: 200,
  Cancelled: 499,
  Unknown: 500,
  InvalidArgument: 400,
  DeadlineExceeded: 504,
  NotFound: 404,
  AlreadyExists: 409,
  PermissionDenied: 403,
  ResourceExhausted: 429,
  FailedPrecondition: 400,
  Aborted: 409,
  OutOfRange: 400,
  Unimplemented: 501,
  Internal: 500,
  Unavailable: 503,
  DataLoss: 500,
  Unauthenticated: 401,
} satisfies Record<keyof typeof Code, number>;

test("each code has the HTTP status of google/rpc/code.proto", () => {
  const statuses = Object.entries(Code).map(([name, code]) => [name, codeToHttp(code)]);
  expect(Object.fromEntries(statuses)).toEqual(mapping);
  expect(Object.values(Code)).toEqual(Array.from({ length: 17 }, (_, code) => code));
});

test("a status gives a code, which gives that status again where one has it", () => {
  for (const status of new Set(Object.values(mapping))) {
    if (status !== 200) {
      expect(codeToHttp(httpToCode(status))).toBe(status);
    }
  }
});

test.each([
  [200, Code.Unknown],
  [304, Code.Unknown],
  [402, Code.FailedPrecondition],
  [400, Code.InvalidArgument],
  [408, Code.DeadlineExceeded],
  [409, Code.Aborted],
  [410, Code.OutOfRange],
  [500, Code.Unknown],
  [502, Code.Unavailable],
  [599, Code.Unknown],
])("%i stands for the code %i", (status, code) => {
  expect(httpToCode(status)).toBe(code);
});
