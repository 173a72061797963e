import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";
import type { Tracked } from "../stream/event-id.js";
import { type Cursor, CursorError } from "./event-log.js";
import type { EventRing } from "./event-ring.js";
import { isStatusError, type LogTail, retryDelay, toLogError, within } from "./log-tail.js";
import type { SharedEvent } from "./shared-event.js";
import { type Place, Subscription } from "./subscription.js";
import type { SubscribeOptions } from "./topic.js";

/** How long a subscriber waits for a log that refuses every call. After that its stream ends, and the client reconnects to any node. */
const maxFailingMs = 60_000;

/**
 * The events of one subscriber of a log. When a handler returns it as it is, the opening comment of the stream tells the client
 * its cursor, so that a client which is cut before its first event resumes without a loss.
 */
export class LogSubscription<T> extends Subscription<T> {
  /** The cursor after which the subscription begins. Rejects with what the first `next()` rejects with; need not be handled. */
  readonly cursor: Promise<Cursor>;

  constructor(tail: LogTail<T>, { signal, after }: SubscribeOptions, onLeave: () => void) {
    const place = new LogPlace(tail, after, onLeave);
    super(place, signal);
    this.cursor = place.opened;
  }
}

/** The place of one subscriber of a log: its cursor, which is in the ring, or else in the log. */
class LogPlace<T> implements Place<T> {
  readonly ring: EventRing<T>;
  /** Resolves with the cursor where the subscription begins, once the log has confirmed it. */
  readonly opened: Promise<Cursor>;
  readonly #tail: LogTail<T>;
  readonly #onLeave: () => void;
  #state: "opening" | "ready" | "reading" | "over" = "opening";
  #cursor: Cursor = "";
  /** The number of the next event in the ring; less than the ring's first one when the cursor is not in the ring. */
  #number = -1;
  /** The rest of a page of the log, the next event last. */
  #page: SharedEvent<T>[] = [];
  #failure: { readonly error: unknown } | undefined;
  /** How many pages in a row failed or were empty. */
  #idlePages = 0;
  /** When the first of the pages that fail did, in milliseconds. */
  #failingSince: number | undefined;
  /** Whether the last page was empty, and there will be no more. */
  #isDrained = false;
  #pause: Timer | undefined;
  #wake: () => void = () => {};

  constructor(tail: LogTail<T>, after: Cursor | undefined, onLeave: () => void) {
    this.ring = tail.ring;
    this.#tail = tail;
    this.#onLeave = onLeave;
    this.opened = this.#open(after);
    this.opened.then(
      () => this.#settle(),
      (error) => this.#fail(error),
    );
  }

  get isAtEnd(): boolean {
    return this.ring.isClosed && (this.#state === "opening" || this.#number >= this.ring.start || this.#isDrained);
  }

  take(wake: () => void): Tracked<T> | undefined {
    const event = this.ring.at(this.#number) ?? this.#find(wake);
    if (event) {
      this.#number++;
      this.#cursor = event.id;
    }
    return event;
  }

  /** The next event, if it is not at the number where it was expected. */
  #find(wake: () => void): Tracked<T> | undefined {
    this.#wake = wake;
    if (this.#failure) {
      throw this.#failure.error;
    }
    this.#tail.check();
    if (this.#state === "opening" || this.#state === "over") {
      return undefined;
    }
    if (this.#number < this.ring.start) {
      // Since the last event, the ring may have dropped events or been reset: look the cursor up again.
      this.#number = this.ring.after(this.#cursor) ?? -1;
    }
    if (this.#number >= 0) {
      this.#page = [];
      return this.ring.at(this.#number);
    }
    const event = this.#page.pop();
    // One less than no number, as `take` counts on.
    this.#number = -2;
    if (!event && this.#state === "ready" && !this.#isDrained) {
      this.#state = "reading";
      void this.#read(this.#cursor);
    }
    return event;
  }

  leave(): void {
    if (this.#state !== "over") {
      this.#state = "over";
      this.#page = [];
      stopTimer(this.#pause);
      this.#onLeave();
    }
  }

  async #open(after: Cursor | undefined): Promise<Cursor> {
    const tail = this.#tail;
    // Events that this node has already received are the past, and so is everything before the tail began.
    const now = tail.isBegun ? tail.tip : undefined;
    if (after !== undefined && !/^[!-~]{1,64}$/.test(after)) {
      throw this.#onGap(new CursorError(after, "unknown"));
    }
    try {
      await tail.begun();
      this.#cursor = after ?? now ?? tail.beginning;
      if (after !== undefined && this.ring.after(after) === undefined) {
        this.#page = [...(await within(tail.read(after)))].reverse();
      }
    } catch (cause) {
      const error = toLogError(cause);
      throw error instanceof CursorError ? this.#onGap(error) : error;
    }
    return this.#cursor;
  }

  /** Reads the page that follows. */
  async #read(after: Cursor): Promise<void> {
    try {
      const events = await this.#tail.read(after);
      this.#failingSince = undefined;
      if (events.length > 0) {
        this.#idlePages = 0;
        // The ring may have been faster.
        this.#page = this.#cursor === after ? [...events].reverse() : [];
        this.#settle();
      } else {
        // The tail is behind the log. `take` does not wait for this page once the ring has the cursor.
        this.#isDrained = this.ring.isClosed;
        this.#settleAfter(retryDelay(this.#idlePages++ / 2) / 4);
      }
    } catch (cause) {
      const error = toLogError(cause);
      const now = performance.now();
      this.#failingSince ??= now;
      if (error instanceof CursorError) {
        // The entry was there when the subscription began or when the event was taken.
        this.#fail(this.#onGap(error.reason === "trimmed" ? new CursorError(after, "behind", { cause }) : error));
      } else if (isStatusError(cause) || now - this.#failingSince > maxFailingMs) {
        this.#fail(error);
      } else {
        this.#settleAfter(retryDelay(this.#idlePages++));
      }
    }
  }

  #settleAfter(ms: number): void {
    if (this.#state === "reading") {
      this.#pause = startTimer(ms, () => this.#settle());
    }
  }

  #settle(): void {
    if (this.#state !== "over") {
      this.#state = "ready";
      this.#wake();
    }
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  #onGap(error: CursorError): CursorError {
    this.#tail.onGap(error);
    return error;
  }
}
