import type { StreamRule } from "../../shared/method.js";
import type { RawEvent } from "./decoder.js";

/** One call of a streaming method: how its requests are sent, and how its events are decoded. */
export interface StreamCall<T> {
  readonly rule: StreamRule;
  /**
   * Sends the request once and resolves with a 2xx response whose body is unread. Rejects with a `StatusError`
   * for another status, a `NetworkError` if `fetch` failed, or whatever a function of the caller threw.
   * Called again for each reconnection. After `signal` was aborted, the result is ignored.
   */
  open(attempt: StreamAttempt): Promise<Response>;
  /**
   * The value of one event, or undefined to skip it. Throws a `StatusError` for the error event (`rule.errorEvent`)
   * and a `DecodeError` for an event that is not the declared message. Never called for `rule.terminalData`.
   */
  decode(event: RawEvent, place: EventPlace): T | undefined;
}

/** One request of a stream. */
export interface StreamAttempt {
  /** 1 for the first. Each reconnection adds 1. */
  readonly attempt: number;
  /** The cursor, as text: a header carries its UTF-8 bytes. Undefined: no `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
  /** Aborted when the attempt is over, for any reason. */
  readonly signal: AbortSignal;
}

/** Where an event came from. */
export interface EventPlace {
  /** A line of JSON Lines is the whole response message, or the Status of the error event. */
  readonly format: "sse" | "jsonl";
  readonly attempt: number;
  /** The id of the last event that the caller has finished with. */
  readonly lastEventId: string | undefined;
}

/** A decoded event. */
export interface Item<T> {
  readonly value: T;
  readonly raw: RawEvent;
  readonly attempt: number;
}

/** The state of a stream. */
export type StreamState = "idle" | "connecting" | "open" | "waiting" | "closed";

/** The head of a response. */
export interface StreamInfo {
  readonly status: number;
  readonly headers: Headers;
  /** 1 if the first request succeeded. */
  readonly attempt: number;
}

/** The events of a stream, from one connection after another. */
export interface StreamFeed<T> {
  readonly opened: Promise<StreamInfo>;
  state(): StreamState;
  /** The id of the last event that the caller has finished with. */
  lastEventId(): string | undefined;
  /** Connects, and reconnects, until a response is accepted. Never rejects: `opened` does. */
  open(): Promise<unknown>;
  /**
   * Finishes the events that the caller took and resolves with the next; undefined at the end and after it. Rejects,
   * once, with the failure of the stream.
   */
  next(): Promise<Item<T> | undefined>;
  /** The next event if it is queued; undefined if there is none, or if `next` has to throw first. */
  take(): Item<T> | undefined;
  /** Finishes the events that the caller took. */
  commit(): void;
  /** Ends a wait for the next attempt, or drops the connection. The queue is still delivered. */
  reconnect(): void;
  /** Releases everything. A pending call gets the end of the stream. */
  close(): void;
}
