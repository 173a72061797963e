import { onAbort } from "../errors/cancelled-error.js";
import { failuresOf, type Source, toSource } from "./source-reader.js";

type EventResult = IteratorResult<never, undefined>;

/**
 * The events of a handler, for the interceptor around it. An async generator that waits for a `next()` cannot be ended:
 * its `return()` waits as well. So when the signal is aborted, pending `next()` calls reject with its reason, and the
 * handler is asked to end.
 */
export class AbortableEvents implements AsyncIterableIterator<never> {
  readonly #events: unknown;
  readonly #signal: AbortSignal;
  readonly #onEnding: (ended: Promise<readonly unknown[]>) => void;
  readonly #stopListening: () => void;
  /** Ends the wait for each pending event. A listener of the signal for each of them would stay as long as the call. */
  readonly #waiting: Map<(reason: unknown) => void, Promise<unknown>> = new Map();
  #source: Source | undefined;
  #over = false;

  /** Calls `onEnding` if the signal ends the handler; the promise resolves with the errors of the handler. */
  constructor(events: unknown, signal: AbortSignal, onEnding: (ended: Promise<readonly unknown[]>) => void) {
    this.#events = events;
    this.#signal = signal;
    this.#onEnding = onEnding;
    this.#stopListening = onAbort(signal, () => this.#abort());
  }

  /** The handler's own events, if no interceptor uses them. They need no listener. */
  release(): unknown {
    if (this.#source) {
      return this;
    }
    this.#end();
    return this.#events;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<EventResult> {
    return new Promise((resolve, reject) => {
      if (this.#signal.aborted) {
        reject(this.#signal.reason);
        return;
      }
      const next = this.#open().next();
      this.#waiting.set(reject, next);
      next.then(
        (result) => {
          this.#waiting.delete(reject);
          if (result?.done) {
            this.#end();
          }
          // The events are of the handler's message, which is not known here.
          resolve(result as EventResult);
        },
        (error: unknown) => {
          this.#waiting.delete(reject);
          this.#end();
          reject(error);
        },
      );
    });
  }

  async return(): Promise<EventResult> {
    if (!this.#over) {
      this.#end();
      await this.#open().cancel(undefined);
    }
    return { done: true, value: undefined };
  }

  #open(): Source {
    this.#source ??= toSource(this.#events);
    return this.#source;
  }

  #end(): void {
    this.#over = true;
    this.#stopListening();
  }

  #abort(): void {
    this.#over = true;
    const cancelled = (async () => this.#open().cancel(this.#signal.reason))();
    this.#onEnding(failuresOf([...this.#waiting.values(), cancelled]));
    for (const reject of this.#waiting.keys()) {
      reject(this.#signal.reason);
    }
    this.#waiting.clear();
  }
}
