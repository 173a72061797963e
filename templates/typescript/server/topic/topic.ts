import { type DescField, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { Code } from "../../shared/code.js";
import { encodeJson } from "../../shared/codec/encode-json.js";
import { hasOwnJson } from "../../shared/codec/json-fields.js";
import { checkNumber } from "../call/server-options.js";
import { type Init, toMessage } from "../call/service.js";
import { StatusError } from "../errors/status-error.js";
import { checkIdOfField, createIdReader, type Tracked } from "../stream/event-id.js";
import { EventRing } from "./event-ring.js";
import { checkEventIsSet, findIdField } from "./schema-options.js";
import { SharedEvent } from "./shared-event.js";
import { type Place, Subscription } from "./subscription.js";

/** How many bytes a topic holds, unless its options say otherwise. */
export const defaultMaxBytes: number = 64 * 1024 * 1024;

/** Options of `createTopic`. */
export interface TopicOptions<T> {
  /** How many of the last events are kept for clients that resume. Default: 1,024. */
  readonly replay?: number | undefined;
  /** How many events a subscriber may be behind, if that is more than `replay`. Default: 256. */
  readonly queue?: number | undefined;
  /**
   * How many bytes the kept events may hold, as messages in the binary format and as encoded for streams. The oldest are
   * dropped first; the last event is always kept. Default: 64 MiB.
   */
  readonly maxBytes?: number | undefined;
  /** Returns the id of an event. Default: its `event_id` field, or a number with a random prefix. If the message has such a field, the id must be a value of its type. */
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
 * A feed of events for any number of streams. Each event is encoded once for all of them. The subscribers share the last
 * events, and each takes them as its client reads. A subscriber never skips an event: if its next event is no longer
 * kept, it ends with code 11.
 *
 * ```ts
 * const trades = createTopic(TradeSchema, { replay: 10_000 });
 * createMarketService({ watchTrades: (_request, { signal, lastEventId }) => trades.subscribe({ signal, after: lastEventId }) });
 * trades.publish({ sequence: 1n, symbol: "AAPL" });
 * ```
 */
export interface Topic<T extends Message> {
  /** Sends an event to all subscribers. Do not change the message afterwards. Throws if the value is not the message, has no event set in its oneof, has an id that is not a value of the `event_id` field, or has no JSON, and after `close`. */
  publish(message: Init<T>): void;
  /** The events from now on, or after an earlier one. Throws a `StatusError` with code 11 if that event is no longer kept. */
  subscribe(options?: SubscribeOptions): AsyncIterableIterator<Tracked<T>>;
  /** Ends all subscriptions after they have received the published events. They reject with the error, if one is given: a `StatusError` reaches the clients as it is. Only the first call counts. */
  close(error?: unknown): void;
}

/** Creates a topic of the messages of a schema. Throws a `TypeError` for an option with a wrong value. */
export function createTopic<T extends Message>(schema: GenMessage<T>, options: TopicOptions<T> = {}): Topic<T> {
  return new EventTopic(schema, options);
}

class EventTopic<T extends Message> implements Topic<T> {
  readonly #schema: DescMessage;
  readonly #ring: EventRing<T>;
  readonly #idOf: (message: T) => string | undefined;
  readonly #prefix: string = Math.random().toString(36).slice(2);
  readonly #idField: DescField | undefined;

  constructor(schema: GenMessage<T>, { replay = 1024, queue = 256, maxBytes = defaultMaxBytes, id }: TopicOptions<T>) {
    checkNumber("option replay", replay, 0, "events");
    checkNumber("option queue", queue, 0, "events");
    checkNumber("option maxBytes", maxBytes, 0, "bytes");
    this.#schema = schema;
    this.#ring = new EventRing(Math.floor(Math.max(replay, queue, 1)), maxBytes);
    this.#idField = findIdField(schema);
    this.#idOf = id ?? (this.#idField ? createIdReader(this.#idField) : () => undefined);
  }

  publish(init: Init<T>): void {
    checkIsOpen(this.#ring.isClosed);
    const { message, data } = toEvent<T>(this.#schema, init);
    const ring = this.#ring;
    const number = ring.end;
    const id = checkIdOfField(this.#idField, this.#idOf(message) ?? `${this.#prefix}-${number}`);
    ring.push(
      new SharedEvent(
        id,
        () => message,
        (bytes) => ring.hold(number, bytes),
      ),
      data.byteLength,
    );
    ring.wake();
  }

  subscribe({ signal, after }: SubscribeOptions = {}): AsyncIterableIterator<Tracked<T>> {
    const number = after === undefined ? this.#ring.end : this.#ring.after(after);
    if (number === undefined) {
      throw new StatusError(Code.OutOfRange, `the events after ${JSON.stringify(after)} are not kept: start over`);
    }
    return new Subscription(new RingPlace(this.#ring, number), signal);
  }

  close(error?: unknown): void {
    this.#ring.close(error);
  }
}

/** The place of a subscriber of a topic without a log: what the ring drops is gone. */
class RingPlace<T> implements Place<T> {
  readonly ring: EventRing<T>;
  #number: number;

  constructor(ring: EventRing<T>, number: number) {
    this.ring = ring;
    this.#number = number;
  }

  get isAtEnd(): boolean {
    return this.ring.isClosed;
  }

  take(): Tracked<T> | undefined {
    const { ring } = this;
    const event = ring.at(this.#number);
    if (event) {
      this.#number++;
    } else if (this.#number < ring.start) {
      throw new StatusError(
        Code.OutOfRange,
        `the client is ${ring.end - this.#number} events behind, and ${ring.end - ring.start} are kept: start over`,
      );
    }
    return event;
  }
}

/** Throws an `Error` after `close` of a topic. */
export function checkIsOpen(isClosed: boolean): void {
  if (isClosed) {
    throw new Error("topic is closed: publish to an open one");
  }
}

/** The message that is published, and its binary form. Throws for what is not the message, for a oneof of events that is not set, and for what has no JSON. */
export function toEvent<T extends Message>(
  schema: DescMessage,
  init: Init<T>,
): { readonly message: T; readonly data: Uint8Array } {
  const message = toMessage(schema, init) as T; // the schema's own type
  checkEventIsSet(schema, message);
  const data = toBinary(schema, message);
  if (canLackJson(schema)) {
    encodeJson(schema, message);
  }
  return { message, data };
}

const lackingJson: WeakMap<DescMessage, boolean> = new WeakMap();

/**
 * Whether a message that is valid in the binary format may have no JSON: a `Timestamp` after the year 9999, a `Value`
 * without a kind. Types with an `Any` are left out, as its JSON needs the registry of the server.
 */
function canLackJson(schema: DescMessage): boolean {
  const known = lackingJson.get(schema);
  if (known !== undefined) {
    return known;
  }
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
  const canLack = !hasAny && [...types].some(hasOwnJson);
  lackingJson.set(schema, canLack);
  return canLack;
}
