import { causeOf } from "../../shared/error.js";
import { withoutUndefined } from "../../shared/json.js";
import type { Credentials } from "../client-options.js";
import type { StreamOptions } from "../stream/stream-options.js";
import type { Fetch, HeaderRecord, HeadersSource } from "./call-options.js";
import { type ErrorContext, NetworkError, RequestError, StatusError } from "./errors.js";
import type { Content } from "./http-body.js";
import type { ErrorReader } from "./read-error.js";
import { readText } from "./read-response.js";
import { ignore, throwIfAborted } from "./waiter.js";

/** The init of `fetch`. Not `RequestInit`: the types of Node lack `cache` there, and those of Workers `credentials`. */
export interface FetchInit {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: Content["body"];
  readonly signal?: AbortSignal;
  readonly credentials?: Credentials;
  cache?: "no-store";
}

/** The most that is read of an error's body. A Status may be larger than what `StatusError.body` keeps. */
const maxErrorBytes = 1024 * 1024;

/**
 * Merges headers. Names are compared without case, and the later source wins. Rejects with the reason of a signal that
 * is aborted meanwhile, and with a `RequestError` for a name or a value that is not allowed in a header.
 */
export async function mergeHeaders(
  signal: AbortSignal,
  context: ErrorContext,
  ...sources: (HeadersSource | undefined)[]
): Promise<Headers> {
  const merged = new Headers();
  for (const source of sources) {
    const values = (typeof source === "function" ? await source() : source) ?? {};
    throwIfAborted(signal);
    // `Headers` turns values into text, as Web APIs do.
    const headers: unknown = Symbol.iterator in values ? values : withoutUndefined<object>(values);
    try {
      new Headers(headers as Record<string, string>).forEach((value, name) => {
        merged.set(name, value);
      });
    } catch (cause) {
      throw new RequestError(new TypeError(`check the headers: ${cause}`), context);
    }
  }
  return merged;
}

/**
 * Sends a request and resolves with a 2xx response, its body unread. Without `accept` it asks for a stream, after
 * the event `context.lastEventId`. Rejects with the signal's reason, a `RequestError` for a request that cannot be
 * sent, a `NetworkError` if `fetch` failed, or a `StatusError` for another status.
 */
export async function send(
  url: string,
  init: FetchInit & { readonly headers: Headers },
  accept: string | undefined,
  options: StreamOptions,
  reader: ErrorReader,
  context: ErrorContext,
): Promise<Response> {
  const { fetch = globalThis.fetch, format, onResponse, query = {} } = options;
  const { headers } = init;
  headers.set("accept", accept ?? (format === "jsonl" ? "application/jsonl; profile=sse-1" : "text/event-stream"));
  if (!accept) {
    // `fetch` then sends `Cache-Control: no-cache`. Set by hand, it would cost browsers a CORS preflight.
    init.cache = "no-store";
    const { lastEventId } = context;
    if (lastEventId) {
      check(lastEventId, "last-event-id");
      // The bytes of its UTF-8, as in WHATWG HTML 9.2.3.
      const bytes = new TextEncoder().encode(lastEventId);
      headers.set("last-event-id", Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    }
  }
  headers.forEach(check);
  // Called as a variable: called as a member, the fetch of browsers and Workers throws "Illegal invocation".
  const response = await fetchResponse(fetch, addQuery(url, query), init, context);
  onResponse?.(response);
  throwIfAborted(init.signal);
  if (!response.ok) {
    throw new StatusError(response, await readText(response, maxErrorBytes), reader, context);
  }
  return response;

  /** Rejects what no header can hold (RFC 9110, section 5.5). Runtimes report it as a broken connection. */
  function check(value: string, name: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find.
    if (/[\0-\x08\n-\x1f\x7f]/.test(value)) {
      throw new RequestError(new TypeError(`the header "${name}" holds a control character`), context);
    }
  }
}

/** Calls `fetch`, and throws a different error for an aborted signal, an invalid URL and a failure of the network. */
export async function fetchResponse(
  fetch: Fetch,
  url: string,
  init: FetchInit,
  context: ErrorContext,
): Promise<Response> {
  const { signal } = init;
  try {
    throwIfAborted(signal);
    const response = await fetch(url, init as RequestInit);
    // A fetch that ignores its signal responds too late.
    if (signal?.aborted) {
      response.body?.cancel().catch(ignore);
    }
    throwIfAborted(signal);
    return response;
  } catch (cause) {
    throwIfAborted(signal);
    const { cache, ...rest } = init;
    // A runtime that rejects `cache`, as workerd did until 2024, has sent nothing.
    if (cache && /\bcache\b/i.test(String(cause))) {
      return fetchResponse(fetch, url, rest, context);
    }
    try {
      // Only the runtime knows whether a relative URL has a page to be relative to.
      new Request(url);
    } catch (cause) {
      throw new RequestError(new TypeError(`check baseUrl: ${cause}`), context);
    }
    // Node says only "fetch failed"; the reason is in the cause.
    const reasons = [cause, causeOf(cause)].filter(Boolean);
    throw new NetworkError(reasons.join(": "), { ...context, cause });
  }
}

function addQuery(url: string, query: HeaderRecord): string {
  const parameters = Object.entries(withoutUndefined<HeaderRecord>(query)).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return parameters.length ? `${url}${url.includes("?") ? "&" : "?"}${parameters.join("&")}` : url;
}
