import { type DescField, type DescMessage, fromBinary, type Message, ScalarType } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";
import { checkNumber } from "../call/server-options.js";
import type { Init } from "../call/service.js";
import type { AppendOptions, Cursor, Entry, EventLog } from "./event-log.js";
import { LogSubscription } from "./log-subscription.js";
import { LogTail, type TailHooks, toLogError } from "./log-tail.js";
import { createMemoryEventLog } from "./memory-event-log.js";
import { findIdField } from "./schema-options.js";
import { SharedEvent } from "./shared-event.js";
import {
  checkIsOpen,
  defaultMaxBytes,
  type SubscribeOptions,
  type Topic,
  type TopicOptions,
  toEvent,
} from "./topic.js";

/** Options of `createLogTopic`. Of topics of one log with one name, those of the first count. */
export interface LogTopicOptions extends Pick<TopicOptions<never>, "maxBytes">, TailHooks {
  /** The name of the topic in its log. All nodes that use the name share its events. */
  readonly name: string;
  /** The log that keeps the events. Default: one log in memory for the whole process. */
  readonly log?: EventLog | undefined;
}

/**
 * A topic whose events are kept in an event log, so that every node which uses the log has the same events in the same
 * order, and a client resumes at any of them.
 */
export interface LogTopic<T extends Message> extends Topic<T> {
  /**
   * Appends an event. Resolves with its cursor, the `id:` of the event, when the log has it. With a `key`, you can repeat a
   * publication that failed.
   *
   * Rejects with code 14 if the log did not confirm the event, which may be in the log nevertheless. Rejects with a `TypeError` if
   * the value is not the message, has no event set in its oneof, or has no JSON, and with an `Error` after `close`.
   */
  publish(message: Init<T>, options?: AppendOptions): Promise<Cursor>;
  /**
   * The events from now on, or after an earlier one. Its first `next()` rejects with a `CursorError`, which is code 11, when the
   * events after that one cannot be given without a gap, and with code 14 when the log does not answer within 5 seconds.
   */
  subscribe(options?: SubscribeOptions): LogSubscription<T>;
  /**
   * Ends all subscriptions of this node after they have received its events, with the error, if one is given. Only the first
   * call counts. The log and other nodes are not affected.
   */
  close(error?: unknown): void;
}

/**
 * Creates a topic whose events are kept in a log. The same log and name give the same topic again, so the call may be in
 * a handler. The topic follows the log while it has subscribers and for 60 seconds after the last one.
 *
 * ```ts
 * const trades = (symbol: string) => createLogTopic(TradeSchema, { log, name: `trades:${symbol}` });
 * const cursor = await trades("AAPL").publish({ symbol: "AAPL", price: 187.2 });
 * createMarketService({
 *   watchTrades: ({ symbol }, { signal, lastEventId }) => trades(symbol).subscribe({ signal, after: lastEventId }),
 * });
 * ```
 *
 * The id of an event is its cursor. A string field with `event_id` gets it when the event is delivered; what the publisher
 * put there is replaced. Throws a `TypeError` for an `event_id` of another type, which cannot hold a cursor, for an
 * option with a wrong value, and for a name that already has another schema.
 */
export function createLogTopic<T extends Message>(schema: GenMessage<T>, options: LogTopicOptions): LogTopic<T> {
  const { name, log = defaultLog() } = options;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`option name is ${name === "" ? "empty" : typeof name}: give the topic a name in its log`);
  }
  if (typeof (log as Partial<EventLog> | null)?.append !== "function") {
    throw new TypeError(
      "option log is no event log: give one of createMemoryEventLog, createRedisEventLog, or your own",
    );
  }
  const topics = topicsOf(log);
  const topic = topics.get(name) ?? new EventLogTopic(schema, log, topics, options);
  return topic.of(schema);
}

let memoryLog: EventLog | undefined;

function defaultLog(): EventLog {
  memoryLog ??= createMemoryEventLog();
  return memoryLog;
}

type Topics = Map<string, EventLogTopic<Message>>;

/** The topics in use of each log, by name. */
const allTopics: WeakMap<EventLog, Topics> = new WeakMap();

function topicsOf(log: EventLog): Topics {
  const topics = allTopics.get(log) ?? new Map();
  allTopics.set(log, topics);
  return topics;
}

/** How long a topic is kept that has no subscribers. */
const idleMs = 60_000;

class EventLogTopic<T extends Message> implements LogTopic<T> {
  readonly #schema: GenMessage<T>;
  readonly #log: EventLog;
  readonly #topics: Topics;
  readonly #options: LogTopicOptions & { readonly maxBytes: number };
  readonly #idField: DescField | undefined;
  #tail: LogTail<T> | undefined;
  #subscribers = 0;
  #idle: Timer | undefined;
  /** Set by the first call of `close`. */
  #closing: { readonly error: unknown } | undefined;

