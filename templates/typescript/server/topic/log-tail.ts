import { Code } from "../../shared/code.js";
import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";
import { StatusError } from "../errors/status-error.js";
import { type Cursor, CursorError, type Entry, type EventLog, type GapReason, type TailListener } from "./event-log.js";
import { EventRing } from "./event-ring.js";
import type { SharedEvent } from "./shared-event.js";

/** The argument of the hook `onTail`. */
export interface TailInfo {
  /** Milliseconds since the log took the newest of these entries, by the clocks of both. Undefined if the log does not keep the time. */
  readonly lag: number | undefined;
  /** The number of entries that arrived together. */
  readonly entries: number;
}

/** Options that observe the tail of a topic. */
export interface TailHooks {
  /** Called when this node receives new entries of a topic. Hooks run synchronously. Errors that they throw are ignored. */
  readonly onTail?: ((topic: string, info: TailInfo) => void) | undefined;
  /**
   * Called when a subscriber cannot continue after a cursor and ends with code 11, and when this node itself missed entries. The
   * reason shows whether retention is too short (`trimmed`, `behind`) or the log has lost events (`future`, `unknown`).
   */
  readonly onGap?: ((topic: string, cursor: Cursor, reason: GapReason) => void) | undefined;
}

/** How many entries of a topic a node holds. */
const ringSize = 1024;
/** How many entries a subscriber that is behind reads at once. */
const pageSize = 256;
/** How long a subscription, or a publication that follows it, waits for the log. */
const answerMs = 5_000;

/**
 * What a node holds of a topic that it follows: a ring of the last entries, and the tail that fills it. A subscriber that is further
 * behind than the ring reads pages of the log. A tail that fails starts again at the end of the log with an empty ring. Each
 * subscriber then continues after its own cursor, and finds out whether entries are missing.
 */
