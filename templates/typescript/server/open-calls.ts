import { startTimer, stopTimer } from "../shared/timer.js";
import type { CancelReason } from "./cancelled-error.js";

/** A call that runs. */
export interface OpenCall {
  /** Whether its client goes on elsewhere without a loss when it is cut. */
  readonly resumable: boolean;
  cancel(reason: CancelReason): void;
}

/** How much longer than its grace a drain waits for handlers that it had to cancel. */
const lastMs = 1000;

/** The calls that run, and their end. */
export class OpenCalls {
  readonly #calls: Set<OpenCall> = new Set();
  #draining = false;
  #onIdle: (() => void) | undefined;

  get draining(): boolean {
    return this.#draining;
  }

  add(call: OpenCall): void {
    this.#calls.add(call);
  }

  /** To be called when the handler of a call has ended. */
  remove(call: OpenCall): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) {
      this.#onIdle?.();
    }
  }

  /** Ends all calls: resumable streams at once, the others when `graceMs` have passed. Resolves when their handlers have ended, a second after the grace at the latest. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const call of this.#calls) {
      if (call.resumable) call.cancel("shutdown");
    }
    await this.#idle(graceMs);
    for (const call of this.#calls) {
      call.cancel("shutdown");
    }
    await this.#idle(lastMs);
  }

  #idle(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#calls.size === 0) {
        resolve();
        return;
      }
      const timer = startTimer(ms, resolve);
      const previous = this.#onIdle;
      this.#onIdle = () => {
        stopTimer(timer);
        previous?.();
        resolve();
      };
    });
  }
}
