import { onAbort } from "./cancelled-error.js";
import { type Source, toSource } from "./source-reader.js";

type Result = IteratorResult<never, undefined>;

/**
 * The events of a handler, for the interceptor around it. An async generator that waits for a `next()` cannot be ended:
 * its `return()` waits as well. So when the signal is aborted, what waits is rejected with its reason, and the handler is
 * told to end.
 */
export class AbortableEvents implements AsyncIterableIterator<never> {
  readonly #signal: AbortSignal;
  readonly #onEnding: (ended: Promise<readonly unknown[]>) => void;
  readonly #stopListening: () => void;
  readonly #events: unknown;
  #source: Source | undefined;
  #over = false;
  /** Rejects what waits. Held here and not by the signal, which would keep it as long as the call. */
  readonly #waiting: Set<(reason: unknown) => void> = new Set();

  /** `onEnding` is told of a handler that is ended by the signal; the promise resolves with what it failed with. */
  constructor(events: unknown, signal: AbortSignal, onEnding: (ended: Promise<readonly unknown[]>) => void) {
    this.#events = events;
    this.#signal = signal;
    this.#onEnding = onEnding;
    this.#stopListening = onAbort(signal, () => this.#abort());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#signal.aborted) {
        reject(this.#signal.reason);
        return;
      }
      this.#waiting.add(reject);
      this.#open()
        .next()
        .then(
          (result) => {
            this.#waiting.delete(reject);
            if (result.done) this.#stopListening();
            // The events are of the handler's message, which is not known here.
            resolve(result as Result);
          },
          (error: unknown) => {
            this.#waiting.delete(reject);
            this.#stopListening();
            reject(error);
          },
        );
    });
  }

  async return(): Promise<Result> {
    if (!this.#over) {
      this.#over = true;
      this.#stopListening();
      await this.#open().cancel(undefined);
    }
    return { done: true, value: undefined };
  }

  #open(): Source {
    this.#source ??= toSource(this.#events);
    return this.#source;
  }

  #abort(): void {
    if (this.#over) return;
    this.#over = true;
    for (const reject of this.#waiting) reject(this.#signal.reason);
    this.#waiting.clear();
    const ended = (async () => this.#open().cancel(this.#signal.reason))();
    this.#onEnding(
      ended.then(
        () => [],
        (error: unknown) => [error],
      ),
    );
  }
}
