import type { CallOptions, RetryOptions } from "../request/call-options.js";
import type { ClientError } from "../request/errors.js";
import type { RawEvent } from "./decoder.js";

/** Options of one stream. Times are in milliseconds; one beyond 2^31-1, `Infinity` included, is no limit. */
export interface StreamOptions extends Omit<CallOptions, "retry"> {
  /** The limit for the head of the response, of each attempt. Default: `timeoutMs`, else none. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * The longest silence of an open stream; any byte ends it, comments included. `false`: no limit.
   * Default: 2.5 times the heartbeat that the server promised, none where it promised none.
   * Only while the caller waits for an event: a slow caller is not a silent server.
   */
  readonly idleTimeoutMs?: number | false | undefined;
  /** The limit for the whole stream, every attempt included, counted from its first use. Default: none. */
  readonly deadlineMs?: number | undefined;
  /** The id of the event after which to begin, sent as `Last-Event-ID`. */
  readonly lastEventId?: string | undefined;
  /**
   * Whether to reconnect after a lost connection, and how. Default: reconnect if the method is resumable and the last
   * event had an id. Without an id, the client could not know which events it missed.
   */
  readonly reconnect?: boolean | ReconnectOptions | undefined;
  /** Called before each wait for a reconnection. If it throws, the stream ends with that error. */
  readonly onReconnect?: ((reconnect: Reconnect) => void) | undefined;
  /** Called with each comment in its place among the events, heartbeats (`""`) and control frames included. */
  readonly onComment?: ((comment: string) => void) | undefined;
  /** The largest `data` of an event, or line of JSON Lines, in bytes of UTF-8. Default: 16 MiB. */
  readonly maxEventBytes?: number | undefined;
  /**
   * What to do with an event whose name the oneof of events does not declare: skip it, or throw a `DecodeError`.
   * A stream with one kind of message has no unknown events: there, every event but the error event is read, whatever
   * its name. Default: `"skip"`.
   */
  readonly unknownEvents?: "skip" | "throw" | undefined;
  /**
   * Called with each unknown event as it was received, before `unknownEvents` applies. A newer server may send events
   * that this client does not know. What the callback throws ends the stream. Default: none.
   */
  readonly onUnknownEvent?: ((event: RawEvent) => void) | undefined;
  /**
   * What to do with an event that is not the declared message, or that breaks its rules: throw a `DecodeError`, or leave it
   * out. A validator that throws, or cannot run its rules, is always a `DecodeError`. Default: `"throw"`.
   */
  readonly invalidEvents?: "throw" | "skip" | undefined;
  /** What to ask for: Server-Sent Events, or JSON Lines. The response's content type decides. Default: `"sse"`. */
  readonly format?: "sse" | "jsonl" | undefined;
}

/** How to reconnect. `maxAttempts` counts requests in a row that bring neither an event nor a heartbeat. */
export interface ReconnectOptions extends RetryOptions {
  /**
   * Whether to reconnect after the body ends normally, as EventSource does: for feeds that never end, of servers that
   * do not promise `:end`. Default: false.
   */
  readonly afterEnd?: boolean | undefined;
  /**
   * Decides, in place of the built-in rule, whether to reconnect after an error. You can refresh a token here. It is not
   * called for errors that your own functions threw. If it throws, the stream ends with that error. `maxAttempts` and
   * `maxRetryAfterMs` still apply. Default: reconnect after a lost, cut or silent connection, and after a status of 408,
   * 425, 429 or 5xx except 501.
   */
  readonly shouldReconnect?:
    | ((error: ClientError, next: Pick<Reconnect, "attempt" | "lastEventId">) => boolean | Promise<boolean>)
    | undefined;
}

/** A reconnection that is about to be tried. */
export interface Reconnect {
  /** The number of the coming attempt: 2 is the first reconnection. */
  readonly attempt: number;
  /** How long it is waited. */
  readonly delayMs: number;
  /** What is sent as `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
  /** Why. */
  readonly error: ClientError;
}
