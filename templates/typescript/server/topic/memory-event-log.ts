import { Code } from "../../shared/code.js";
import { checkNumber } from "../call/server-options.js";
import { StatusError } from "../errors/status-error.js";
import {
  type AppendOptions,
  type Cursor,
  CursorError,
  type Entry,
  type EventLog,
  type Retention,
  type TailListener,
} from "./event-log.js";

/** How much of each topic a log in memory keeps. */
export interface MemoryRetention extends Retention {
  /** The size of the data of all entries in bytes. Default: 64 MiB. */
  readonly bytes?: number | undefined;
}

/** Options of `createMemoryEventLog`. */
export interface MemoryEventLogOptions {
  readonly keep?: MemoryRetention | undefined;
}

/**
 * Creates an event log within this process, for tests and for servers with one node. Its entries are lost when the process
 * ends. It always keeps the last entry of a topic. Once a minute it removes topics that have no tail and whose last entry is
 * older than `keep.ms`. Throws a `TypeError` if an option has a wrong value.
 */
export function createMemoryEventLog({ keep = {} }: MemoryEventLogOptions = {}): EventLog {
  return new MemoryEventLog(keep);
}

/** How long a topic remembers a key, and how many. */
const keyWindowMs = 120_000;
const maxKeys = 10_000;
/** How often the log looks for old entries of topics that are not written to. */
const sweepMs = 60_000;

type Keep = Required<{ [K in keyof MemoryRetention]: number }>;

/**
 * Entries are numbered through all topics, from 1. The cursor of an entry is its number after a prefix that no other log has. The
 * cursor of the beginning of a topic is the last number that was given to any entry by then, with a `b`.
 */
class MemoryEventLog implements EventLog {
  readonly #prefix: string = `${Math.random().toString(36).slice(2)}-`;
  readonly #keep: Keep;
  readonly #topics: Map<string, MemoryTopic> = new Map();
  #last = 0;
  /** The last number of an entry whose topic was forgotten. */
  #forgotten = 0;
  #sweptAt = Date.now();
  #isClosed = false;

  constructor({ events = 10_000, ms = 3_600_000, bytes = 64 * 1024 * 1024 }: MemoryRetention) {
    checkNumber("option keep.events", events, 1, "events");
    checkNumber("option keep.ms", ms, 1, "milliseconds");
    checkNumber("option keep.bytes", bytes, 1, "bytes");
    this.#keep = { events, ms, bytes };
  }

