import { startTimer, stopTimer } from "../../shared/timer.js";

/** Waits, one at a time, that can be interrupted. No wait leaves a timer behind. */
export interface Waiter {
  /**
   * Calls `work` and settles as its promise does. Rejects with what `late` returns when `ms` pass before that, and
   * with `interrupted` when it is interrupted, also by `work` itself. Whatever `work` does later is ignored.
   */
  wait<V>(work: () => Promise<V>, ms?: number, late?: () => unknown): Promise<V>;
  /** Resolves after `ms`. Rejects with `interrupted` when it is interrupted. */
  sleep(ms: number): Promise<void>;
  interrupt(): void;
}

/** For a promise whose rejection somebody else sees. */
export const ignore = (): void => {};

/** What an interrupted wait rejects with. */
export const interrupted: unique symbol = Symbol("interrupted");

/**
 * Throws the reason of an aborted signal: asked after code of the user ran, since it may end the call that it runs in.
 * React Native's signals lack the method of this name.
 */
export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted) {
    throw signal.reason;
  }
}

/** A promise to race against, or `AbortSignal.any`, would keep all that it was ever raced with; this keeps nothing. */
export function createWaiter(): Waiter {
  let interrupt = (): void => {};

  function start(ms: number | undefined, reject: (reason: unknown) => void, expired: () => void): () => void {
    const timer = startTimer(ms, expired);
    const stop = (): void => stopTimer(timer);
    interrupt = () => {
      stop();
      reject(interrupted);
    };
    return stop;
  }

  return {
    wait: (work, ms, late) =>
      new Promise((resolve, reject) => {
        const stop = start(ms, reject, () => reject(late?.()));
        // Called last, since it may interrupt.
        work().then(resolve, reject).then(stop);
      }),
    sleep: (ms) =>
      new Promise((resolve, reject) => {
        start(ms, reject, resolve);
      }),
    interrupt: () => interrupt(),
  };
}
