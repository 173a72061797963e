import { startTimer, stopTimer } from "../shared/timer.js";

/** Waits, one at a time, that can be cut short. */
export interface Waiter {
  /**
   * Settles as `work` does, unless `ms` pass before that, then it rejects with what `late` returns, or it is
   * interrupted, then it rejects with undefined. Whatever `work` does later is ignored. No timer is left.
   */
  wait<V>(work: Promise<V>, ms?: number, late?: () => unknown): Promise<V>;
  interrupt(): void;
}

/** A promise to race against, or `AbortSignal.any`, would keep all that it was ever raced with; this keeps nothing. */
export function createWaiter(): Waiter {
  let interrupt = (): void => {};
  return {
    wait: (work, ms, late) =>
      new Promise((resolve, reject) => {
        const timer = startTimer(ms, () => reject(late?.()));
        interrupt = () => {
          stopTimer(timer);
          reject();
        };
        work.then(resolve, reject).then(() => stopTimer(timer));
      }),
    interrupt: () => interrupt(),
  };
}
