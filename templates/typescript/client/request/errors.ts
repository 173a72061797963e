import { Code } from "../../shared/code.js";
import { CausedError } from "../../shared/error.js";
import type { JsonObject } from "../../shared/json.js";
import { type ErrorReader, readErrorFields } from "./read-error.js";

/** The state of a call when it failed. */
export interface ErrorContext {
  /** `open`: until the head of a response was accepted. `body`: while its body was read. */
  readonly phase: "open" | "body";
  /** The request that failed: 1 is the first, and each reconnection counts one more. Default 1. */
  readonly attempt?: number;
  /** The cursor: the id of the last event that the caller had finished with. */
  readonly lastEventId?: string | undefined;
  /** What the runtime threw. */
  readonly cause?: unknown;
}

/** The code of each class of errors. */
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
 * The base of all errors of a call. `code` distinguishes the classes, also across copies of this runtime, where
 * `instanceof` does not. A call that is aborted by its signal rejects with `signal.reason` instead.
 */
export abstract class ClientError extends CausedError {
  // A getter, as in the classes below: the first line of the stack names the class by it, before fields are set.
  abstract get code(): ClientErrorCode;
  // The fields of all classes are set by `Object.assign`. Not with `declare`, which Babel 7 rejects.
  readonly phase!: "open" | "body";
  readonly attempt!: number;
  readonly lastEventId!: string | undefined;

  constructor(message: string, context: ErrorContext) {
    super(message, context);
    const { phase, attempt = 1, lastEventId } = context;
    Object.assign(this, { phase, attempt, lastEventId });
  }

  /** `EventTooLargeError` for `event_too_large`: as text, since a minifier renames the class. */
  override get name(): string {
    return `${this.code.replace(/(^|_)(.)/g, (_, _gap, letter: string) => letter.toUpperCase())}Error`;
  }
}

/** The errors that `encode` and `decode` of a method throw. */
export interface MessageError extends Error {
  /** The path from the message to the field that is wrong: `legs[1].size`. */
  readonly path?: string | undefined;
  /** The rules that the message breaks, as the validator reports them. */
  readonly violations?: readonly unknown[] | undefined;
  readonly cause?: unknown;
}

/** The request was not sent: it breaks a rule of its message, or no URL can hold one of its values. */
export class RequestError extends ClientError {
  get code(): "request" {
    return "request";
  }
  /** The rules that the request breaks, as the validator reports them; undefined for another reason. */
  readonly violations!: readonly unknown[] | undefined;

  constructor(cause: unknown, context: ErrorContext) {
    // If something else than an error was thrown, it has no message.
    const { message, violations } = cause as MessageError;
    super(message, { ...context, cause });
    Object.assign(this, { violations });
  }
}

/** A message schema of protoc-gen-es; `T` is its message. */
interface DetailSchema<T> {
  readonly typeName: string;
  readonly $codegenv2: { readonly a: T };
}

/**
 * A failure that the server reported: an HTTP error, or an error event in a stream.
 * Both carry a google.rpc.Status. For another body, the code follows from the HTTP status.
 */
export class StatusError extends ClientError {
  get code(): "status" {
    return "status";
  }
  /** The HTTP status of the response; 200 if an error event ended a stream. */
  readonly status!: number;
  /** The code of the RPC: `Code.NotFound`. */
  readonly statusCode!: Code;
  /** Messages as google.protobuf.Any writes them, each with its type in `@type`. */
  readonly details!: readonly JsonObject[];
  /** The headers of the response; `retryAfterMs(error.headers)` reads `Retry-After`. */
  readonly headers!: Headers;
  /** The body of the error, or the data of the error event, as received, cut at 64 KiB. */
  readonly body!: string;
  readonly #readDetail: ErrorReader["readDetail"];

  constructor(response: Response, body: string, { readError, readDetail }: ErrorReader, context: ErrorContext) {
    const { status, headers } = response;
    const { code: statusCode, message, details } = readErrorFields(body, response, readError);
    const what =
      context.phase === "open"
        ? `HTTP ${status} (code ${statusCode})`
        : `error event (code ${statusCode}, ${Object.keys(Code)[statusCode] ?? ""})`;
    super(message || `${what}${excerpt(body)}`, context);
    Object.assign(this, { status, statusCode, details, headers, body: body.slice(0, 65_536) });
    this.#readDetail = readDetail;
  }

