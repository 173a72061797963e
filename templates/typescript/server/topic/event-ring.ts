import type { SharedEvent } from "./shared-event.js";

interface Held<T> {
  readonly event: SharedEvent<T>;
  bytes: number;
}

/** The last events of a topic, which all its subscribers share, and the listeners that wait for the next event. Events are numbered from 0. */
export class EventRing<T> {
  readonly #capacity: number;
  readonly #maxBytes: number;
  /** Event `n` is at `n % capacity`. */
  readonly #events: (Held<T> | undefined)[] = [];
  readonly #numbers: Map<string, number> = new Map();
  readonly #waiting: Set<() => void> = new Set();
  #start = 0;
  #end = 0;
  #bytes = 0;
  #closing: { readonly error: unknown } | undefined;

  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  /** The number of the oldest event that is kept. */
  get start(): number {
    return this.#start;
  }

  /** The number that the next event will have. */
  get end(): number {
    return this.#end;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Throws the error that the ring was closed with, if there is one. */
  checkEnd(): void {
    if (this.#closing?.error !== undefined) {
      throw this.#closing.error;
    }
  }

  /** Adds an event that holds `bytes` so far. Does not call the listeners that wait: call `wake` once after many events. */
  push(event: SharedEvent<T>, bytes: number): void {
    const number = this.#end;
    if (number - this.#start === this.#capacity) {
      this.#drop();
    }
    this.#events[number % this.#capacity] = { event, bytes: 0 };
    this.#numbers.set(event.id, number);
    this.#end++;
    this.hold(number, bytes);
  }

  /** The event with a number; undefined when it is not kept. */
  at(number: number): SharedEvent<T> | undefined {
    return number >= this.#start && number < this.#end ? this.#events[number % this.#capacity]?.event : undefined;
  }

  /** The number of the event that follows an id; undefined when the id is not kept. */
  after(id: string): number | undefined {
    const number = this.#numbers.get(id);
    // The id that the ring was reset to has a number, but no event that could be dropped.
    return number === undefined || number + 1 < this.#start ? undefined : number + 1;
  }

  /** Drops all events. The next event follows `id`. One number is skipped, so that no earlier place leads to it. */
  reset(id: string): void {
    while (this.#start < this.#end) {
      this.#drop();
    }
    this.#numbers.clear();
    this.#numbers.set(id, this.#end++);
    this.#start = this.#end;
    this.wake();
  }

  /** Counts what an event holds in addition, and drops the oldest events while there is too much. The last one is always kept. */
  hold(number: number, bytes: number): void {
    const held = this.#events[number % this.#capacity];
    // A dropped event belongs only to the streams that took it.
    if (held === undefined || number < this.#start) {
      return;
    }
    held.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes && this.#start < this.#end - 1) {
      this.#drop();
    }
  }

  /** Calls a listener once, at the next change. */
  wait(listener: () => void): void {
    this.#waiting.add(listener);
  }

  unwait(listener: () => void): void {
    this.#waiting.delete(listener);
  }

  wake(): void {
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) {
      listener();
    }
  }

  /** There will be no more events. The error, if there is one, ends the subscriptions. Only the first call counts. */
  close(error?: unknown): void {
    this.#closing ??= { error };
    this.wake();
  }

  #drop(): void {
    const place = this.#start % this.#capacity;
    const held = this.#events[place];
    if (held) {
      this.#bytes -= held.bytes;
      // An id that was given twice means the later event.
      if (this.#numbers.get(held.event.id) === this.#start) {
        this.#numbers.delete(held.event.id);
      }
      this.#events[place] = undefined;
    }
    this.#start++;
  }
}
