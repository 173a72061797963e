/** The longest time that setTimeout accepts, 24.8 days. For more, it fires at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** A running timer. */
export type Timer = ReturnType<typeof setTimeout>;

/** Starts a timer. For undefined, and for a time above `maxTimerMs` such as `Infinity`, there is no limit and no timer. */
export function startTimer(ms: number | undefined, expired: () => void): Timer | undefined {
  return ms !== undefined && ms <= maxTimerMs ? setTimeout(expired, ms) : undefined;
}

/** Stops a timer, if there is one. */
export function stopTimer(timer: Timer | undefined): void {
  // The types of Workers do not let `clearTimeout` take undefined.
  if (timer !== undefined) {
    clearTimeout(timer);
  }
}

/**
 * A timer that fires `ms` after the last `touch`. `touch` only notes the time, and the timeout checks it when it fires:
 * a `clearTimeout` and a `setTimeout` for each event would cost as much as the event.
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

  /** Starts the timer, or restarts it. */
  touch(): void {
    this.#touched = performance.now();
    this.#timeout ??= startTimer(this.#ms, this.#check);
  }

  stop(): void {
    stopTimer(this.#timeout);
    this.#timeout = undefined;
  }

  readonly #check = (): void => {
    const left = this.#touched + this.#ms - performance.now();
    this.#timeout = undefined;
    if (left > 0) {
      this.#timeout = startTimer(left, this.#check);
    } else {
      this.#onIdle();
    }
  };
}
