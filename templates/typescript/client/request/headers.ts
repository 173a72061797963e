import { given } from "../client-options.js";
import type { HeadersSource } from "./call-options.js";
import { type ErrorContext, RequestError } from "./errors.js";
import { throwIfAborted } from "./waiter.js";

/**
 * Merges headers, names compared without case: of one name, the later source wins. Rejects with the reason of a signal
 * that is aborted meanwhile, and with a `RequestError` for a name or a value that is not allowed in a header.
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
    // What is not text becomes text there, as everything does that Web APIs take for text.
    const headers: unknown = Symbol.iterator in values ? values : given<object>(values);
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
