import type { AppendOptions, Cursor, Entry, EventLog, TailListener } from "../server.js";

/** An event log that counts its calls, and whose calls a test can delay or make fail. */
export class WatchedLog implements EventLog {
  readonly calls: Record<"append" | "read" | "tip" | "tail", number> = { append: 0, read: 0, tip: 0, tail: 0 };
  /** The tails that run. */
  readonly tails: Set<TailListener> = new Set();
  /** Runs before each call; what it rejects with is what the call rejects with. */
  before: (call: keyof WatchedLog["calls"]) => unknown = () => {};
  /** Holds back what tails get, until `release`. */
  isHeld = false;
  #held: (() => void)[] = [];
  readonly #log: EventLog;

  constructor(log: EventLog) {
    this.#log = log;
  }

  async append(topic: string, data: Uint8Array, options?: AppendOptions): Promise<Cursor> {
    await this.#enter("append");
    return this.#log.append(topic, data, options);
  }

  async read(topic: string, after: Cursor, limit: number): Promise<Entry[]> {
    await this.#enter("read");
    return this.#log.read(topic, after, limit);
  }

  async tip(topic: string): Promise<Cursor> {
    await this.#enter("tip");
    return this.#log.tip(topic);
  }

  async tail(topic: string, after: Cursor, listener: TailListener): Promise<() => void> {
    await this.#enter("tail");
    const deliver = (what: () => void) => {
      if (this.isHeld) {
        this.#held.push(what);
      } else {
        what();
      }
    };
    const stop = await this.#log.tail(topic, after, {
      entries: (entries) => deliver(() => listener.entries(entries)),
      failed: (error) => deliver(() => listener.failed(error)),
    });
    this.tails.add(listener);
    return () => {
      this.tails.delete(listener);
      stop();
    };
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  release(): void {
    this.isHeld = false;
    for (const what of this.#held.splice(0)) {
      what();
    }
  }

  async #enter(call: keyof WatchedLog["calls"]): Promise<void> {
    this.calls[call]++;
    await this.before(call);
  }
}
