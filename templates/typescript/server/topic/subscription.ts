import type { Tracked } from "../stream/tracked.js";

/** The events that a subscription reads, numbered from 0. */
export interface NumberedEvents<T> {
  /** The number that the next event will have. */
  readonly end: number;
  readonly closed: boolean;
  /** An event that was published. Throws a `StatusError` with code 11 when it is not kept any more. */
  at(number: number): Tracked<T>;
  /** Calls a listener once, at the next event or at the end of the topic. */
  wait(listener: () => void): void;
  unwait(listener: () => void): void;
}

type Result<T> = IteratorResult<Tracked<T>, undefined>;

/** One subscriber's place in a topic. Holds no events: those that it has yet to take are the topic's. */
export class Subscription<T> implements AsyncIterableIterator<Tracked<T>> {
  readonly #topic: NumberedEvents<T>;
  readonly #signal: AbortSignal | undefined;
  /** The number of the event to take next. */
  #number: number;
  #over = false;
  #listening = false;
  /** What all who wait for the next event wait for. */
  #waiting: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(topic: NumberedEvents<T>, number: number, signal: AbortSignal | undefined) {
    this.#topic = topic;
    this.#number = number;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event, as soon as there is one. Rejects with the signal's reason, or with code 11. */
  async next(): Promise<Result<T>> {
    try {
      for (;;) {
        if (!this.#over) {
          this.#signal?.throwIfAborted();
        }
        if (this.#over || (this.#topic.closed && this.#number === this.#topic.end)) {
          return await this.return();
        }
        if (this.#number < this.#topic.end) {
          return { done: false, value: this.#topic.at(this.#number++) };
        }
        await this.#event();
      }
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<Result<T>> {
    this.#over = true;
    this.#signal?.removeEventListener("abort", this.#onEvent);
    this.#onEvent();
    return { done: true, value: undefined };
  }

  /** Waits for an event, the end, or the signal. */
  #event(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      this.#wake = resolve;
      this.#topic.wait(this.#onEvent);
      if (!this.#listening) {
        // Once, not once an event: it would cost as much as the event.
        this.#listening = true;
        this.#signal?.addEventListener("abort", this.#onEvent, { once: true });
      }
    });
    return this.#waiting;
  }

  readonly #onEvent = (): void => {
    this.#topic.unwait(this.#onEvent);
    this.#waiting = undefined;
    this.#wake();
  };
}
