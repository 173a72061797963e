import type { HeadersSource } from "./call-options.js";
import { given } from "./client-options.js";
import { throwIfAborted } from "./waiter.js";

/**
 * Merges headers, names compared without case: of one name, the later source wins. Rejects with the reason of a signal
 * that is aborted meanwhile.
 */
export async function mergeHeaders(signal: AbortSignal, ...sources: (HeadersSource | undefined)[]): Promise<Headers> {
  const merged = new Headers();
  for (const source of sources) {
    const values = (typeof source === "function" ? await source() : source) ?? {};
    throwIfAborted(signal);
    // What is not text becomes text there, as everything does that Web APIs take for text.
    const headers: unknown = Symbol.iterator in values ? values : given<object>(values);
    new Headers(headers as Record<string, string>).forEach((value, name) => {
      merged.set(name, value);
    });
  }
  return merged;
}
