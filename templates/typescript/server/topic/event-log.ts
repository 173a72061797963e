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
   * The tail is over: nothing is called after this. With a `CursorError` when entries were lost to it (reason `behind` if they
   * were trimmed), with code 14 when the log was closed. A lost connection is not the end: the log connects again and goes on.
   */
  failed(error: unknown): void;
}

/** Options of `append`. */
export interface AppendOptions {
  /**
   * Names the publication, so that it can be repeated when it is not known whether the log has it. A key that the topic
   * has seen within the window of the log (2 minutes, unless the log says otherwise) appends nothing, and gives the cursor
   * of the first entry.
   */
  readonly key?: string | undefined;
}

/** How much of a topic a log keeps. Older entries are trimmed; a log may keep somewhat more. */
export interface Retention {
  /** The number of entries. Default: 10,000. */
  readonly events?: number | undefined;
  /** The age of an entry in milliseconds; `Infinity` is no limit. Default: 3,600,000, an hour. */
  readonly ms?: number | undefined;
}

/**
 * Keeps the events of topics, and puts each topic's in one order. A topic needs no creation: one that nobody has written to is empty.
 * `testEventLog` says whether an implementation is right.
 *
 * What an implementation rejects with tells what becomes of the streams that stand on it. A `StatusError`, such as
 * `CursorError`, ends them. Any other error counts as passing: it is tried again, while the streams stay open. After
 * `close`, every method but `close` rejects with a `StatusError` with code 14.
 */
export interface EventLog {
  /**
   * Appends an entry, and resolves with its cursor when the log has it, at the durability that the log is configured for.
   * Rejects when the log is not known to have it; it may have it all the same.
   */
  append(topic: string, data: Uint8Array, options?: AppendOptions): Promise<Cursor>;
  /**
   * The entries that follow a cursor, oldest first: at most `limit`, at least one unless there is none. Empty at the end.
   * Rejects with a `CursorError` unless the entry that the cursor names is still in this topic; after the cursor of the
   * beginning, unless the first entry is.
   */
  read(topic: string, after: Cursor, limit: number): Promise<Entry[]>;
  /** The cursor of the last entry; of the beginning, where there is none. */
  tip(topic: string): Promise<Cursor>;
  /**
   * Tells a listener of all entries after a cursor, in order, each once, without end. Resolves with what stops it: no method of the
   * listener is called after that. Rejects with a `CursorError`, as `read` does. A topic may have several tails; all
   * tails of a log share one connection.
   */
  tail(topic: string, after: Cursor, listener: TailListener): Promise<() => void>;
  /** Ends all tails and all calls that wait, with code 14, and closes the connections that the log opened itself. */
  close(): Promise<void>;
}

/**
 * Why the events after a cursor cannot be given:
 * - `trimmed`: they were kept once, and are not any more;
 * - `future`: the cursor is after the last entry, as when a failover lost what the log had acknowledged;
 * - `unknown`: the topic never had such an entry: the log was made anew, or the cursor is of another topic, or is none;
 * - `behind`: a subscriber or a node was so slow that what it had yet to read was trimmed.
 */
export type GapReason = "trimmed" | "future" | "unknown" | "behind";

const explanations: Record<GapReason, string> = {
  trimmed: "are not kept any more",
  future: "cannot be known: the log ends before it",
  unknown: "cannot be known: the log has no such event",
  behind: "were dropped before they were read",
};

/**
 * The events after a cursor cannot be given without a gap. Ends a stream with code 11, out of range; before the head of
 * the response with HTTP status 410. A client starts over without a cursor.
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
