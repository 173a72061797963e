import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { Code } from "../shared/code.js";
import { createIdReader, findIdField } from "./event-id.js";
import type { Init } from "./service.js";
import { SharedEvent } from "./shared-event.js";
import { StatusError } from "./status-error.js";
import { Subscription } from "./subscription.js";
import { toMessage } from "./to-message.js";
import type { Tracked } from "./tracked.js";

/** What a topic keeps, and how its events are called. */
export interface TopicOptions<T> {
  /** How many of the last events are kept, for those who resume. Default: 1,024. */
  readonly replay?: number | undefined;
  /** How many events a subscriber may be behind, where that is more than `replay`. Default: 256. */
  readonly queue?: number | undefined;
  /** The id of an event. Default: its `event_id` field, or else a number with a prefix that no other topic has. */
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
  /** Gives an event to all subscribers. The message is not to be changed afterwards. Throws for what is not the message, and after `close`. */
  publish(message: Init<T>): void;
  /** The events from now on, or after an earlier one. Throws a `StatusError` with code 11 when that one is not kept. */
  subscribe(options?: SubscribeOptions): AsyncIterableIterator<Tracked<T>>;
  /** Ends all subscriptions, once they have what was published. */
  close(): void;
}

/** Creates a topic of the messages of a schema. */
export function createTopic<T extends Message>(schema: GenMessage<T>, options: TopicOptions<T> = {}): Topic<T> {
  return new EventTopic(schema, options);
}

/** The last events of a topic, and those who wait for the next. Events are numbered from 0. */
export class EventTopic<T extends Message> implements Topic<T> {
  readonly #schema: DescMessage;
  readonly #capacity: number;
  readonly #idOf: (message: T) => string | undefined;
  readonly #prefix: string = Math.random().toString(36).slice(2);
  /** Event `n` stands at `n % capacity`. */
  readonly #events: SharedEvent<T>[] = [];
  readonly #numbers: Map<string, number> = new Map();
  readonly #waiting: Set<() => void> = new Set();
  #end = 0;
  #closed = false;

  constructor(schema: GenMessage<T>, { replay = 1024, queue = 256, id }: TopicOptions<T>) {
    this.#schema = schema;
    this.#capacity = Math.max(replay, queue, 1);
    const field = findIdField(schema);
    this.#idOf = id ?? (field ? createIdReader(field) : () => undefined);
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
    const event = new SharedEvent(this.#idOf(message) ?? `${this.#prefix}-${this.#end}`, message);
    const place = this.#end % this.#capacity;
    const gone = this.#events[place];
    // An id that was given twice means the later event.
    if (gone && this.#numbers.get(gone.id) === this.#end - this.#capacity) {
      this.#numbers.delete(gone.id);
    }
    this.#events[place] = event;
    this.#numbers.set(event.id, this.#end);
    this.#end++;
    this.#wake();
  }

  subscribe({ signal, after }: SubscribeOptions = {}): AsyncIterableIterator<Tracked<T>> {
    const number = after === undefined ? this.#end - 1 : this.#numbers.get(after);
    if (number === undefined) {
      throw new StatusError(Code.OutOfRange, `the events after ${JSON.stringify(after)} are not kept: begin anew`);
    }
    return new Subscription(this, number + 1, signal);
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** An event that was published. Throws a `StatusError` with code 11 when it is not kept any more. */
  at(number: number): Tracked<T> {
    const event = number >= this.#end - this.#capacity ? this.#events[number % this.#capacity] : undefined;
    if (event === undefined) {
      throw new StatusError(
        Code.OutOfRange,
        `the client is ${this.#end - number} events behind, and ${this.#capacity} are kept: begin anew`,
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

  #wake(): void {
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) {
      listener();
    }
  }
}
