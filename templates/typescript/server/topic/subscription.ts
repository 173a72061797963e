import { onAbort } from "../errors/cancelled-error.js";
import type { Tracked } from "../stream/event-id.js";
import type { EventRing } from "./event-ring.js";

/** Where one subscriber is in a topic. */
export interface Place<T> {
  readonly ring: EventRing<T>;
  /** The next event, or undefined if there is none yet. Call `wake` for changes outside the ring. Throws the error that ends the subscription. */
  take(wake: () => void): Tracked<T> | undefined;
  /** Whether there will be no more events. Read only after `take` returned undefined. */
  readonly isAtEnd: boolean;
  /** The subscription is over. May be called several times. */
  leave?(): void;
}

type Result<T> = IteratorResult<Tracked<T>, undefined>;

/** The events of one subscriber. It holds no events: they stay in the topic until it takes them. */
export class Subscription<T> implements AsyncIterableIterator<Tracked<T>> {
  readonly #place: Place<T>;
  readonly #signal: AbortSignal | undefined;
  readonly #stopListening: () => void;
  #isOver = false;
  /** What `poll` calls at the next change. */
  #wake: () => void = () => {};
  /** Resolves at the next change. All pending calls of `next` wait for it. */
  #waiting: Promise<void> | undefined;
  #resolve: () => void = () => {};

  constructor(place: Place<T>, signal: AbortSignal | undefined) {
    this.#place = place;
    this.#signal = signal;
    // Once for the subscription: a listener for each event would cost as much as the event.
    this.#stopListening = onAbort(signal, () => this.#leave());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event, as soon as there is one. Rejects with the signal's reason, or with code 11. */
  async next(): Promise<Result<T>> {
    for (;;) {
      const result = this.poll(this.#onNext);
      if (result) {
        return result;
      }
      this.#waiting ??= new Promise((resolve) => {
        this.#resolve = resolve;
      });
      await this.#waiting;
    }
  }

  /**
   * The next event, or undefined if there is none yet: then calls `wake` at the next change. A body reads its events with this,
   * because the promises of `next` cost more than the event. Throws what `next` rejects with.
   */
  poll(wake: () => void): Result<T> | undefined {
    try {
      if (!this.#isOver) {
        this.#signal?.throwIfAborted();
      }
      const value = this.#isOver ? undefined : this.#place.take(this.#onChange);
      if (value) {
        return { done: false, value };
      }
      if (this.#isOver || this.#place.isAtEnd) {
        if (!this.#isOver) {
          this.#place.ring.checkEnd();
        }
        return this.#end();
      }
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#wake = wake;
    this.#place.ring.wait(this.#onChange);
    return undefined;
  }

  async return(): Promise<Result<T>> {
    return this.#end();
  }

  readonly #onNext = (): void => {
    this.#waiting = undefined;
    this.#resolve();
  };

  readonly #onChange = (): void => {
    this.#place.ring.unwait(this.#onChange);
    this.#wake();
  };

  #end(): Result<T> {
    this.#isOver = true;
    this.#stopListening();
    this.#leave();
    return { done: true, value: undefined };
  }

  #leave(): void {
    this.#onChange();
    this.#place.leave?.();
  }
}
