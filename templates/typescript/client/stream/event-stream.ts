import type { Item, StreamCall, StreamInfo, StreamState } from "./stream-call.js";
import { createStreamFeed } from "./stream-feed.js";
import type { StreamOptions } from "./stream-options.js";

declare global {
  // The part of lib ESNext.Disposable that EventStream names. If that lib is present, the declarations merge.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

/**
 * The events of one stream, read by one reader.
 *
 * ```ts
 * for await (const trade of client.watchTrades({ symbol: "AAPL" })) {
 *   console.log(trade.price);
 * }
 * ```
 *
 * Lazy: the request is sent at the first `next()` or `opened`. Every way out of the loop cancels the body and aborts the
 * request: its end, an error, `break`, `return`, `throw` and `await using`. So does the caller's signal: the pending or
 * next `next()` then rejects with its `reason`. The methods below are views of the same reader: each event is delivered
 * once.
 */
export interface EventStream<T> extends AsyncGenerator<T, void, undefined>, AsyncDisposable {
  /** The head of the first accepted response. Sends the request. An unhandled rejection is suppressed. */
  readonly opened: Promise<StreamInfo>;
  /**
   * The id of the last event that the caller has finished with: asking for the next event finishes one. To resume
   * later, pass it as `lastEventId`.
   */
  readonly lastEventId: string | undefined;
  /** `idle`: nothing was sent yet. `waiting`: for the delay before a reconnection. */
  readonly state: StreamState;
  /**
   * Connects again now: ends the wait for the next attempt, or drops the connection and opens another from the cursor,
   * also with `reconnect: false`. Call it if the network is back or the machine was asleep.
   * Does nothing before the first request and after the end of the stream.
   */
  reconnect(): void;
  /** Each event with its name, id and attempt. */
  withMeta(): AsyncIterable<EventMeta<T>>;
  /** All events of one network read at a time, at least one. */
  batches(): AsyncIterable<T[]>;
  /** The events as a web stream. It does not read ahead. Cancelling it ends this stream. */
  toReadableStream(): ReadableStream<T>;
  /** The first `max` events, or all if the stream ends before. Then the stream is closed. */
  collect(options: { readonly max: number }): Promise<T[]>;
}

/** An event with its name, id and attempt. */
export interface EventMeta<T> {
  readonly value: T;
  /** The event's name on the wire; `"message"` if it has none. */
  readonly event: string;
  /** The last event ID in force, which may come from an earlier event. Absent if there is none. */
  readonly id?: string;
  /** Milliseconds from a `retry:` of this event. */
  readonly retry?: number;
  /** The request that received it: 1 for the first. Each reconnection adds 1. */
  readonly attempt: number;
}

const end = (): IteratorReturnResult<void> => ({ done: true, value: undefined });

/** Makes the stream of a call. Sends nothing until the stream is read. */
export function createEventStream<T>(call: StreamCall<T>, options: StreamOptions): EventStream<T> {
  const feed = createStreamFeed(call, options);
  /** How many calls are running or waiting, and the last of them. */
  let calls = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** Runs one call at a time, in the order in which they were made. */
  function inTurn<V, R>(work: () => Promise<V>, toResult: (value: V) => R): Promise<R> {
    const run = async (): Promise<R> => {
      // A call that the code of the user makes meanwhile has to find this one in `last`.
      await undefined;
      try {
        return toResult(await work());
      } finally {
        calls--;
      }
    };
    const turn = calls++ === 0 ? run() : last.then(run, run);
    last = turn;
    return turn;
  }

  /** The next event in a view of it. Asking for it finishes the event before. */
  function next<R>(view: (item: Item<T>) => R): Promise<IteratorResult<R, void>> {
    // Most events are already decoded. This way they take one promise instead of five, and half the time.
    if (calls === 0) {
      // The code that decodes an event may ask for the next one. That call has to wait.
      calls++;
      try {
        feed.commit();
        const item = feed.take();
        if (item) {
          return Promise.resolve({ done: false, value: view(item) });
        }
      } finally {
        calls--;
      }
    }
    return inTurn(feed.next, (item) => (item ? { done: false, value: view(item) } : end()));
  }

  const close = async (): Promise<IteratorReturnResult<void>> => {
    feed.close();
    return end();
  };

  const view = <R>(map: (item: Item<T>) => R): AsyncIterable<R> => ({
    [Symbol.asyncIterator]: () => ({ next: () => next(map), return: close }),
  });

  const stream: EventStream<T> = {
    get opened() {
      if (feed.state() === "idle") {
        void inTurn(feed.open, end);
      }
      return feed.opened;
    },
    get lastEventId() {
      return feed.lastEventId();
    },
    get state() {
      return feed.state();
    },
    next: () => next(({ value }) => value),
    return: close,
    async throw(error) {
      feed.close();
      throw error;
    },
    async [Symbol.asyncDispose]() {
      feed.close();
    },
    [Symbol.asyncIterator]: () => stream,
    reconnect: feed.reconnect,
    withMeta: () =>
      view(({ value, raw: { event, id, retry }, attempt }) => ({
        value,
        event,
        ...(id !== undefined && { id }),
        ...(retry !== undefined && { retry }),
        attempt,
      })),
    batches: () =>
      view(({ value }) => {
        const values = [value];
        for (let item = feed.take(); item; item = feed.take()) {
          values.push(item.value);
        }
        return values;
      }),
    toReadableStream: () =>
      new ReadableStream<T>(
        {
          async pull(controller) {
            const result = await stream.next();
            if (result.done === true) {
              controller.close();
            } else {
              controller.enqueue(result.value);
            }
          },
          cancel: feed.close,
        },
        { highWaterMark: 0 },
      ),
    async collect({ max }) {
      const values: T[] = [];
      if (max > 0) {
        for await (const value of stream) {
          if (values.push(value) >= max) {
            // The caller has all of them.
            feed.commit();
            break;
          }
        }
      }
      feed.close();
      return values;
    },
  };
  return stream;
}
