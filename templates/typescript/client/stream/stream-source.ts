import type { StreamRule } from "../../shared/method.js";
import type { RawEvent } from "./raw-event.js";

/** What an event stream is made of: how a request is sent, and what an event means. */
export interface StreamSource<T> {
  readonly rule: StreamRule;
  /**
   * Sends the request once and resolves with a 2xx response whose body is unread. Rejects with a `StatusError`
   * for another status, a `NetworkError` where `fetch` failed, or whatever a function of the caller threw.
   * Called again for a reconnection. After `signal` was aborted nobody waits for it.
   */
  open(attempt: StreamAttempt): Promise<Response>;
  /**
   * The value of one event, or undefined for an event to leave out. Throws a `StatusError` for the error event
   * (`rule.errorEvent`) and a `DecodeError` for what is not the declared message. Never called for `rule.terminalData`.
   */
  decode(event: RawEvent, place: EventPlace): T | undefined;
}

/** One request of a stream. */
export interface StreamAttempt {
  /** 1 is the first; each reconnection counts one more. */
  readonly attempt: number;
  /** The cursor, as text: a header carries its UTF-8 bytes. Undefined: no `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
  /** Aborted when the attempt is over, for whatever reason. */
  readonly signal: AbortSignal;
}

/** An event whose value is known. */
export interface Item<T> {
  readonly value: T;
  readonly raw: RawEvent;
  readonly attempt: number;
}

/** Where an event came from. */
export interface EventPlace {
  /** A line of JSON Lines is the whole response message, or the Status of the error event. */
  readonly format: "sse" | "jsonl";
  readonly attempt: number;
  /** The id of the last event that the caller has finished with. */
  readonly lastEventId: string | undefined;
}
