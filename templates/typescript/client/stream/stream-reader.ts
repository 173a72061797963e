import type { EventMeta, EventStream, StreamInfo, StreamState } from "./event-stream.js";
import { createStreamFeed, type StreamFeed } from "./stream-feed.js";
import type { StreamOptions } from "./stream-options.js";
import type { Item, StreamSource } from "./stream-source.js";

const end = (): IteratorReturnResult<void> => ({ done: true, value: undefined });

/** The one class behind every event stream: what a caller sees of a feed. */
export class StreamReader<T> implements EventStream<T> {
  readonly #feed: StreamFeed<T>;
  /** How many wait, and the last of them. */
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(source: StreamSource<T>, options: StreamOptions) {
    this.#feed = createStreamFeed(source, options);
  }

  get opened(): Promise<StreamInfo> {
    const feed = this.#feed;
    if (feed.state() === "idle") {
      void this.#inTurn(feed.open);
    }
    return feed.opened;
  }

  get lastEventId(): string | undefined {
    return this.#feed.lastEventId();
  }

  get state(): StreamState {
    return this.#feed.state();
  }

  next(): Promise<IteratorResult<T, void>> {
    return this.#next(({ value }) => value);
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#feed.close();
    return end();
  }

  async throw(error?: unknown): Promise<IteratorResult<T, void>> {
    this.#feed.close();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feed.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  reconnect(): void {
    this.#feed.reconnect();
  }

  withMeta(): AsyncIterable<EventMeta<T>> {
    return this.#view(({ value, raw: { event, id, retry }, attempt }) => ({
      value,
      event,
      ...(id !== undefined && { id }),
      ...(retry !== undefined && { retry }),
      attempt,
    }));
  }

  batches(): AsyncIterable<T[]> {
    return this.#view(({ value }) => {
      const values = [value];
      for (let item = this.#feed.take(); item; item = this.#feed.take()) {
        values.push(item.value);
      }
      return values;
    });
  }

  toReadableStream(): ReadableStream<T> {
    return new ReadableStream<T>(
      {
        pull: async (controller) => {
          const result = await this.next();
          if (result.done === true) {
            controller.close();
          } else {
            controller.enqueue(result.value);
          }
        },
        cancel: () => this.#feed.close(),
      },
      { highWaterMark: 0 },
    );
  }

  async collect({ max }: { readonly max: number }): Promise<T[]> {
    const values: T[] = [];
    if (max > 0) {
      for await (const value of this) {
        if (values.push(value) >= max) {
          // All of them are the caller's now.
          this.#feed.commit();
          break;
        }
      }
    }
    this.#feed.close();
    return values;
  }

  #view<R>(view: (item: Item<T>) => R): AsyncIterable<R> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => this.#next(view),
        return: () => this.return(),
      }),
    };
  }

  /** The next event, as one of the views shows it. To ask for it tells that the one before is finished with. */
  #next<R>(view: (item: Item<T>) => R): Promise<IteratorResult<R, void>> {
    const feed = this.#feed;
    // Most events are queued already: they take one promise instead of five, and half the time.
    if (this.#waiting === 0) {
      // What decodes an event may ask for the next one: that call has to wait.
      this.#waiting++;
      try {
        feed.commit();
        const item = feed.take();
        if (item) {
          return Promise.resolve({ done: false, value: view(item) });
        }
      } finally {
        this.#waiting--;
      }
    }
    return this.#inTurn(async () => {
      const item = await feed.next();
      return item ? { done: false, value: view(item) } : end();
    });
  }

  /** Runs one thing at a time, in the order in which they were asked for. */
  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    this.#waiting++;
    const turn = this.#turn.then(work).finally(() => this.#waiting--);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
