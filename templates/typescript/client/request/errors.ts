import { Code } from "../../shared/code.js";
import { CausedError } from "../../shared/error.js";
import type { JsonObject } from "../../shared/json.js";
import { type ErrorReader, readErrorFields } from "./read-error.js";

/** Where a call stood when it failed. */
export interface ErrorContext {
  /** `open`: until the head of a response was accepted; `body`: while its body was read. */
  readonly phase: "open" | "body";
  /** The request that failed: 1 is the first, and each reconnection counts one more. Default 1. */
  readonly attempt?: number;
  /** The cursor: the id of the last event that the caller had finished with. */
  readonly lastEventId?: string | undefined;
  /** What the runtime threw. */
  readonly cause?: unknown;
}

/** What tells the classes of errors apart. */
export type ClientErrorCode =
  | "request"
  | "status"
  | "network"
  | "timeout"
  | "truncated"
  | "content_type"
  | "decode"
  | "event_too_large"
  | "reconnect";

/**
 * A call that failed for a reason of its own. `code` tells the classes apart, also across copies of
 * this runtime, where `instanceof` does not. A call that its signal aborted rejects with `signal.reason` instead.
 */
export abstract class ClientError extends CausedError {
  // A getter, as those below: the head of the stack is made before fields are set, and names the class by it.
  abstract get code(): ClientErrorCode;
  readonly phase: "open" | "body";
  readonly attempt: number;
  readonly lastEventId: string | undefined;

  constructor(message: string, context: ErrorContext) {
    super(message, context);
    this.phase = context.phase;
    this.attempt = context.attempt ?? 1;
    this.lastEventId = context.lastEventId;
  }

  /** `EventTooLargeError` for `event_too_large`: as text, since a minifier renames the class. */
  override get name(): string {
    return `${this.code.replace(/(^|_)(.)/g, (_, _gap, letter: string) => letter.toUpperCase())}Error`;
  }
}

/** What `encode` and `decode` of a method throw beyond an error's message. */
export interface MessageError extends Error {
  /** The path from the message to the field that is wrong: `legs[1].size`. */
  readonly path?: string | undefined;
  /** The rules that the message breaks, as the validator tells them. */
  readonly violations?: readonly unknown[] | undefined;
  readonly cause?: unknown;
}

/** A request that was not sent: it breaks a rule of its message, or the URL cannot carry one of its values. */
export class RequestError extends ClientError {
  get code(): "request" {
    return "request";
  }
  /** The rules that it breaks, as the validator tells them; undefined where it is not that. */
  readonly violations: readonly unknown[] | undefined;

  constructor(cause: unknown, context: ErrorContext) {
    // What is thrown there is an error; what is not one has no message.
    const { message, violations } = cause as MessageError;
    super(message, { ...context, cause });
    this.violations = violations;
  }
}

/** A message schema of protoc-gen-es; `T` is its message. */
interface DetailSchema<T> {
  readonly typeName: string;
  readonly $codegenv2: { readonly a: T };
}

/**
 * A failure that the server reported: an HTTP error, or an error event in a stream.
 * Both carry a google.rpc.Status; for another body the code follows from the HTTP status.
 */
export class StatusError extends ClientError {
  get code(): "status" {
    return "status";
  }
  /** The HTTP status of the response; 200 where an error event ended a stream. */
  readonly status: number;
  /** The code of the RPC: `Code.NotFound`. */
  readonly statusCode: Code;
  /** Messages as google.protobuf.Any writes them, each with its type in `@type`. */
  readonly details: readonly JsonObject[];
  /** The headers of the response; `retryAfterMs(error.headers)` reads `Retry-After`. */
  readonly headers: Headers;
  /** The body of the error, or the data of the error event, as it came: at most 64 KiB of it. */
  readonly body: string;
  readonly #readDetail: ErrorReader["readDetail"];

  constructor(response: Response, body: string, { readError, readDetail }: ErrorReader, context: ErrorContext) {
    const { status, headers } = response;
    const { code, message, details } = readErrorFields(body, response, readError);
    const what =
      context.phase === "open" ? `HTTP ${status} (code ${code})` : `error event (code ${code}, ${codeName(code)})`;
    super(message || `${what}${excerpt(body)}`, context);
    this.status = status;
    this.statusCode = code;
    this.details = details;
    this.headers = headers;
    this.body = body.slice(0, 65_536);
    this.#readDetail = readDetail;
  }

