import { type DescField, type DescMessage, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { Code } from "../../shared/code.js";
import { hasOwnJson } from "../../shared/json-error.js";
import { checkNumber } from "../call/server-options.js";
import { type Init, toMessage } from "../call/to-message.js";
import { StatusError } from "../errors/status-error.js";
import { checkIdOfField, createIdReader } from "../stream/event-id.js";
import type { Tracked } from "../stream/tracked.js";
import { checkEventIsSet, findIdField } from "./schema-options.js";
import { SharedEvent } from "./shared-event.js";
import { type NumberedEvents, Subscription } from "./subscription.js";

/** What a topic keeps, and how its events are called. */
export interface TopicOptions<T> {
  /** How many of the last events are kept, for those who resume. Default: 1,024. */
  readonly replay?: number | undefined;
  /** How many events a subscriber may be behind, where that is more than `replay`. Default: 256. */
  readonly queue?: number | undefined;
  /**
   * How many bytes the kept events may hold, as messages in the binary format and as encoded for streams. The oldest are
   * dropped first; the last event is always kept. Default: 64 MiB.
   */
  readonly maxBytes?: number | undefined;
  /** The id of an event. Default: its `event_id` field, or else a number with a prefix that no other topic has. Where there is such a field, an id is a value of its type. */
  readonly id?: ((message: T) => string) | undefined;
}

/** Where a subscription begins and when it ends. */
export interface SubscribeOptions {
  /** Ends the subscription, which then rejects with the signal's reason. Give it `context.signal`. */
  readonly signal?: AbortSignal | undefined;
  /** The id of the event after which to begin: `context.lastEventId`. Default: with the next event that is published. */
  readonly after?: string | undefined;
}

/**
 * A feed of events for any number of streams. Whatever that number, an event is encoded once. Each
 * subscriber has a place in the last events, which all share, and takes them as its client reads.
 * No event is ever left out in silence: a subscriber that the kept events no longer reach ends with code 11.
 *
 * ```ts
 * const trades = createTopic(TradeSchema, { replay: 10_000 });
 * createMarketService({ watchTrades: (_request, { signal, lastEventId }) => trades.subscribe({ signal, after: lastEventId }) });
 * trades.publish({ sequence: 1n, symbol: "AAPL" });
 * ```
 */
export interface Topic<T extends Message> {
  /** Gives an event to all subscribers. The message is not to be changed afterwards. Throws for what is not the message, for an event without an id that the field's type allows, for a oneof of events that is not set, for what has no JSON, and after `close`. */
  publish(message: Init<T>): void;
  /** The events from now on, or after an earlier one. Throws a `StatusError` with code 11 when that one is not kept. */
  subscribe(options?: SubscribeOptions): AsyncIterableIterator<Tracked<T>>;
  /** Ends all subscriptions, once they have what was published. */
  close(): void;
}

/** Creates a topic of the messages of a schema. Throws a `TypeError` for an option with a wrong value. */
export function createTopic<T extends Message>(schema: GenMessage<T>, options: TopicOptions<T> = {}): Topic<T> {
  return new EventTopic(schema, options);
}

/** The last events of a topic, and those who wait for the next. Events are numbered from 0. */
class EventTopic<T extends Message> implements Topic<T>, NumberedEvents<T> {
  readonly #schema: DescMessage;
  readonly #capacity: number;
  readonly #idOf: (message: T) => string | undefined;
  readonly #prefix: string = Math.random().toString(36).slice(2);
  readonly #maxBytes: number;
  readonly #canLackJson: boolean;
  readonly #idField: DescField | undefined;
  /** Event `n` stands at `n % capacity`, with the bytes that it holds. */
  readonly #events: ({ readonly event: SharedEvent<T>; bytes: number } | undefined)[] = [];
  readonly #numbers: Map<string, number> = new Map();
  readonly #waiting: Set<() => void> = new Set();
  /** The number of the oldest event that is kept. */
  #start = 0;
  #end = 0;
  #bytes = 0;
  #closed = false;

  constructor(schema: GenMessage<T>, { replay = 1024, queue = 256, maxBytes = 64 * 1024 * 1024, id }: TopicOptions<T>) {
    checkNumber("option replay", replay, 0, "events");
    checkNumber("option queue", queue, 0, "events");
    checkNumber("option maxBytes", maxBytes, 0, "bytes");
    this.#schema = schema;
    this.#capacity = Math.floor(Math.max(replay, queue, 1));
    this.#maxBytes = maxBytes;
    this.#idField = findIdField(schema);
    this.#canLackJson = canLackJson(schema);
    this.#idOf = id ?? (this.#idField ? createIdReader(this.#idField) : () => undefined);
  }

  /** The number that the next event will have. */
  get end(): number {
    return this.#end;
  }

  get closed(): boolean {
    return this.#closed;
  }

  publish(init: Init<T>): void {
    if (this.#closed) {
      throw new Error("topic is closed: publish to an open one");
    }
    const message = toMessage(this.#schema, init) as T; // the schema's own type
    checkEventIsSet(this.#schema, message);
    const number = this.#end;
    const id = checkIdOfField(this.#idField, this.#idOf(message) ?? `${this.#prefix}-${number}`);
    const bytes = toBinary(this.#schema, message).byteLength;
    if (this.#canLackJson) {
      toJson(this.#schema, message);
    }
    const event = new SharedEvent(id, message, (bytes) => this.#hold(number, bytes));
    if (number - this.#start === this.#capacity) {
      this.#drop();
    }
    this.#events[number % this.#capacity] = { event, bytes: 0 };
    this.#numbers.set(id, number);
    this.#end++;
    this.#hold(number, bytes);
    this.#wake();
  }

  subscribe({ signal, after }: SubscribeOptions = {}): AsyncIterableIterator<Tracked<T>> {
    const number = after === undefined ? this.#end - 1 : this.#numbers.get(after);
    if (number === undefined) {
      throw new StatusError(Code.OutOfRange, `the events after ${JSON.stringify(after)} are not kept: start over`);
    }
    return new Subscription(this, number + 1, signal);
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** An event that was published. Throws a `StatusError` with code 11 when it is not kept any more. */
  at(number: number): Tracked<T> {
    const event = number >= this.#start ? this.#events[number % this.#capacity]?.event : undefined;
    if (event === undefined) {
      throw new StatusError(
        Code.OutOfRange,
        `the client is ${this.#end - number} events behind, and ${this.#end - this.#start} are kept: start over`,
      );
    }
    return event;
  }

  /** Calls a listener once, at the next event or at the end of the topic. */
  wait(listener: () => void): void {
    this.#waiting.add(listener);
  }

  unwait(listener: () => void): void {
    this.#waiting.delete(listener);
  }

  /** Counts what an event holds, and drops the oldest events while there is too much. */
  #hold(number: number, bytes: number): void {
    const entry = this.#events[number % this.#capacity];
    // One that is dropped is held by those who took it, and by nobody else.
    if (entry === undefined || number < this.#start) {
      return;
    }
    entry.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes && this.#start < this.#end - 1) {
      this.#drop();
    }
  }

  /** Drops the oldest event. */
  #drop(): void {
    const place = this.#start % this.#capacity;
    const entry = this.#events[place];
    if (entry) {
      this.#bytes -= entry.bytes;
      // An id that was given twice means the later event.
      if (this.#numbers.get(entry.event.id) === this.#start) {
        this.#numbers.delete(entry.event.id);
      }
      this.#events[place] = undefined;
    }
    this.#start++;
  }

  #wake(): void {
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) {
      listener();
    }
  }
}

/**
 * Whether a message that is valid in the binary format may have no JSON: a `Timestamp` after the year 9999, a `Value`
 * without a kind. Types with an `Any` are left out, as its JSON needs the registry of the server.
 */
function canLackJson(schema: DescMessage): boolean {
  const types = new Set([schema]);
  // A set also gives what is added on the way.
  for (const { fields } of types) {
    for (const { message } of fields) {
      if (message) {
        types.add(message);
      }
    }
  }
  const hasAny = [...types].some(({ typeName }) => typeName === "google.protobuf.Any");
  return !hasAny && [...types].some(hasOwnJson);
}
