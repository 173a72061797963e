import type { HeadersSource } from "./call-options.js";
import { given } from "./client-options.js";

/** Adds up headers, names compared without case: of one name, the later source wins. */
export async function mergeHeaders(...sources: (HeadersSource | undefined)[]): Promise<Headers> {
  const merged = new Headers();
  for (const source of sources) {
    const values = (typeof source === "function" ? await source() : source) ?? {};
    // What is not text becomes text there, as everything does that Web APIs take for text.
    const headers: unknown = Symbol.iterator in values ? values : given<object>(values);
    new Headers(headers as Record<string, string>).forEach((value, name) => {
      merged.set(name, value);
    });
  }
  return merged;
}
