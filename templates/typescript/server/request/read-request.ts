import type { DescField } from "@bufbuild/protobuf";
import { Code } from "../../shared/code.js";
import type { HeaderRule } from "../call/service.js";
import { BindError } from "../errors/bind-error.js";
import { onAbort } from "../errors/cancelled-error.js";
import { StatusError } from "../errors/status-error.js";
import { joinBytes } from "../stream/chunk.js";
import { notAValue } from "./field-slot.js";
import { negotiate } from "./negotiate.js";
import { parseValue } from "./parse-value.js";

/** A status for which google/rpc/code.proto has no code of its own. */
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

/** The content type to answer with. Throws 406 when the client takes none of what the method offers. */
export function chooseContentType(request: Request, offers: readonly string[]): string {
  const type = negotiate(request.headers.get("Accept"), offers);
  if (type === undefined) {
    throw httpError(406, `not acceptable: this method answers with ${offers.join(", ")}`, { Vary: "Accept" });
  }
  return type;
}

/** The body of a request, as far as its method reads one. Throws 413 for one that is too large, 415 for one that is compressed or not JSON. */
export async function readContent(
  request: Request,
  kind: "none" | "json" | "bytes",
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (kind === "none") {
    return undefined;
  }
  const coding = request.headers.get("Content-Encoding") ?? "identity";
  if (!/^[\s,]*(identity[\s,]*)*$/i.test(coding)) {
    const message = `content encoding ${JSON.stringify(coding)} is not supported: send the body uncompressed`;
    throw httpError(415, message, { "Accept-Encoding": "identity" }); // RFC 9110, section 12.5.3
  }
  const type = request.headers.get("Content-Type");
  const body = await readBody(request, maxBytes, signal);
  // Without a content type as well: a page of another origin may send such a body unasked (Fetch, section 3.3).
  if (kind === "json" && body.byteLength > 0 && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type ?? "")) {
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

/** Path and query of a request, percent escapes as they came, dot segments resolved. */
export function splitUrl(url: string): { readonly path: string; readonly query: string } {
  try {
    // Bun knows no host, and so no URL, for a request of HTTP/1.0 that has no header `Host`.
    const { pathname, search } = new URL(url.startsWith("/") ? `http://localhost${url}` : url);
    return { path: pathname, query: search };
  } catch (cause) {
    throw new StatusError(Code.InvalidArgument, "the URL of the request is not valid", { cause });
  }
}

/**
 * The bytes of a request's body; none without a body. Counts while it reads, so that a body over
 * the limit is never held. Throws a `StatusError`: 413 for such a body, 400 for one that breaks off. Rejects with the
 * reason of `signal` when that is aborted.
 */
export async function readBody(request: Request, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const { body } = request;
  if (body === null) {
    return new Uint8Array(0);
  }
  if (Number(request.headers.get("content-length")) > maxBytes) {
    body.cancel().catch(() => {});
    throw tooLarge(maxBytes);
  }
  const reader = body.getReader();
  // A read that waits then ends as if the body did.
  const stopListening = onAbort(signal, () => reader.cancel().catch(() => {}));
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new StatusError(3, "the request body broke off", { cause });
      });
      signal.throwIfAborted();
      if (done) {
        return joinBytes(chunks, length);
      }
      length += value.byteLength;
      if (length > maxBytes) {
        reader.cancel().catch(() => {});
        throw tooLarge(maxBytes);
      }
      chunks.push(value);
    }
  } finally {
    stopListening();
  }
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError(8, `the request body is larger than ${maxBytes} bytes`, { status: 413 });
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
