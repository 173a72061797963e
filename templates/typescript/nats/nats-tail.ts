import { Code, CursorError, type Entry, StatusError, type TailListener } from "../server.js";
import type { NatsConsumer, NatsMessage, NatsMessages } from "./nats-client.js";
import type { NatsPlace } from "./nats-cursor.js";

/** What a tail needs from its log. */
export interface NatsTailOptions {
  /** Where the tail begins. */
  readonly after: NatsPlace;
  readonly listener: TailListener;
  /** Creates a consumer of the topic that begins after a sequence. */
  readonly consume: (after: number) => Promise<NatsConsumer>;
  /** Rejects with a `CursorError` if entries after a place, and newer than a time, may be gone. */
  readonly check: (place: NatsPlace, time: number) => Promise<unknown>;
  readonly toEntry: (message: NatsMessage) => Entry;
  /** A message may be trimmed after this number of newer messages of its topic. */
  readonly keeps: () => number;
}

/** How many messages a consumer requests at once. */
export const pageSize = 500;
/** How often a consumer without messages sends a heartbeat, and after which silence it is replaced. */
const heartbeatMs = 2000;
const silenceMs = 5000;
const maxRetryMs = 1000;
/** After this time without a message, the next message is checked if more are pending: entries may have been trimmed. */
const lateMs = 10_000;

/** Notifications after which a consumer continues. */
const harmless = new Set(["next", "flow_control", "debug", "discard"]);

/**
 * Follows one topic with an ordered consumer. When the consumer is lost, the tail creates another one after the last entry, and
 * checks that no later entry is gone. The sequences of a topic have gaps, since all topics share them. So the tail
 * also checks when the limits of the stream may have trimmed entries before they were delivered.
 */
export class NatsTail {
  readonly #options: NatsTailOptions;
  /** The place of the last entry that the listener received. */
  #last: NatsPlace;
  #received: NatsMessage[] = [];
  #messages: NatsMessages | undefined;
  #isChecking = false;
  #isOver = false;
  /** All entries before this time were delivered. */
  #aliveAt: number = Date.now();
  #error: unknown;
  /** When something last came from the consumer, by the monotonic clock. */
  #heardAt = 0;

  constructor(options: NatsTailOptions) {
    this.#options = options;
    this.#last = options.after;
  }

  stop(): void {
    this.#isOver = true;
    this.#messages?.stop();
  }

  fail(error: unknown): void {
    if (!this.#isOver) {
      this.stop();
      this.#options.listener.failed(error);
    }
  }

  /** Runs until the tail is stopped or has failed. */
  async run(): Promise<void> {
    for (let retryMs = 20; !this.#isOver; retryMs = Math.min(maxRetryMs, retryMs * 1.5)) {
      const { seq } = this.#last;
      try {
        await this.#follow();
      } catch (error) {
        if (error instanceof CursorError) {
          this.fail(error.reason === "trimmed" ? new CursorError(error.cursor, "behind") : error);
        } else if ((error as Error).name === "ClosedConnectionError") {
          this.fail(new StatusError(Code.Unavailable, "the connection to NATS is closed", { cause: error }));
        }
      }
      if (!this.#isOver) {
        retryMs = this.#last.seq > seq ? 20 : retryMs;
        await new Promise<void>((resolve) => {
          setTimeout(resolve, retryMs * (0.5 + Math.random() / 2));
        });
      }
    }
  }

  /** Follows until the consumer is lost. */
  async #follow(): Promise<void> {
    const consumer = await this.#options.consume(this.#last.seq);
    this.#received = [];
    this.#isChecking = true;
    this.#error = undefined;
    const messages = await consumer.consume({
      max_messages: pageSize,
      idle_heartbeat: heartbeatMs,
      abort_on_missing_resource: true,
      callback: (message) => this.#receive(message),
    });
    this.#messages = messages;
    this.#heardAt = performance.now();
    // After a lost connection the library may wait for half a minute before it asks for messages again.
    const watchdog = setInterval(() => performance.now() - this.#heardAt > silenceMs && messages.stop(), silenceMs / 5);
    try {
      // The tail may have been stopped before there were messages to stop.
      if (this.#isOver) {
        return;
      }
      void this.#watch(messages);
      // The consumer delivers every entry that is there now.
      await this.#options.check(this.#last, this.#aliveAt);
      this.#isChecking = false;
      void this.#deliver();
      await messages.closed();
      this.#aliveAt = Math.max(this.#aliveAt, Date.now() - 2 * silenceMs);
    } finally {
      clearInterval(watchdog);
      messages.stop();
      consumer.delete().catch(() => {});
    }
    if (this.#error !== undefined) {
      throw this.#error;
    }
  }

  async #watch(messages: NatsMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (type === "heartbeat") {
        this.#heardAt = performance.now();
      } else if (!harmless.has(type)) {
        messages.stop();
      }
    }
  }

  #receive(message: NatsMessage): void {
    this.#heardAt = performance.now();
    this.#received.push(message);
    // Messages of one read of the socket are delivered together.
    if (this.#received.length === 1 && !this.#isChecking) {
      queueMicrotask(() => void this.#deliver());
    }
  }

  async #deliver(): Promise<void> {
    const messages = this.#messages;
    try {
      while (this.#received.length > 0 && !this.#isChecking && !this.#isOver) {
        const received = this.#received;
        if (this.#mayMiss(received)) {
          this.#isChecking = true;
          await this.#options.check(this.#last, this.#aliveAt);
          this.#isChecking = false;
          if (this.#received !== received) {
            return; // another consumer is there by now
          }
        }
        this.#received = [];
        this.#aliveAt = Date.now();
        const entries = received.map((message) => this.#options.toEntry(message));
        const last = received.length - 1;
        this.#last = { cursor: entries[last]?.cursor ?? "", seq: received[last]?.seq ?? 0 };
        this.#options.listener.entries(entries);
      }
    } catch (error) {
      this.#error = error;
      messages?.stop();
    }
  }

  #mayMiss(messages: readonly NatsMessage[]): boolean {
    const isLate = Date.now() - this.#aliveAt > lateMs && (messages[0]?.info.pending ?? 0) > 0;
    const keeps = this.#options.keeps();
    let { seq } = this.#last;
    return (
      isLate ||
      messages.some((message) => {
        const newer = message.seq - seq + message.info.pending;
        seq = message.seq;
        return newer >= keeps;
      })
    );
  }
}
