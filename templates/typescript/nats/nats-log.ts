import {
  type AppendOptions,
  type Cursor,
  CursorError,
  type Entry,
  type EventLog,
  type Retention,
  type TailListener,
} from "../server.js";
import type {
  NatsConsumer,
  NatsJetStream,
  NatsJetStreamManager,
  NatsStreamConfig,
  NatsStreamInfo,
} from "./nats-client.js";
import { cursorOf, hash, type NatsPlace, toEntry, toPlace, toSubject } from "./nats-cursor.js";
import { answerMs, closedError, NatsRequests } from "./nats-requests.js";
import { NatsTail, pageSize } from "./nats-tail.js";

/** How much of each topic a log on NATS keeps. Applies only to a stream that the log creates. */
export interface NatsRetention extends Retention {
  /** The number of servers of a cluster that hold the stream: 1 to 5. Default: 1. */
  readonly replicas?: number | undefined;
}

/** Options of `createNatsEventLog`. */
export interface NatsEventLogOptions {
  /** `jetstream(connection)` of `@nats-io/jetstream`. */
  readonly jetstream: NatsJetStream;
  /** `await jetstreamManager(connection)` of `@nats-io/jetstream`. */
  readonly manager: NatsJetStreamManager;
  /** The name of the stream. The log creates it at the first use, unless it exists. Default: `SSE`. */
  readonly stream?: string | undefined;
  /**
   * The start of all subjects, which ends with a dot: a topic `trades.AAPL` has the subject `sse.trades.AAPL`. Characters that a subject cannot have
   * are percent-encoded. Default: `sse.`.
   */
  readonly prefix?: string | undefined;
  readonly keep?: NatsRetention | undefined;
}

/**
 * Creates an event log on NATS JetStream: a stream, in which each topic is a subject. It needs one connection. A stream that exists
 * with other limits is used as it is, with a warning on the console. Throws a `TypeError` for an option with a wrong value.
 */
export function createNatsEventLog(options: NatsEventLogOptions): EventLog {
  return new NatsEventLog(options);
}

/** How long the stream recognizes a repeated publication. */
const keyWindowMs = 120_000;
/** After this time without a request for messages, the server removes a consumer. */
const inactiveMs = 30_000;

/**
 * The cursor of an entry is its sequence in the stream and a hash of its message id. Every message has an id, since a stream
 * that lost its last messages gives their sequences to others. The cursor of a beginning is `b`, the last sequence of the stream at
 * that time, and when the stream was created.
 */
class NatsEventLog implements EventLog {
  readonly #requests: NatsRequests = new NatsRequests();
  readonly #jetstream: NatsJetStream;
  readonly #manager: NatsJetStreamManager;
  readonly #stream: string;
  readonly #prefix: string;
  readonly #config: NatsStreamConfig;
  /** The start of the message ids of this log; a count follows it. */
  readonly #name: string = `${randomName()}.`;
  #published = 0;
  readonly #tails: Set<NatsTail> = new Set();
  #opened: Promise<void> | undefined;
  #isOpen = false;
  #keeps = Number.POSITIVE_INFINITY;

