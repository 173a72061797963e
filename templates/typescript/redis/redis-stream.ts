import { type Cursor, CursorError, type Entry } from "../server.js";

/** One event of a stream. */
export interface StreamRow {
  /** The id that Redis gave it: a time in milliseconds and a counter. No id is given twice, not even after a failover. */
  readonly id: string;
  /** Its number in the topic, from 1. Numbers have no gaps, so a reader notices entries that were trimmed before it read them. */
  readonly n: number;
  readonly data: Uint8Array;
}

/** How many hash tags the topics share in a cluster, where one command can wait only for streams of one tag. */
const tags = 16;

/** The keys of a topic. They have one hash tag, so that a cluster keeps them on one server. */
export class TopicKeys {
  /** The stream of the entries. */
  readonly log: string;
  /** The number of the last entry. */
  readonly n: string;
  /** When entries were last trimmed by age. */
  trimmedAt: number = Number.NEGATIVE_INFINITY;
  readonly #start: string;
  readonly #suffix: string;

  constructor(prefix: string, topic: string, isCluster: boolean) {
    const name = `${prefix}${topic}`;
    if (name === "" || name.startsWith("}")) {
      throw new TypeError(`topic ${JSON.stringify(name)} has no hash tag: give it a name that does not start with "}"`);
    }
    const mark = hash(name);
    this.#start = isCluster ? `{${prefix}${mark % tags}}${encodeURIComponent(topic)}` : `{${name}}`;
    this.log = `${this.#start}:log`;
    this.n = `${this.#start}:n`;
    this.#suffix = `-${mark.toString(36)}`;
  }

  /** The key that holds the id of a publication with a key. */
  publication(key: string): string {
    return `${this.#start}:k:${key}`;
  }

  /** Changes with every entry that is confirmed to be on replicas. */
  get confirmed(): string {
    return `${this.#start}:c`;
  }

  /** The id with a mark of the topic, as two topics may have the same id. */
  cursor(id: string): Cursor {
    return `${id}${this.#suffix}`;
  }

  /** The id of a cursor. Throws a `CursorError` for what is no cursor of this topic. */
  id(cursor: Cursor): string {
    const id = cursor.endsWith(this.#suffix) ? cursor.slice(0, -this.#suffix.length) : "";
    if (!/^\d{1,15}-\d{1,15}$/.test(id)) {
      throw new CursorError(cursor, "unknown");
    }
    return id;
  }

  entry({ id, data }: StreamRow): Entry {
    return { cursor: this.cursor(id), data, time: Number.parseInt(id, 10) };
  }
}

/** The id before that of any entry. */
export const beginning = "0-0";

const decoder = new TextDecoder();

/** A text of a reply. */
export function textOf(value: unknown): string {
  return value instanceof Uint8Array ? decoder.decode(value) : String(value);
}

/** The rows of a reply to `XRANGE`, or of one stream in a reply to `XREAD`. */
export function rowsOf(reply: unknown): StreamRow[] {
  return (reply as [id: unknown, fields: unknown[]][]).map(([id, [, n, , data]]) => ({
    id: textOf(id),
    n: Number(textOf(n)),
    // A copy, since libraries return parts of larger buffers.
    data: new Uint8Array(data as Uint8Array),
  }));
}

/** The streams of a reply to `XREAD` by their keys. It is a list of pairs in RESP2, and a map in RESP3, in several forms. */
export function streamsOf(reply: unknown): [key: string, rows: StreamRow[]][] {
  const parts = reply instanceof Map ? [...reply] : Array.isArray(reply) ? reply : Object.entries(reply ?? {});
  const items: unknown[] = parts.every((part) => Array.isArray(part) && part.length === 2) ? parts.flat() : parts;
  return items.flatMap((item, i) =>
    i % 2 === 0 ? [[textOf(item), rowsOf(items[i + 1])] satisfies [string, StreamRow[]]] : [],
  );
}

/** Compares two ids: the sign is that of the difference. */
export function compareIds(a: string, b: string): number {
  const [[timeA = 0, countA = 0], [timeB = 0, countB = 0]] = [a.split("-").map(Number), b.split("-").map(Number)];
  return timeA - timeB || countA - countB;
}

/** FNV-1a of 32 bits over the UTF-8 form. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return value >>> 0;
}
