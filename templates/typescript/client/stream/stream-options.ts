import type { CallOptions, RetryOptions } from "../request/call-options.js";
import type { ClientError } from "../request/errors.js";
import type { RawEvent } from "./decoder.js";

/** Options of one stream. Times are in milliseconds. A time above 2^31-1, such as `Infinity`, is no limit. */
export interface StreamOptions extends Omit<CallOptions, "retry"> {
  /** How long each attempt waits for the head of the response. Default: `timeoutMs`, or no limit. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long an open stream may be without data. Any byte counts, comments included. `false`: no limit.
   * Default: 2.5 times the heartbeat that the server promised, or no limit if it promised none.
   * It counts only while the caller waits for an event: a slow caller does not cause it.
   */
  readonly idleTimeoutMs?: number | false | undefined;
  /** The limit for the whole stream with all its attempts, from its first use. Default: no limit. */
  readonly deadlineMs?: number | undefined;
  /** The id of the event after which the stream begins, sent as `Last-Event-ID`. Default: none. */
  readonly lastEventId?: string | undefined;
  /**
   * Whether to reconnect after a lost connection, and how. Default: reconnect if the method is resumable and the last
   * event had an id. Without an id, the client could not know which events it missed.
   */
  readonly reconnect?: boolean | ReconnectOptions | undefined;
  /** Called before each wait for a reconnection. If it throws, the stream ends with that error. */
  readonly onReconnect?: ((reconnect: Reconnect) => void) | undefined;
  /** Called with each comment, in order with the events. Heartbeats (`""`) and control frames are comments. */
  readonly onComment?: ((comment: string) => void) | undefined;
  /** The largest `data` of an event, or line of JSON Lines, in bytes of UTF-8. Default: 16 MiB. */
  readonly maxEventBytes?: number | undefined;
  /**
   * What to do with an event whose name the oneof of events does not declare: skip it, or throw a `DecodeError`.
   * A stream with one kind of message has no unknown events: every event but the error event is read, with any name.
   * Default: `"skip"`.
   */
  readonly unknownEvents?: "skip" | "throw" | undefined;
  /**
   * Called with each unknown event as received, before `unknownEvents` applies. A newer server may send events that this
   * client does not know. If it throws, the stream ends with that error.
   */
  readonly onUnknownEvent?: ((event: RawEvent) => void) | undefined;
  /**
   * What to do with an event that is not the declared message, or that breaks its rules: throw a `DecodeError`, or skip
   * it. A validator that throws, or cannot run its rules, is always a `DecodeError`. Default: `"throw"`.
   */
  readonly invalidEvents?: "throw" | "skip" | undefined;
  /**
   * Whether a body that ends without the end of the stream was cut, and is a `TruncatedError`: for servers that always
   * send a terminal event or `terminal_data`, such as `[DONE]`. Default: whether the server promised to mark the end.
   */
  readonly requireEnd?: boolean | undefined;
  /** The format to request: Server-Sent Events or JSON Lines. The response's content type decides. Default: `"sse"`. */
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
   * Decides, in place of the built-in rule, whether to reconnect after an error; for `undefined`, the rule decides. You can
   * refresh a token here. It is not called for errors that your own functions threw. If it throws, the stream ends with
   * that error. `maxAttempts` and `maxRetryAfterMs` still apply. Default: reconnect after a lost, cut or silent connection, and after a status of 408,
   * 425, 429 or 5xx except 501.
   */
  readonly shouldReconnect?:
    | ((
        error: ClientError,
        next: Pick<Reconnect, "attempt" | "lastEventId">,
      ) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
}

/** The next reconnection. */
export interface Reconnect {
  /** The number of the next attempt: 2 for the first reconnection. */
  readonly attempt: number;
  /** The delay before it, in milliseconds. */
  readonly delayMs: number;
  /** The value of `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
  /** The reason. */
  readonly error: ClientError;
}