  constructor({ jetstream, manager, stream = "SSE", prefix = "sse.", keep = {} }: NatsEventLogOptions) {
    const { events = 10_000, ms = 3_600_000, replicas = 1 } = keep;
    checkOption("keep.events", events, 1);
    checkOption("keep.ms", ms, 100);
    if (!(Number.isInteger(replicas) && replicas >= 1 && replicas <= 5)) {
      throw new TypeError(`option keep.replicas is ${replicas}: give a whole number from 1 to 5`);
    }
    if (!/^[^\s.*>/\\]+$/.test(stream)) {
      throw new TypeError(
        `option stream is ${JSON.stringify(stream)}: give a name without spaces and without . * > / \\`,
      );
    }
    if (!/^([^\s.*>]+\.)+$/.test(prefix)) {
      throw new TypeError(
        `option prefix is ${JSON.stringify(prefix)}: give parts of a subject that each end with ".", without spaces, * and >`,
      );
    }
    this.#jetstream = jetstream;
    this.#manager = manager;
    this.#stream = stream;
    this.#prefix = prefix;
    this.#config = {
      name: stream,
      subjects: [`${prefix}>`],
      max_age: nanos(ms),
      // One more, so that a topic with `events` entries is known to be whole.
      max_msgs_per_subject: events === Number.POSITIVE_INFINITY ? -1 : Math.ceil(events) + 1,
      duplicate_window: nanos(Math.min(ms, keyWindowMs)),
      num_replicas: replicas,
      allow_direct: true,
    };
  }

  async append(topic: string, data: Uint8Array, { key }: AppendOptions = {}): Promise<Cursor> {
    const subject = this.#subject(topic);
    const msgID =
      key === undefined ? `${this.#name}${(this.#published++).toString(36)}` : `${subject}:${encodeURIComponent(key)}`;
    const publish = () =>
      this.#requests.send(() => this.#jetstream.publish(subject, data, { msgID, timeout: answerMs }));
    if (!this.#isOpen) {
      await this.#open();
    }
    let ack: Awaited<ReturnType<typeof publish>>;
    try {
      ack = await publish();
    } catch (error) {
      if ((error as Error).name !== "JetStreamNotEnabled") {
        throw error;
      }
      // No stream has the subject, so nothing was stored: the stream was deleted.
      this.#opened = undefined;
      this.#isOpen = false;
      await this.#open();
      ack = await publish();
    }
    if (ack.stream !== this.#stream) {
      throw new Error(
        `the stream ${ack.stream} took the subject ${subject}: give the stream ${this.#stream} other subjects`,
      );
    }
    return `${ack.seq}.${hash(msgID)}`;
  }

  async read(topic: string, after: Cursor, limit: number): Promise<Entry[]> {
    const subject = this.#subject(topic);
    const place = toPlace(after);
    await this.#open();
    const entries = await this.#requests.send(() => this.#page(subject, place.seq, limit));
    // Check after the page was read. Messages are trimmed in order: if the entry of the cursor is still there, so is all that follows.
    await this.#check(subject, place);
    return entries;
  }

  async tip(topic: string): Promise<Cursor> {
    const subject = this.#subject(topic);
    await this.#open();
    // In this order, so that a message that arrives between the two is after the beginning.
    const { state, created } = await this.#info(subject);
    const last = await this.#requests.send(() =>
      this.#manager.streams.getMessage(this.#stream, { last_by_subj: subject }),
    );
    return last ? cursorOf(last.seq, last.header, last.time) : `b${state.last_seq}.${hash(created)}`;
  }

  async tail(topic: string, after: Cursor, listener: TailListener): Promise<() => void> {
    const subject = this.#subject(topic);
    const place = toPlace(after);
    await this.#open();
    await this.#check(subject, place);
    const { created } = await this.#info(subject);
    const tail = new NatsTail({
      after: place,
      listener,
      consume: (seq) => this.#requests.send(() => this.#consume(subject, seq)),
      check: (place, time) => this.#checkSince(subject, place, time, created),
      toEntry,
      keeps: () => this.#keeps,
    });
    this.#tails.add(tail);
    void tail.run().finally(() => this.#tails.delete(tail));
    return () => tail.stop();
  }

  async close(): Promise<void> {
    this.#requests.close();
    for (const tail of this.#tails) {
      tail.fail(closedError());
    }
  }

  #subject(topic: string): string {
    return `${this.#prefix}${toSubject(topic)}`;
  }

  /** Creates the stream unless it exists. */
  async #open(): Promise<void> {
    this.#opened ??= this.#openStream();
    try {
      await this.#opened;
      this.#isOpen = true;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }

  async #openStream(): Promise<void> {
    const { streams } = this.#manager;
    const find = () =>
      streams
        .info(this.#stream)
        .catch((error: Error) => (error.name === "StreamNotFoundError" ? undefined : Promise.reject(error)));
    const info = await this.#requests.send(async () => {
      const found = await find();
      // Another node may create it at the same time.
      return found ?? (await streams.add(this.#config).catch(async (error) => (await find()) ?? Promise.reject(error)));
    });
    const { max_age, max_msgs_per_subject, max_msgs, max_bytes } = info.config;
    const wanted = this.#config;
    if (
      max_age !== wanted.max_age ||
      max_msgs_per_subject !== wanted.max_msgs_per_subject ||
      max_msgs > 0 ||
      max_bytes > 0
    ) {
      const limits = JSON.stringify({ max_age, max_msgs_per_subject, max_msgs, max_bytes });
      console.warn(`the stream ${this.#stream} has limits of its own, and keep is not applied: ${limits}`);
    }
    // Limits of the whole stream also trim because of other topics, which cannot be counted here: check often.
    this.#keeps =
      max_msgs > 0 || max_bytes > 0
        ? pageSize
        : max_msgs_per_subject > 0
          ? max_msgs_per_subject
          : Number.POSITIVE_INFINITY;
  }

  #info(subject: string): Promise<NatsStreamInfo> {
    return this.#requests.send(() => this.#manager.streams.info(this.#stream, { subjects_filter: subject }));
  }

  /** Creates a consumer of a topic that begins after a sequence. */
  #consume(subject: string, after: number): Promise<NatsConsumer> {
    return this.#jetstream.consumers.get(this.#stream, {
      filter_subjects: [subject],
      deliver_policy: "by_start_sequence",
      opt_start_seq: after + 1,
      inactive_threshold: nanos(inactiveMs),
    });
  }

  async #page(subject: string, after: number, limit: number): Promise<Entry[]> {
    const consumer = await this.#consume(subject, after);
    try {
      const { num_pending } = await consumer.info(true);
      const count = Math.min(num_pending, limit);
      const entries: Entry[] = [];
      if (count > 0) {
        for await (const message of await consumer.fetch({ max_messages: count, expires: answerMs })) {
          entries.push(toEntry(message));
        }
      }
      return entries;
    } finally {
      consumer.delete().catch(() => {}); // the server removes it by itself
    }
  }

  /** Rejects with a `CursorError` unless the entry at a place is still there; at a beginning, unless the stream has all that follows. */
  async #check(subject: string, { cursor, seq }: NatsPlace): Promise<void> {
    const isBeginning = cursor.startsWith("b");
    const find = () => this.#requests.send(() => this.#manager.streams.getMessage(this.#stream, { seq }));
    const isEntry = (found: Awaited<ReturnType<typeof find>>) =>
      found !== null && found.subject === subject && cursorOf(found.seq, found.header, found.time) === cursor;
    let message = isBeginning ? null : await find();
    if (isEntry(message)) {
      return;
    }
    const { created, config, state } = await this.#info(subject);
    if (!isBeginning && !message && seq <= state.last_seq) {
      // Between the two requests, another message may have got the sequence of one that the stream lost.
      message = await find();
      if (isEntry(message)) {
        return;
      }
    }
    if (message || (isBeginning && !cursor.endsWith(`.${hash(created)}`))) {
      throw new CursorError(cursor, "unknown");
    }
    if (seq > state.last_seq) {
      throw new CursorError(cursor, "future");
    }
    if (!isBeginning || state.first_seq > seq + 1 || isFull(subject, config, state)) {
      throw new CursorError(cursor, "trimmed");
    }
  }

  /**
   * As `#check`, for a tail that has all entries until a time. The entry at its place may have been trimmed by age, if no entry after that
   * time was.
   */
  async #checkSince(subject: string, place: NatsPlace, time: number, madeAt: string): Promise<void> {
    try {
      await this.#check(subject, place);
    } catch (error) {
      if (!(error instanceof CursorError) || error.reason !== "trimmed") {
        throw error;
      }
      const { created, config, state } = await this.#info(subject);
      const isOlderThere = state.messages > 0 && Date.parse(state.first_ts) < time;
      const isYoung = (Date.now() - time) * 2e6 < config.max_age && config.max_msgs <= 0 && config.max_bytes <= 0;
      if (created !== madeAt || isFull(subject, config, state) || !(isOlderThere || isYoung)) {
        throw error;
      }
    }
  }
}

/** Whether the limit of the topic may have trimmed entries. */
function isFull(
  subject: string,
  { max_msgs_per_subject: limit }: NatsStreamInfo["config"],
  { subjects }: NatsStreamInfo["state"],
): boolean {
  return limit > 0 && (subjects?.[subject] ?? 0) >= limit;
}

/** 64 random bits. */
function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}

/** Nanoseconds; 0, which is no limit, where a signed integer of 64 bits is too small. */
function nanos(ms: number): number {
  return ms * 1e6 < 2 ** 63 ? Math.round(ms) * 1e6 : 0;
}

function checkOption(name: string, value: number, least: number): void {
  if (!(typeof value === "number" && value >= least)) {
    throw new TypeError(`option ${name} is ${value}: give a number, ${least} or more`);
  }
}
