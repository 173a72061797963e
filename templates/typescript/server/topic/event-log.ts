import { Code } from "../../shared/code.js";
import { StatusError } from "../errors/status-error.js";

/**
 * The place of an entry in its topic: opaque, visible ASCII without spaces, at most 64 characters. It is the `id:` of the
 * entry's event. The cursor of the beginning names no entry; it stands before the first.
 */
export type Cursor = string;

/** One event as the log keeps it. */
export interface Entry {
  readonly cursor: Cursor;
  /** The message in the binary format of protobuf, so that a node in any language and of any version reads it. Not to be changed. */
  readonly data: Uint8Array;
  /** When the log took it, in milliseconds since 1970 by the clock of the log. For the hook `onTail`, where the log knows it. */
  readonly time?: number | undefined;
}

/** What a tail calls. Neither method may throw. Both may be called before the promise of `tail` resolves. */
export interface TailListener {
  /** The next entries, at least one, in the order of the log. */
  entries(entries: readonly Entry[]): void;
  /**
   * The tail has ended: nothing is called after this. The error is a `CursorError` if the tail missed entries (reason `behind`
   * if they were trimmed), or has code 14 if the log was closed. After a lost connection, the log reconnects and continues.
   */
  failed(error: unknown): void;
}

/** Options of `append`. */
export interface AppendOptions {
  /**
   * Identifies the publication, so that you can repeat it if you do not know whether the log has it. A key that the topic
   * has seen within the window of the log (2 minutes, unless the log documents another) appends nothing, and returns the
   * cursor of the first entry.
   */
  readonly key?: string | undefined;
}

/** How much of a topic a log keeps. Older entries are trimmed; a log may keep somewhat more. */
export interface Retention {
  /** The number of entries. Default: 10,000. */
  readonly events?: number | undefined;
  /** The age of an entry in milliseconds; `Infinity` means no limit. Default: 3,600,000, an hour. */
  readonly ms?: number | undefined;
}

/**
 * Keeps the events of topics. All events of a topic have one order. A topic exists without being created, and is empty at first.
 * `testEventLog` tests an implementation.
 *
 * The error of a rejected method decides what happens to the streams. A `StatusError`, such as `CursorError`, ends them. After
 * any other error the streams stay open and the call is repeated. After `close`, every method except `close` rejects with a
 * `StatusError` with code 14.
 */
export interface EventLog {
  /**
   * Appends an entry, and resolves with its cursor when the log has it, at the durability that the log is configured for.
   * Rejects if the log has not confirmed the entry, which may be in the log nevertheless.
   */
  append(topic: string, data: Uint8Array, options?: AppendOptions): Promise<Cursor>;
  /**
   * The entries that follow a cursor, oldest first: at most `limit`, and at least one if there is any. Empty at the end.
   * Rejects with a `CursorError` if the entry of the cursor is no longer in this topic; for the cursor of the beginning, if
   * the first entry is no longer there.
   */
  read(topic: string, after: Cursor, limit: number): Promise<Entry[]>;
  /** The cursor of the last entry, or of the beginning if the topic is empty. */
  tip(topic: string): Promise<Cursor>;
  /**
   * Calls a listener with all entries after a cursor, in order and each once, until it is stopped. Resolves with a function that
   * stops it: the listener is not called after that. Rejects with a `CursorError`, as `read` does. A topic may have several tails; all
   * tails of a log share one connection.
   */
  tail(topic: string, after: Cursor, listener: TailListener): Promise<() => void>;
  /** Ends all tails and all pending calls with code 14, and closes the connections that the log opened itself. */
  close(): Promise<void>;
}

/**
 * Why a topic cannot return the events after a cursor:
 * - `trimmed`: the log no longer keeps them;
 * - `future`: the cursor is after the last entry, for example after a failover lost acknowledged entries;
 * - `unknown`: the topic never had such an entry: the log was recreated, or the cursor is invalid or of another topic;
 * - `behind`: a subscriber or a node was so slow that entries were trimmed before it read them.
 */
export type GapReason = "trimmed" | "future" | "unknown" | "behind";

const explanations: Record<GapReason, string> = {
  trimmed: "are no longer kept",
  future: "cannot be known: the log ends before it",
  unknown: "cannot be known: the log has no such event",
  behind: "were dropped before they were read",
};

/**
 * The topic cannot return the events after a cursor without a gap. Ends a stream with code 11, out of range. Before the head of
 * the response it is HTTP status 410. The client has to start over without a cursor.
 */
export class CursorError extends StatusError {
  override readonly name: string = "CursorError";
  readonly cursor: Cursor;
  readonly reason: GapReason;

  constructor(cursor: Cursor, reason: GapReason, options: { readonly cause?: unknown } = {}) {
    super(Code.OutOfRange, `the events after ${JSON.stringify(cursor)} ${explanations[reason]}: start over`, options);
    this.cursor = cursor;
    this.reason = reason;
  }
}
