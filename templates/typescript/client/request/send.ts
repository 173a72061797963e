import { given } from "../client-options.js";
import type { StreamOptions } from "../stream/stream-options.js";
import { toByteString } from "./byte-string.js";
import type { HeaderRecord } from "./call-options.js";
import { type ErrorContext, RequestError, StatusError } from "./errors.js";
import { type FetchInit, fetchResponse } from "./fetch-response.js";
import type { ErrorReader } from "./read-error.js";
import { readText } from "./read-text.js";
import { throwIfAborted } from "./waiter.js";

/** More than that of an error is not read. A Status may be larger than what `StatusError.body` keeps. */
const maxErrorBytes = 1024 * 1024;

/**
 * Sends a request and resolves with a 2xx response, its body unread. Without `accept` it asks for a stream, after
 * the event `context.lastEventId`. Rejects as `fetchResponse` does, or with a `StatusError` for another status.
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
    // It sends `Cache-Control: no-cache`, which set by hand costs browsers a CORS preflight.
    init.cache = "no-store";
    if (context.lastEventId) {
      check(context.lastEventId, "last-event-id");
      headers.set("last-event-id", toByteString(context.lastEventId));
    }
  }
  headers.forEach(check);
  // Called as a variable: as a member, the fetch of browsers and Workers throws "Illegal invocation".
  const response = await fetchResponse(fetch, addQuery(url, query), init, context);
  onResponse?.(response);
  throwIfAborted(init.signal);
  if (!response.ok) {
    throw new StatusError(response, await readText(response, maxErrorBytes), reader, context);
  }
  return response;

  /** Refuses what no header can hold (RFC 9110, section 5.5): runtimes fail on it as on a broken connection. */
  function check(value: string, name: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
    if (!/[\0-\x08\n-\x1f\x7f]/.test(value)) {
      return;
    }
    throw new RequestError(new TypeError(`the header "${name}" holds a control character`), context);
  }
}

function addQuery(url: string, query: HeaderRecord): string {
  const parameters = Object.entries(given<HeaderRecord>(query)).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return parameters.length ? `${url}${url.includes("?") ? "&" : "?"}${parameters.join("&")}` : url;
}
