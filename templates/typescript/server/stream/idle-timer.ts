import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";

/**
 * A timer that runs out `ms` after the last `touch`. Touching only notes the time, and the one
 * timeout looks when it fires: `clearTimeout` and `setTimeout` for every event would cost as much
 * as writing it.
 */
export class IdleTimer {
  readonly #ms: number;
  readonly #onIdle: () => void;
  #touched = 0;
  #timeout: Timer | undefined;

  constructor(ms: number, onIdle: () => void) {
    this.#ms = ms;
    this.#onIdle = onIdle;
  }

  /** Starts the timer, or counts from now on when it runs. */
  touch(): void {
    this.#touched = performance.now();
    this.#timeout ??= startTimer(this.#ms, this.#look);
  }

  stop(): void {
    stopTimer(this.#timeout);
    this.#timeout = undefined;
  }

  readonly #look = (): void => {
    const left = this.#touched + this.#ms - performance.now();
    if (left > 0) {
      this.#timeout = startTimer(left, this.#look);
    } else {
      this.#timeout = undefined;
      this.#onIdle();
    }
  };
}
