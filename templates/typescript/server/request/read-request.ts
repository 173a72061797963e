import type { DescField } from "@bufbuild/protobuf";
import { Code } from "../../shared/code.js";
import type { HeaderRule } from "../call/service.js";
import { BindError } from "../errors/bind-error.js";
import type { CancelledError } from "../errors/cancelled-error.js";
import { StatusError } from "../errors/status-error.js";
import { joinBytes } from "../stream/chunk.js";
import { notAValue, parseValue } from "./parse-value.js";

/** The status of an error of HTTP itself. */
type HttpStatus = 404 | 405 | 406 | 413 | 415;

const httpErrorCodes: Readonly<Record<HttpStatus, Code>> = {
  404: Code.NotFound,
  405: Code.Unimplemented,
  406: Code.InvalidArgument,
  413: Code.ResourceExhausted,
  415: Code.InvalidArgument,
};

/** A failure of HTTP itself. */
export function httpError(status: HttpStatus, message: string, headers: Record<string, string> = {}): StatusError {
  return new StatusError(httpErrorCodes[status], message, { status, headers });
}

/** The content type to answer with. Throws 406 if the client accepts none of the types that the method offers. */
export function chooseContentType(request: Request, offers: readonly string[]): string {
  const type = negotiate(request.headers.get("Accept"), offers);
  if (type === undefined) {
    throw httpError(406, `not acceptable: this method answers with ${offers.join(", ")}`, { Vary: "Accept" });
  }
  return type;
}

/** The call that a request body is read for. */
export interface BodyReadingCall {
  readonly request: Request;
  /** Called when the call is stopped. */
  onStop: ((error: CancelledError) => void) | undefined;
  throwIfStopped(): void;
  cancel(reason: "client"): void;
}

/**
 * The bytes of the body of a request. Throws a `StatusError`: 413 for a body over the limit, 415 for one that is compressed or not JSON, 400 for one that breaks off. Throws the reason of a call
 * that is stopped.
 */
export async function readContent(
  call: BodyReadingCall,
  kind: "json" | "bytes",
  maxBytes: number,
): Promise<Uint8Array> {
  const { request } = call;
  const coding = request.headers.get("Content-Encoding");
  if (coding !== null && !/^[\s,]*(identity[\s,]*)*$/i.test(coding)) {
    const message = `content encoding ${JSON.stringify(coding)} is not supported: send the body uncompressed`;
    throw httpError(415, message, { "Accept-Encoding": "identity" }); // RFC 9110, section 12.5.3
  }
  const type = request.headers.get("Content-Type");
  const length = request.headers.get("Content-Length");
  const isJson = /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type ?? "");
  if (kind === "json" && isJson && length !== null && Number(length) <= maxBytes) {
    return readAtOnce(call);
  }
  const body = await readBytes(call, length === null ? 0 : Number(length), maxBytes);
  // Also without a content type: a page of another origin may send such a body without a preflight (Fetch, section 3.3).
  if (kind === "json" && !isJson && body.byteLength > 0) {
    throw httpError(415, `content type ${type === null ? "is missing" : JSON.stringify(type)}: send application/json`);
  }
  return body;
}

/**
 * The cursor of a client that resumes: the header, else the query parameter, as `EventSource` sets no header the first
 * time. Throws a `BindError` for a cursor that is not a value of `idField`, the field with the ids of the events.
 */
export function readLastEventId(
  headers: Headers,
  query: string,
  parameter: string,
  idField: DescField | undefined,
): string | undefined {
  const header = headers.get("Last-Event-ID");
  const source = header ? "Last-Event-ID" : parameter;
  const id = header ? decodeUtf8(header) : query.includes(parameter) && new URLSearchParams(query).get(parameter);
  if (!id) {
    return undefined;
  }
  if (idField && parseValue(idField, id) === undefined) {
    throw new BindError([{ field: source, description: notAValue(idField, id) }]);
  }
  return id;
}

/** Clients send the id in UTF-8 (WHATWG HTML 9.2.4), and a header's value has a character for each byte. */
function decodeUtf8(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\0-\xff]/.test(value)) {
    return value;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(
      Uint8Array.from(value, (char) => char.charCodeAt(0)),
    );
  } catch {
    return value;
  }
}