export class LogTail<T> {
  readonly ring: EventRing<T>;
  readonly #log: EventLog;
  readonly #name: string;
  readonly #toEvent: (entry: Entry, onEncode: (bytes: number) => void) => SharedEvent<T>;
  readonly #hooks: TailHooks;
  /** Pending reads: subscribers at the same cursor share one. */
  readonly #pages: Map<Cursor, Promise<readonly SharedEvent<T>[]>> = new Map();
  readonly #begun: Promise<void>;
  #onBegun: () => void = () => {};
  #isBegun = false;
  /** The cursors where the running tail began, and of the last entry that it received. */
  #beginning: Cursor = "";
  #tip: Cursor = "";
  /** The listener of the running tail. Calls of older ones are ignored. */
  #listener: TailListener | undefined;
  #stopTail: () => void = () => {};
  #retry: Timer | undefined;
  /** How often the tail has failed since it last received entries. */
  #failures = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    log: EventLog,
    { name, maxBytes, ...hooks }: TailHooks & { readonly name: string; readonly maxBytes: number },
    toEvent: (entry: Entry, onEncode: (bytes: number) => void) => SharedEvent<T>,
  ) {
    this.#log = log;
    this.#name = name;
    this.#hooks = hooks;
    this.#toEvent = toEvent;
    this.ring = new EventRing(ringSize, maxBytes);
    this.#begun = new Promise((resolve) => {
      this.#onBegun = resolve;
    });
    void this.#begin();
  }

  /** Whether the tail runs, or has run and is starting again. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Whether an error of the log has ended all subscriptions. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** The cursor where the running tail began. */
  get beginning(): Cursor {
    return this.#beginning;
  }

  /** The cursor of the last entry that this node has received. */
  get tip(): Cursor {
    return this.#tip;
  }

  /** Waits until the tail runs. Rejects with what ends all subscriptions, or with code 14 after 5 seconds. */
  async begun(): Promise<void> {
    await within(this.#begun);
    this.check();
  }

  /** Throws what ends all subscriptions. */
  check(): void {
    if (this.#failure) {
      throw this.#failure.error;
    }
  }

  /** Reads a page of the log. */
  read(after: Cursor): Promise<readonly SharedEvent<T>[]> {
    let page = this.#pages.get(after);
    if (page === undefined) {
      page = this.#read(after).finally(() => this.#pages.delete(after));
      this.#pages.set(after, page);
    }
    return page;
  }

  /** Calls the hook for a gap. */
  onGap({ cursor, reason }: CursorError): void {
    run(() => this.#hooks.onGap?.(this.#name, cursor, reason));
  }

  /** Stops following the log. Subscriptions end after they have returned the events of the ring: with the error, if there is one. */
  close(error?: unknown): void {
    this.#end();
    this.ring.close(error);
  }

  async #begin(): Promise<void> {
    const listener: TailListener = {
      entries: (entries) => this.#listener === listener && this.#push(entries),
      failed: (error) => this.#listener === listener && this.#onFailed(error),
    };
    this.#listener = listener;
    try {
      const tip = await this.#log.tip(this.#name);
      if (this.#listener !== listener) {
        return;
      }
      this.#beginning = this.#tip = tip;
      this.ring.reset(tip);
      const stop = await this.#log.tail(this.#name, tip, listener);
      if (this.#listener === listener) {
        this.#stopTail = stop;
        this.#isBegun = true;
        this.#onBegun();
      } else {
        stop();
      }
    } catch (error) {
      if (this.#listener === listener) {
        this.#onFailed(error);
      }
    }
  }

  #onFailed(error: unknown): void {
    this.#end();
    const known = toLogError(error);
    const isGap = known instanceof CursorError;
    if (isGap) {
      this.onGap(new CursorError(this.#tip, known.reason));
    } else if (isStatusError(error)) {
      this.#failure = { error: known };
      this.#onBegun();
      this.ring.wake();
      return;
    }
    // After a gap, subscribers learn of it at once. A tail that finds one gap after the other must not keep the log busy.
    const isFirst = this.#failures === 0;
    this.#retry = startTimer(isGap && isFirst ? 0 : retryDelay(this.#failures), () => this.#begin());
    this.#failures++;
  }

  #push(entries: readonly Entry[]): void {
    this.#failures = 0;
    for (const entry of entries) {
      const number = this.ring.end;
      const event = this.#toEvent(entry, (bytes) => this.ring.hold(number, bytes));
      this.ring.push(event, entry.data.byteLength);
      this.#tip = entry.cursor;
    }
    this.ring.wake();
    const time = entries[entries.length - 1]?.time;
    // The clock of the log may be ahead of this one.
    const lag = time === undefined ? undefined : Math.max(0, Date.now() - time);
    run(() => this.#hooks.onTail?.(this.#name, { lag, entries: entries.length }));
  }

  async #read(after: Cursor): Promise<readonly SharedEvent<T>[]> {
    const entries = await this.#log.read(this.#name, after, pageSize);
    return entries.map((entry) => this.#toEvent(entry, () => {}));
  }

  #end(): void {
    this.#listener = undefined;
    stopTimer(this.#retry);
    this.#stopTail();
    this.#stopTail = () => {};
  }
}

/** Whether an error is a `StatusError`. The name decides, since an adapter may use another copy of the runtime. */
export function isStatusError(cause: unknown): cause is StatusError {
  return cause instanceof StatusError || (cause instanceof Error && /^(Status|Cursor)Error$/.test(cause.name));
}

/** The error for an error of a log: a `StatusError` of this copy of the runtime, or else one with code 14 and a message. */
export function toLogError(cause: unknown, message = "the event log is unavailable"): StatusError {
  if (cause instanceof StatusError) {
    return cause;
  }
  if (!isStatusError(cause)) {
    return new StatusError(Code.Unavailable, message, { cause });
  }
  const { cursor, reason, code } = cause as CursorError;
  return cause.name === "CursorError"
    ? new CursorError(cursor, reason, { cause })
    : new StatusError(code, cause.message, { cause });
}

/** Half to one and a half times as long, from 100 milliseconds to 2 seconds. */
export function retryDelay(failures: number): number {
  return Math.min(100 * 2 ** failures, 2000) * (0.5 + Math.random());
}

/** Rejects with code 14 when a promise takes longer than 5 seconds. */
export function within<R>(promise: Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const late = new StatusError(Code.Unavailable, "the event log does not answer");
    const timer = startTimer(answerMs, () => reject(late));
    promise.then(resolve, reject).finally(() => stopTimer(timer));
  });
}

/** Calls a hook at once. An async one may reject as well as throw: neither is a reason to lose events. */
function run(hook: () => unknown): void {
  (async () => hook())().catch(() => {});
}