  /**
   * The details of one type: by its full name as JSON, by its schema (of protoc-gen-es) as messages.
   * A detail that is not a message of its type is left out.
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

/** The connection failed or broke. `cause` is what `fetch` threw. */
export class NetworkError extends ClientError {
  get code(): "network" {
    return "network";
  }
}

/** A time limit was exceeded. */
export class TimeoutError extends ClientError {
  get code(): "timeout" {
    return "timeout";
  }
  /** `connect`: no response. `idle`: an open stream sent nothing. `deadline`: the whole call took too long. */
  readonly kind!: "connect" | "idle" | "deadline";

  constructor(kind: "connect" | "idle" | "deadline", ms: number, context: ErrorContext) {
    super(`${kind} timeout after ${ms} ms${context.phase === "open" ? connectionLimit() : ""}`, context);
    Object.assign(this, { kind });
  }
}

/**
 * Why a request in a browser may wait without end. A page cannot find out whether this is the reason: other tabs count,
 * too, and the protocol of another origin is hidden.
 */
function connectionLimit(): string {
  // Node 20 has no `navigator`; other runtimes have one with a name of their own.
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  return /^Mozilla/.test(navigator?.userAgent ?? "")
    ? ": over HTTP/1.1, a browser opens at most six connections to a host, and each open stream of any tab takes one; use HTTP/2"
    : "";
}

/** The body ended before the stream did: the server or a proxy closed the connection too early. */
export class TruncatedError extends ClientError {
  get code(): "truncated" {
    return "truncated";
  }

  constructor(context: ErrorContext) {
    super("the body ended before the stream did", context);
  }
}

/** A successful response whose content type is not the one of the method. */
export class ContentTypeError extends ClientError {
  get code(): "content_type" {
    return "content_type";
  }
  /** The `Content-Type` of the response; `null` without one. */
  readonly contentType!: string | null;
  readonly status!: number;
  readonly headers!: Headers;
  /** The first bytes of the body, as text. */
  readonly body!: string;

  constructor(expected: string, { status, headers }: Response, body: string, context: ErrorContext) {
    const contentType = headers.get("content-type");
    const got = contentType ? `"${contentType}"` : "no content type";
    const other = status === 200 ? "" : ` with status ${status}`;
    super(`expected ${expected}, got ${got}${other}${excerpt(body)}`, context);
    Object.assign(this, { contentType, status, headers, body });
  }
}

/** A response or an event that is not the declared message. */
export class DecodeError extends ClientError {
  get code(): "decode" {
    return "decode";
  }
  /** The name of the event; undefined for a unary response. */
  readonly event!: string | undefined;
  /** The id of the event. */
  readonly id!: string | undefined;
  /** The data as received. */
  readonly data!: string;
  /** The path of the wrong field, if known: `legs[1].size`. */
  readonly path!: string | undefined;
  /** The rules that the message breaks, as the validator reports them; undefined for another reason. */
  readonly violations!: readonly unknown[] | undefined;

  constructor({ event, id, data }: Undecoded, cause: unknown, context: ErrorContext) {
    // As in RequestError.
    const { message, path, violations } = cause as MessageError;
    const what = event === undefined ? "the response" : `event "${event}"`;
    super(`cannot read ${what}: ${message}`, { ...context, cause });
    Object.assign(this, { event, id, data, path, violations });
  }
}

/** An event, or the body of a unary response, that cannot be read. */
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
  readonly maxEventBytes!: number;

  constructor(maxEventBytes: number, context: ErrorContext) {
    super(`an event is larger than maxEventBytes, ${maxEventBytes}`, context);
    Object.assign(this, { maxEventBytes });
  }
}

/** A stream could not be resumed: `maxAttempts` further requests failed too. `cause` is the last error. */
export class ReconnectError extends ClientError {
  get code(): "reconnect" {
    return "reconnect";
  }
  /** The last errors since the last progress, in order: at most ten. */
  readonly errors!: readonly unknown[];
  /** How often the stream failed since the last progress: once more than `maxAttempts` allows. */
  readonly failures!: number;

  constructor(errors: readonly unknown[], context: ErrorContext, failures: number = errors.length) {
    const [cause, further] = [errors[errors.length - 1], failures - 1];
    const message = `gave up after ${further} further request${further === 1 ? "" : "s"}: ${cause}`;
    super(message, { ...context, cause });
    Object.assign(this, { errors, failures });
  }
}