  async append(name: string, data: Uint8Array, { key }: AppendOptions = {}): Promise<Cursor> {
    this.#checkOpen();
    const time = Date.now();
    this.#sweep(time);
    const topic = this.#topic(name);
    const known = topic.findKey(key, time);
    if (known !== undefined) {
      return known;
    }
    const number = ++this.#last;
    const cursor = `${this.#prefix}${number}`;
    topic.push({ number, cursor, data: new Uint8Array(data), time }, key, this.#keep);
    return cursor;
  }

  async read(name: string, after: Cursor, limit: number): Promise<Entry[]> {
    this.#checkOpen();
    const number = this.#check(name, after);
    return this.#topics.get(name)?.after(number, limit) ?? [];
  }

  async tip(name: string): Promise<Cursor> {
    this.#checkOpen();
    return this.#topics.get(name)?.last?.cursor ?? `${this.#prefix}${this.#last}b`;
  }

  async tail(name: string, after: Cursor, listener: TailListener): Promise<() => void> {
    this.#checkOpen();
    const tail = { listener, cursor: after, number: this.#check(name, after) };
    const topic = this.#topic(name);
    topic.tails.add(tail);
    topic.deliver();
    return () => {
      topic.tails.delete(tail);
      if (topic.tails.size === 0 && topic.last === undefined && this.#topics.get(name) === topic) {
        this.#topics.delete(name);
      }
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const tails = [...this.#topics.values()].flatMap((topic) => [...topic.tails]);
    this.#topics.clear();
    for (const { listener } of tails) {
      listener.failed(closedError());
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) {
      throw closedError();
    }
  }

  #topic(name: string): MemoryTopic {
    const topic = this.#topics.get(name) ?? new MemoryTopic(this.#forgotten);
    this.#topics.set(name, topic);
    return topic;
  }

  /** The number of a cursor after which nothing is missing. Throws a `CursorError` for any other cursor. */
  #check(name: string, cursor: Cursor): number {
    const text = cursor.startsWith(this.#prefix) ? cursor.slice(this.#prefix.length) : "";
    const number = Number.parseInt(text, 10);
    const isBeginning = text === `${number}b`;
    const topic = this.#topics.get(name);
    const trimmed = topic?.trimmed ?? this.#forgotten;
    if (!isBeginning && (text !== String(number) || number < 1)) {
      throw new CursorError(cursor, "unknown");
    }
    if (number > this.#last) {
      throw new CursorError(cursor, "future");
    }
    if (number < trimmed || (number === trimmed && !isBeginning)) {
      throw new CursorError(cursor, "trimmed");
    }
    if (!isBeginning && !topic?.has(number)) {
      throw new CursorError(cursor, "unknown");
    }
    return number;
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < Math.min(sweepMs, this.#keep.ms)) {
      return;
    }
    this.#sweptAt = now;
    for (const [name, topic] of this.#topics) {
      topic.trim(this.#keep, now);
      if (topic.isForgettable(now - this.#keep.ms)) {
        this.#forgotten = Math.max(this.#forgotten, topic.last?.number ?? 0);
        this.#topics.delete(name);
      }
    }
  }
}

interface NumberedEntry extends Entry {
  readonly number: number;
  readonly time: number;
}

interface Tail {
  readonly listener: TailListener;
  /** The last entry that the listener received, or the place where it began. */
  cursor: Cursor;
  number: number;
}

class MemoryTopic {
  readonly tails: Set<Tail> = new Set();
  readonly #keys: Map<string, NumberedEntry> = new Map();
  /** The oldest first. Those before `start` are trimmed. */
  #entries: NumberedEntry[] = [];
  #start = 0;
  #bytes = 0;
  #isDelivering = false;
  /** The number of the last entry that was trimmed. */
  trimmed: number;

  constructor(trimmed: number) {
    this.trimmed = trimmed;
  }

  get last(): NumberedEntry | undefined {
    return this.#entries[this.#entries.length - 1];
  }

  push(entry: NumberedEntry, key: string | undefined, keep: Keep): void {
    this.#entries.push(entry);
    this.#bytes += entry.data.byteLength;
    if (key !== undefined) {
      this.#keys.set(key, entry);
    }
    this.trim(keep, entry.time);
    this.deliver();
  }

  /** The cursor that was given for a key. */
  findKey(key: string | undefined, now: number): Cursor | undefined {
    this.#expireKeys(now);
    return key === undefined ? undefined : this.#keys.get(key)?.cursor;
  }

  after(number: number, limit = Number.POSITIVE_INFINITY): NumberedEntry[] {
    const first = this.#indexAfter(number);
    return this.#entries.slice(first, first + limit);
  }

  has(number: number): boolean {
    return this.#entries[this.#indexAfter(number) - 1]?.number === number;
  }

  /** Drops what is too old or too much, but never the last entry. */
  trim({ events, ms, bytes }: Keep, now: number): void {
    for (;;) {
      const oldest = this.#entries[this.#start];
      const isOver =
        this.#entries.length - this.#start > events ||
        this.#bytes > bytes ||
        (oldest !== undefined && now - oldest.time >= ms);
      if (!oldest || oldest === this.last || !isOver) {
        break;
      }
      this.#bytes -= oldest.data.byteLength;
      this.trimmed = oldest.number;
      this.#start++;
    }
    // In bulk, since every removal moves all that follow.
    if (this.#start > 256 && this.#start > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  isForgettable(time: number): boolean {
    this.#expireKeys(Date.now());
    return this.tails.size === 0 && this.#keys.size === 0 && (this.last?.time ?? 0) <= time;
  }

  /** Calls each tail with the entries that it has not received. A listener may append: its entries are delivered after that. */
  deliver(): void {
    if (this.#isDelivering) {
      return;
    }
    this.#isDelivering = true;
    for (let isNew = true; isNew; ) {
      isNew = false;
      for (const tail of this.tails) {
        const last = this.last;
        if (tail.number < this.trimmed) {
          this.tails.delete(tail);
          tail.listener.failed(new CursorError(tail.cursor, "behind"));
        } else if (last && last.number > tail.number) {
          const entries = this.after(tail.number);
          isNew = true;
          tail.number = last.number;
          tail.cursor = last.cursor;
          tail.listener.entries(entries);
        }
      }
    }
    this.#isDelivering = false;
  }

  #expireKeys(now: number): void {
    for (const [key, { time }] of this.#keys) {
      if (now - time < keyWindowMs && this.#keys.size <= maxKeys) {
        break;
      }
      this.#keys.delete(key);
    }
  }

  /** The index of the first kept entry with a higher number. */
  #indexAfter(number: number): number {
    let low = this.#start;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.number ?? 0) <= number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

function closedError(): StatusError {
  return new StatusError(Code.Unavailable, "the event log is closed");
}
