import type { StreamOptions } from "./stream-options.js";
import { StreamReader } from "./stream-reader.js";
import type { StreamSource } from "./stream-source.js";

declare global {
  // The part of lib ESNext.Disposable that EventStream names. Where that lib is present, the declarations merge.
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
 * Lazy: the request is sent at the first `next()` or `opened`. Every way out of the loop cancels the body and
 * aborts the request: its end, an error, `break`, `return`, `throw`, `await using`, and the caller's signal, whose
 * `reason` the pending or next `next()` then rejects with. The methods below are views of the same reader:
 * an event goes to the one that asks for it.
 */
export interface EventStream<T> extends AsyncGenerator<T, void, undefined>, AsyncDisposable {
  /** The head of the first response that was accepted. Sends the request. Need not be handled when it rejects. */
  readonly opened: Promise<StreamInfo>;
  /**
   * The id of the last event that the caller has finished with, as asking for the next one tells. To go on
   * later, pass it as `lastEventId`.
   */
  readonly lastEventId: string | undefined;
  /** `idle`: nothing was sent yet; `waiting`: for the delay before a reconnection. */
  readonly state: StreamState;
  /**
   * Connects again now: ends the wait for the next attempt, or drops the connection and opens another from the cursor,
   * whatever `reconnect` says. For what the stream cannot know: the network is back, the machine was asleep.
   * Nothing happens before the first request, or once the stream has ended.
   */
  reconnect(): void;
  /** Each event with what came along with it. */
  withMeta(): AsyncIterable<EventMeta<T>>;
  /** All events of one network read at a time, at least one. */
  batches(): AsyncIterable<T[]>;
  /** The stream for those who take web streams. Nothing is read ahead; cancelling it ends this stream. */
  toReadableStream(): ReadableStream<T>;
  /** The first `max` events, or all where the stream ends before; then the stream is closed. */
  collect(options: { readonly max: number }): Promise<T[]>;
}

/** Where a stream is in its life. */
export type StreamState = "idle" | "connecting" | "open" | "waiting" | "closed";

/** The head of a response. */
export interface StreamInfo {
  readonly status: number;
  readonly headers: Headers;
  /** 1 where the first request succeeded. */
  readonly attempt: number;
}

/** An event and what came along with it. */
export interface EventMeta<T> {
  readonly value: T;
  /** The event's name on the wire; `"message"` where it has none. */
  readonly event: string;
  /** The last event ID in force, which need not come from this event. Absent where none is. */
  readonly id?: string;
  /** Milliseconds from a `retry:` of this event. */
  readonly retry?: number;
  /** The request it came by: 1 is the first, each reconnection counts one more. */
  readonly attempt: number;
}

/** Makes a stream of what a source gives. Nothing is sent until it is asked for. */
export function createEventStream<T>(source: StreamSource<T>, options: StreamOptions): EventStream<T> {
  return new StreamReader(source, options);
}
