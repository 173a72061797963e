import { Subscription } from "../topic/subscription.js";
import { settled } from "./ticks.js";

/** The listener of a `SourceReader`. */
export interface SourceListener {
  /** Called with the cursor where the events of the source begin. */
  onCursor(cursor: Promise<unknown>): void;
  onEvent(value: unknown): void;
  /** The source is complete. */
  onDone(): void;
  onFailure(error: unknown): void;
}

/**
 * Asks a handler for its events, one at a time. The handler returns a `ReadableStream` or an async iterable; anything
 * else fails with a `TypeError`. A handler that has not returned yet is released as soon as it returns.
 */
export class SourceReader {
  /** Until the handler has returned. */
  #opening: Promise<Source> | undefined;
  readonly #listener: SourceListener;
  #source: Source | undefined;
  /** The event that was asked for and has not arrived. */
  #next: Promise<unknown> | undefined;
  #state: "live" | "exhausted" | "released" = "live";
  /** Whether an event of a subscription is wanted, and whether `#poll` is taking one. */
  #isAsked = false;
  #isPolling = false;

  constructor(answer: Promise<unknown>, listener: SourceListener) {
    this.#listener = listener;
    this.#opening = answer.then((value) => {
      this.#source = toSource(value);
      this.#opening = undefined;
      if (this.#source.cursor) {
        listener.onCursor(this.#source.cursor);
      }
      return this.#source;
    });
    // `ask` reports a failure; until then an unhandled rejection is suppressed.
    this.#opening.catch(() => {});
  }

  /** Asks for an event, unless one is due already. */
  ask(): void {
    if (this.#next !== undefined || this.#state !== "live") {
      return;
    }
    if (this.#source instanceof SubscriptionSource) {
      this.#isAsked = true;
      this.#poll(this.#source);
      return;
    }
    try {
      const next = this.#source?.next() ?? this.#opening?.then((source) => source.next());
      this.#next = next;
      next?.then(this.#onResult, this.#onFailure);
    } catch (error) {
      // A hand-written iterator may throw instead of rejecting.
      this.#onFailure(error);
    }
  }

  /** Takes events as long as they are asked for: the listener asks for the next one when it gets one. */
  #poll(source: SubscriptionSource): void {
    if (this.#isPolling) {
      return;
    }
    this.#isPolling = true;
    while (this.#isAsked && this.#state === "live") {
      this.#isAsked = false;
      try {
        const result = source.poll(this.#onChange);
        if (result) {
          this.#onResult(result);
        }
      } catch (error) {
        this.#onFailure(error);
      }
    }
    this.#isPolling = false;
  }

  /** A subscription has changed. Events that are published in the same turn are taken together. */
  readonly #onChange = (): void => {
    settled.then(this.#askAgain);
  };

  readonly #askAgain = (): void => this.ask();

  /** Ends the source early. The listener is not called again. Resolves when the handler has ended, with its errors. */
  async release(reason: unknown): Promise<readonly unknown[]> {
    if (this.#state !== "live") {
      return [];
    }
    this.#state = "released";
    const source = this.#source ?? this.#opening;
    const cancelled = (async () => (await source)?.cancel(reason))();
    return failuresOf([this.#next, cancelled]);
  }

  readonly #onResult = (result: IteratorResult<unknown, unknown>): void => {
    this.#next = undefined;
    if (this.#state !== "live") {
      return;
    }
    let done: boolean | undefined;
    let value: unknown;
    try {
      ({ done = false, value } = result);
    } catch (error) {
      // A hand-written iterator may return a value that is not a result.
      this.#onFailure(error);
      return;
    }
    if (done) {
      this.#state = "exhausted";
      this.#listener.onDone();
    } else {
      this.#listener.onEvent(value);
    }
  };

  readonly #onFailure = (error: unknown): void => {
    this.#next = undefined;
    if (this.#state === "live") {
      this.#state = "exhausted";
      this.#listener.onFailure(error);
    }
  };
}

/** The reasons of the rejected promises, once all promises are settled. */
export async function failuresOf(promises: readonly unknown[]): Promise<readonly unknown[]> {
  const results = await Promise.allSettled(promises);
  return results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
}

/** Where the events of a stream come from. */
export interface Source {
  /** The cursor after which the events of an event log begin. */
  readonly cursor?: Promise<unknown> | undefined;
  next(): Promise<IteratorResult<unknown, unknown>>;
  cancel(reason: unknown): unknown;
}

/** Throws a `TypeError` if the handler did not return a stream. */
export function toSource(answer: unknown): Source {
  if (typeof answer === "object" && answer !== null) {
    // Streams first: those of Node and Deno are async iterable too, with a layer more.
    if ("getReader" in answer) {
      // A stream may come from another realm or a polyfill, so its methods are checked and not its class.
      return new ReaderSource((answer as { getReader(): Reader }).getReader());
    }
    if (Symbol.asyncIterator in answer) {
      return answer instanceof Subscription
        ? new SubscriptionSource(answer)
        : new IteratorSource(answer as AsyncIterable<unknown>); // `in` does not narrow the type of the property
    }
  }
  const got = answer === null ? "null" : Array.isArray(answer) ? "an array" : typeof answer;
  throw new TypeError(`handler of a stream returned ${got}: return an async generator or a ReadableStream`);
}

/** What is used of a reader. Projects have several types of it: of the DOM, of Node, of Workers. */
interface Reader {
  read(): Promise<unknown>;
  cancel(reason: unknown): Promise<void>;
}

class ReaderSource implements Source {
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    // The result of a reader has the shape of an iterator's (WHATWG Streams, section 4.3).
    return this.#reader.read() as Promise<IteratorResult<unknown, unknown>>;
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}

class IteratorSource implements Source {
  readonly cursor: Promise<unknown> | undefined;
  readonly #iterator: AsyncIterator<unknown>;

  constructor(iterable: AsyncIterable<unknown>) {
    const { cursor } = iterable as Partial<Source>;
    this.cursor = cursor instanceof Promise ? cursor : undefined;
    this.#iterator = iterable[Symbol.asyncIterator]();
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    return Promise.resolve(this.#iterator.next());
  }

  cancel(): unknown {
    return this.#iterator.return?.();
  }
}

/** The events of a topic, which are read without promises. */
class SubscriptionSource extends IteratorSource {
  readonly #subscription: Subscription<unknown>;

  constructor(subscription: Subscription<unknown>) {
    super(subscription);
    this.#subscription = subscription;
  }

  poll(wake: () => void): IteratorResult<unknown, unknown> | undefined {
    return this.#subscription.poll(wake);
  }
}
