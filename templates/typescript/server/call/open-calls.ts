import { startTimer, stopTimer } from "../../shared/timer.js";
import type { CancelReason } from "../errors/cancelled-error.js";

/** A call that is not over. */
export interface OpenCall {
  /** Whether its client can resume at another server without losing events. */
  readonly resumable: boolean;
  cancel(reason: CancelReason): void;
}

/** How long a drain waits for what it had to cancel, in milliseconds. */
const lastMs = 1000;

/** The calls of a server, and their end. */
export class OpenCalls {
  readonly #calls: Set<OpenCall> = new Set();
  /** Handlers that still run after their call has ended or was cancelled. */
  readonly #handlers: Set<Promise<unknown>> = new Set();
  readonly #waiting: Set<() => void> = new Set();
  #draining = false;

  get draining(): boolean {
    return this.#draining;
  }

  add(call: OpenCall): void {
    this.#calls.add(call);
  }

  remove(call: OpenCall): void {
    this.#calls.delete(call);
    this.#wake();
  }

  /** Makes a drain wait for a handler whose call is over, but not longer than `lastMs`. `ended` never rejects. */
  waitFor(ended: Promise<unknown>): void {
    this.#handlers.add(ended);
    ended.then(() => {
      this.#handlers.delete(ended);
      this.#wake();
    });
  }

  /** Ends all calls: resumable streams at once, the others when `graceMs` have passed. Resolves when none is left, a second after the grace at the latest. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#cancel(({ resumable }) => resumable);
    await this.#until(() => this.#calls.size === 0, graceMs);
    this.#cancel(() => true);
    await this.#until(() => this.#calls.size + this.#handlers.size === 0, lastMs);
    // The last reader took its chunk in this turn of the event loop. This lets it write the chunk to its connection.
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
  }

  #cancel(which: (call: OpenCall) => boolean): void {
    for (const call of [...this.#calls].filter(which)) {
      call.cancel("shutdown");
    }
  }

  #until(isDone: () => boolean, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        stopTimer(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (isDone()) {
          finish();
        }
      };
      const timer = startTimer(ms, finish);
      this.#waiting.add(look);
      look();
    });
  }

  #wake(): void {
    for (const look of this.#waiting) {
      look();
    }
  }
}