  /**
   * The details of one type: by its full name as JSON, by its schema (of protoc-gen-es) as messages.
   * A detail that is not a message of its type is left out.
   *
   * ```ts
   * for (const { fieldViolations } of error.findDetails(BadRequestSchema)) …
   * ```
   */
  findDetails(typeName: string): JsonObject[];
  findDetails<T>(schema: DetailSchema<T>): T[];
  findDetails(type: string | { readonly typeName: string }): unknown[] {
    const schema = typeof type === "string" ? undefined : type;
    return this.details
      .filter((detail) => String(detail["@type"]).replace(/.*\//, "") === (schema?.typeName ?? type))
      .map((detail) => (schema ? this.#readDetail?.(schema, detail) : detail))
      .filter(Boolean);
  }
}

/** The beginning of a body on one line, tags removed: a proxy's error page is HTML. */
function excerpt(body: string): string {
  const text = body
    .slice(0, 1024)
    .replace(/(<[^>]*>|\s)+/g, " ")
    .trim();
  return text && `: ${text.slice(0, 200)}`;
}

/** A connection that could not be made, or broke. `cause` is what `fetch` threw. */
export class NetworkError extends ClientError {
  get code(): "network" {
    return "network";
  }
}

/** A limit of time that was passed. */
export class TimeoutError extends ClientError {
  get code(): "timeout" {
    return "timeout";
  }
  /** `connect`: no response; `idle`: an open stream fell silent; `deadline`: the call as a whole. */
  readonly kind: "connect" | "idle" | "deadline";

  constructor(kind: "connect" | "idle" | "deadline", ms: number, context: ErrorContext) {
    super(`${kind} timeout after ${ms} ms`, context);
    this.kind = kind;
  }
}

/** A stream whose body ended before its end: the server, or something before it, was cut off. */
export class TruncatedError extends ClientError {
  get code(): "truncated" {
    return "truncated";
  }

  constructor(context: ErrorContext) {
    super("the body ended before the stream did", context);
  }
}

/** A response that succeeded but is of a kind that the method does not answer with. */
export class ContentTypeError extends ClientError {
  get code(): "content_type" {
    return "content_type";
  }
  /** The `Content-Type` of the response; `null` without one. */
  readonly contentType: string | null;
  readonly status: number;
  readonly headers: Headers;
  /** The first bytes of the body, as text. */
  readonly body: string;

  constructor(expected: string, { status, headers }: Response, body: string, context: ErrorContext) {
    const contentType = headers.get("content-type");
    const got = contentType ? `"${contentType}"` : "no content type";
    const other = status === 200 ? "" : ` with status ${status}`;
    super(`expected ${expected}, got ${got}${other}${excerpt(body)}`, context);
    this.contentType = contentType;
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** A response or an event that is not the declared message. */
export class DecodeError extends ClientError {
  get code(): "decode" {
    return "decode";
  }
  /** The name of the event; undefined for a unary response. */
  readonly event: string | undefined;
  /** The id of the event. */
  readonly id: string | undefined;
  /** The data as it came. */
  readonly data: string;
  /** The field that is wrong, as far as it is known: `legs[1].size`. */
  readonly path: string | undefined;
  /** The rules that the message breaks, as the validator tells them; undefined where it is not that. */
  readonly violations: readonly unknown[] | undefined;

  constructor({ event, id, data }: Undecoded, cause: unknown, context: ErrorContext) {
    // As in RequestError.
    const { message, path, violations } = cause as MessageError;
    super(`cannot read ${event === undefined ? "the response" : `event "${event}"`}: ${message}`, {
      ...context,
      cause,
    });
    this.event = event;
    this.id = id;
    this.data = data;
    this.path = path;
    this.violations = violations;
  }
}

/** What could not be read: an event, or the body of a unary response. */
export interface Undecoded {
  readonly event?: string;
  readonly id?: string | undefined;
  readonly data: string;
}

/** An event, or a line of JSON Lines, over `maxEventBytes`. */
export class EventTooLargeError extends ClientError {
  get code(): "event_too_large" {
    return "event_too_large";
  }
  readonly maxEventBytes: number;

  constructor(maxEventBytes: number, context: ErrorContext) {
    super(`an event is larger than maxEventBytes, ${maxEventBytes}`, context);
    this.maxEventBytes = maxEventBytes;
  }
}

/** A stream that could not be resumed: `maxAttempts` further requests failed too. `cause` is the last error. */
export class ReconnectError extends ClientError {
  get code(): "reconnect" {
    return "reconnect";
  }
  /** The last of what the stream failed with since the last progress, in order: at most ten. */
  readonly errors: readonly unknown[];
  /** How often the stream failed since the last progress: once more than `maxAttempts` allows. */
  readonly failures: number;

  constructor(errors: readonly unknown[], context: ErrorContext, failures: number = errors.length) {
    const cause = errors[errors.length - 1];
    const further = failures - 1;
    super(`gave up after ${further} further request${further === 1 ? "" : "s"}: ${cause}`, { ...context, cause });
    this.errors = errors;
    this.failures = failures;
  }
}

/** The name of a code: `Unavailable`. */
function codeName(code: Code): string {
  return Object.keys(Code)[code] ?? ""; // they stand in the order of their numbers
}
