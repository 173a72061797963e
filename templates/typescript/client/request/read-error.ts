import type { Code } from "../../shared/code.js";
import type { JsonObject } from "../../shared/json.js";
import { httpToCode, readStatus, type Status } from "../../shared/status.js";

/** The fields of a server's error. A field that is undefined is read as if there were no `readError`. */
export interface ErrorFields {
  readonly message?: string | undefined;
  readonly statusCode?: Code | undefined;
  readonly details?: readonly JsonObject[] | undefined;
}

/**
 * Reads an error of a server that sends no google.rpc.Status. `body` is the body of the HTTP error, or the data of the
 * error event: the JSON in it, or the text if it is not JSON. The body of `response` is already read; its status is 200
 * for an error event.
 */
export type ReadError = (body: unknown, response: Response) => ErrorFields | undefined;

/** How the errors of a call are read. */
export interface ErrorReader {
  readonly readError?: ReadError | undefined;
  /** Reads the JSON of a detail as a message; undefined if it is not that message. */
  readonly readDetail?: (schema: { readonly typeName: string }, json: JsonObject) => unknown;
}

/** The fields of an error, from `readError`, a google.rpc.Status or the HTTP status. */
export function readErrorFields(body: string, response: Response, readError: ReadError | undefined): Status {
  const standard = readStatus(body);
  const custom = readError?.(parseJson(body), response);
  return {
    code: custom?.statusCode ?? standard.code ?? httpToCode(response.status),
    message: custom?.message ?? standard.message ?? "",
    details: custom?.details ?? standard.details ?? [],
  };
}

/** The JSON of a body, or the body if it is not JSON. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
