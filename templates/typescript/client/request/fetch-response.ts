import { causeOf } from "../../shared/error.js";
import type { Credentials } from "../client-options.js";
import type { Fetch } from "./call-options.js";
import { type ErrorContext, NetworkError, RequestError } from "./errors.js";
import type { Content } from "./http-body.js";
import { ignore, throwIfAborted } from "./waiter.js";

/** What `fetch` is called with. No `RequestInit`: the types of Node have no `cache` there, and those of Workers no `credentials`. */
export interface FetchInit {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: Content["body"];
  readonly signal?: AbortSignal;
  readonly credentials?: Credentials;
  cache?: "no-store";
}

/** Calls `fetch` and tells its failures apart: the signal's reason, a URL that is none, the network. */
export async function fetchResponse(
  fetch: Fetch,
  url: string,
  init: FetchInit,
  context: ErrorContext,
): Promise<Response> {
  try {
    throwIfAborted(init.signal);
    const response = await fetch(url, init as RequestInit);
    // One that ignores its signal answers too late.
    if (init.signal?.aborted) {
      response.body?.cancel().catch(ignore);
    }
    throwIfAborted(init.signal);
    return response;
  } catch (cause) {
    throwIfAborted(init.signal);
    const { cache, ...rest } = init;
    // A runtime that refuses `cache`, as workerd did until 2024, has sent nothing.
    if (cache && /\bcache\b/i.test(String(cause))) {
      return fetchResponse(fetch, url, rest, context);
    }
    try {
      // Only the runtime knows whether a relative URL has a page to be relative to.
      new Request(url);
    } catch (cause) {
      throw new RequestError(new TypeError(`check baseUrl: ${cause}`), context);
    }
    // Node says only "fetch failed"; why is in the cause.
    const reasons = [cause, causeOf(cause)].filter(Boolean);
    throw new NetworkError(reasons.join(": "), { ...context, cause });
  }
}