  constructor(schema: GenMessage<T>, log: EventLog, topics: Topics, options: LogTopicOptions) {
    checkNumber("option maxBytes", options.maxBytes, 0, "bytes");
    this.#schema = schema;
    this.#log = log;
    this.#topics = topics;
    this.#options = { ...options, maxBytes: options.maxBytes ?? defaultMaxBytes };
    this.#idField = findCursorField(schema);
    this.#register();
  }

  /** This topic, if it has the messages of a schema. Throws a `TypeError`. */
  of<M extends Message>(schema: GenMessage<M>): EventLogTopic<M> {
    const own: DescMessage = this.#schema;
    if (own !== schema) {
      const name = JSON.stringify(this.#options.name);
      throw new TypeError(
        `topic ${name} has messages of ${own.typeName}, not of ${schema.typeName}: use another name for it`,
      );
    }
    return this as EventLogTopic<Message> as EventLogTopic<M>; // of the same schema
  }

  async publish(init: Init<T>, options?: AppendOptions): Promise<Cursor> {
    checkIsOpen(this.#closing !== undefined);
    const { data } = toEvent<T>(this.#schema, init);
    const tail = this.#shared().#tail;
    if (tail && !tail.isBegun) {
      // A subscriber that came before this call gets the event, even if the tail has not started yet.
      await tail.begun().catch(() => {});
    }
    try {
      return await this.#log.append(this.#options.name, data, options);
    } catch (cause) {
      throw toLogError(cause, "the event log did not confirm the event: it may have been kept");
    }
  }

  subscribe(options: SubscribeOptions = {}): LogSubscription<T> {
    const topic = this.#shared();
    stopTimer(topic.#idle);
    topic.#subscribers++;
    if (topic.#tail?.hasFailed) {
      topic.#tail = undefined;
    }
    topic.#tail ??= new LogTail(this.#log, this.#options, (entry, onEncode) => this.#toEvent(entry, onEncode));
    if (topic.#closing) {
      topic.#tail.close(topic.#closing.error);
    }
    return new LogSubscription(topic.#tail, options, () => topic.#leave());
  }

  close(error?: unknown): void {
    if (!this.#closing) {
      const topic = this.#shared();
      topic.#closing = { error };
      this.#closing = topic.#closing;
      topic.#unregister(error);
    }
  }

  /** The topic that all handles of this name use: another one, if this one was removed and the name was used again. */
  #shared(): EventLogTopic<T> {
    if (this.#closing) {
      return this;
    }
    const topic = this.#topics.get(this.#options.name);
    if (topic === undefined) {
      this.#register();
      return this;
    }
    return topic.of(this.#schema);
  }

  #register(): void {
    this.#topics.set(this.#options.name, this as EventLogTopic<Message>);
    this.#waitIdle();
  }

  #unregister(error?: unknown): void {
    this.#topics.delete(this.#options.name);
    stopTimer(this.#idle);
    this.#tail?.close(error);
  }

  #leave(): void {
    this.#subscribers--;
    if (this.#subscribers === 0 && !this.#closing) {
      this.#waitIdle();
    }
  }

  /** Removes the topic after 60 seconds unless it gets a subscriber before that. */
  #waitIdle(): void {
    this.#idle = startTimer(idleMs, () => {
      this.#unregister();
      this.#tail = undefined;
    });
    // On Node, a timer keeps the process alive unless it is unreferenced. Elsewhere it is a number.
    (this.#idle as { unref?: () => void } | undefined)?.unref?.();
  }

  /** The event of an entry. Its message is decoded once, when it is first needed. */
  #toEvent({ cursor, data }: Entry, onEncode: (bytes: number) => void): SharedEvent<T> {
    let message: T | undefined;
    const read = (): T => {
      if (message === undefined) {
        message = fromBinary(this.#schema, data);
        if (this.#idField) {
          Reflect.set(message, this.#idField.localName, cursor);
        }
      }
      return message;
    };
    return new SharedEvent(cursor, read, onEncode);
  }
}

/** The field that gets the cursor, if there is one. Throws a `TypeError` for one that cannot hold it. */
function findCursorField(schema: DescMessage): DescField | undefined {
  const field = findIdField(schema);
  // A member of a oneof could displace another one.
  if (field && (field.oneof || field.fieldKind !== "scalar" || field.scalar !== ScalarType.STRING)) {
    throw new TypeError(`${field} has event_id, and cannot hold the cursor of an event log: make it a string field`);
  }
  return field;
}
