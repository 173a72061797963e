import type { Fetch } from "./call-options.js";
import { type ErrorContext, NetworkError, RequestError } from "./errors.js";

/** What `fetch` is called with. The types of Node do not have `cache`. */
export interface FetchInit extends RequestInit {
  cache?: "default" | "force-cache" | "no-cache" | "no-store" | "only-if-cached" | "reload";
}

/** Calls `fetch` and tells its failures apart: the signal's reason, a URL that is none, the network. */
export async function fetchResponse(
  fetch: Fetch,
  url: string,
  init: FetchInit,
  context: ErrorContext,
): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    init.signal?.throwIfAborted();
    const { cache, ...rest } = init;
    // A runtime that refuses `cache`, as workerd did until 2024, has sent nothing.
    if (cache && /\bcache\b/i.test(String(cause))) return fetchResponse(fetch, url, rest, context);
    try {
      // Only the runtime knows whether a relative URL has a page to be relative to.
      new Request(url);
    } catch (cause) {
      throw new RequestError(new TypeError(`check baseUrl: ${cause}`), context);
    }
    // Node says only "fetch failed"; why is in the cause.
    const reasons = [cause, cause instanceof Error && cause.cause].filter(Boolean);
    throw new NetworkError(reasons.join(": "), { ...context, cause });
  }
}