/** A URL that a parser would not change. */
const parsedUrl = /^https?:\/\/[\w.-]+(?::\d{1,4})?(\/[\w!$&'()*+,;=:@~%./-]*)(\?[\w!$&()*+,;=:@~%./?[\]-]*)?$/;

/** Path and query of a request, percent escapes as they came, dot segments resolved. */
export function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const [, path, query = ""] = parsedUrl.exec(url) ?? [];
  if (path !== undefined && !/\/(\.|%2e)/i.test(path)) {
    return { path, query };
  }
  try {
    // Bun knows no host, and so no URL, for a request of HTTP/1.0 that has no header `Host`.
    const { pathname, search } = new URL(url.startsWith("/") ? `http://localhost${url}` : url);
    return { path: pathname, query: search };
  } catch (cause) {
    throw new StatusError(Code.InvalidArgument, "the URL of the request is not valid", { cause });
  }
}

/** Reads a body of a known length at once: @hono/node-server does that without a stream, in a third of the time. */
function readAtOnce(call: BodyReadingCall): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    call.onStop = reject;
    call.request.arrayBuffer().then(
      (buffer) => {
        call.onStop = undefined;
        resolve(new Uint8Array(buffer));
      },
      (cause: unknown) => reject(brokeOff(call, cause)),
    );
  });
}

/** Counts while it reads, so that a body over the limit is never held. `length` is the declared one. */
async function readBytes(call: BodyReadingCall, length: number, maxBytes: number): Promise<Uint8Array> {
  const { body } = call.request;
  if (body === null) {
    return new Uint8Array(0);
  }
  if (length > maxBytes) {
    body.cancel().catch(() => {});
    throw tooLarge(maxBytes);
  }
  const reader = body.getReader();
  // A pending read then ends as if the body did.
  call.onStop = () => void reader.cancel().catch(() => {});
  const chunks: Uint8Array[] = [];
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw brokeOff(call, cause);
      });
      call.throwIfStopped();
      if (done) {
        return joinBytes(chunks, read);
      }
      read += value.byteLength;
      if (read > maxBytes) {
        reader.cancel().catch(() => {});
        throw tooLarge(maxBytes);
      }
      chunks.push(value);
    }
  } finally {
    call.onStop = undefined;
  }
}

/** The error of a body that ended early. If its client is gone, the call is cancelled, and the error is the reason. */
function brokeOff(call: BodyReadingCall, cause: unknown): unknown {
  if (call.request.signal.aborted) {
    call.cancel("client");
    try {
      call.throwIfStopped();
    } catch (error) {
      return error;
    }
  }
  return new StatusError(Code.InvalidArgument, "the request body broke off", { cause });
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError(Code.ResourceExhausted, `the request body is larger than ${maxBytes} bytes`, { status: 413 });
}

const types: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d+$/,
  number: /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/,
  boolean: /^(true|false)$/,
};

/** JSON Schema, Validation, section 7.3, as far as an expression decides them in linear time. */
const formats: Readonly<Record<string, RegExp>> = {
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  time: /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[-+]\d\d:\d\d)$/i,
  "date-time":
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])t([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[-+]\d\d:\d\d)$/i,
  email: /^[^\s@]+@[^\s@]+$/,
};

/** Throws a `BindError` that names each header which is required and absent, or is not of its type. */
export function checkHeaders(headers: Headers, rules: readonly HeaderRule[]): void {
  const violations = rules.flatMap(({ name, type, format, required }) => {
    const value = headers.get(name);
    const field = name.toLowerCase();
    if (value === null) {
      return required ? [{ field, description: "header is required" }] : [];
    }
    const wrong = [type, format].find((rule) => {
      const pattern = rule && (types[rule] ?? formats[rule]);
      return pattern && !pattern.test(value);
    });
    return wrong ? [{ field, description: `header is not of type ${wrong}` }] : [];
  });
  if (violations.length > 0) {
    throw new BindError(violations);
  }
}

/**
 * The media type to answer with: of `offers`, the server's preference first, the one that the
 * `Accept` header rates highest (RFC 9110, section 12.5.1). Undefined when it excludes all of them.
 */
export function negotiate(accept: string | null, offers: readonly string[]): string | undefined {
  // Some clients send an empty header, which means the same as none.
  if (accept === null || accept.trim() === "") {
    return offers[0];
  }
  const ranges = accept.split(",").map((text) => parseRange(text, offers));
  let best: string | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string, offers: readonly string[]): MediaRange {
  const [name = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  // A parameter counts where an offer has it: `charset=utf-8` excludes nothing.
  const named = parameters.map((parameter) => `${name}; ${parameter.replace(/"/g, "")}`);
  const type = named.find((type) => offers.includes(type)) ?? name;
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
  return { type, quality: /^(0(\.\d*)?|1(\.0*)?)$/.test(quality) ? Number(quality) : 0 };
}

/**
 * The most specific range that takes a type decides: `text/*;q=0` beside a range for everything excludes text. A type
 * with a parameter is only for clients that ask for the parameter.
 */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const wildcards = type.includes(";") ? [] : [`${type.slice(0, type.indexOf("/"))}/*`, "*/*"];
  const candidates = [type, ...wildcards];
  for (const candidate of candidates) {
    const range = ranges.find((each) => each.type === candidate);
    if (range !== undefined) {
      return range.quality;
    }
  }
  return 0;
}
