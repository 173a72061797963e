import { toByteString } from "./byte-string.js";
import { type ErrorContext, type ReadDetail, StatusError } from "./errors.js";
import { type FetchInit, fetchResponse } from "./fetch-response.js";
import { readText } from "./read-text.js";
import type { StreamOptions } from "./stream-options.js";

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
  readDetail: ReadDetail,
  context: ErrorContext,
): Promise<Response> {
  const { fetch = globalThis.fetch, format, onResponse } = options;
  const { headers } = init;
  headers.set("accept", accept ?? (format === "jsonl" ? "application/jsonl; profile=sse-1" : "text/event-stream"));
  if (!accept) {
    // It sends `Cache-Control: no-cache`, which set by hand costs browsers a CORS preflight.
    init.cache = "no-store";
    if (context.lastEventId) headers.set("last-event-id", toByteString(context.lastEventId));
  }
  // Called as a variable: as a member, the fetch of browsers and Workers throws "Illegal invocation".
  const response = await fetchResponse(fetch, url, init, context);
  onResponse?.(response);
  if (!response.ok) throw new StatusError(response, await readText(response, maxErrorBytes), readDetail, context);
  return response;
}
