import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";

/** Waits for one promise at a time. A wait can be ended from outside, and leaves no timer behind. */
export interface Waiter {
  /**
   * Calls `work` and settles as its promise does. If `ms` pass before that, it rejects with what `late` returns.
   * After `fail` or `interrupt`, also if `work` itself calls them, the outcome of `work` is ignored.
   */
  wait<V>(work: () => PromiseLike<V>, ms?: number, late?: () => unknown): Promise<V>;
  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void>;
  /** Rejects the current wait with a reason. */
  fail(reason: unknown): void;
  /** Rejects the current wait with `interrupted`. */
  interrupt(): void;
}

/** Handles the rejection of a promise that is reported elsewhere. */
export const ignore = (): void => {};

/** The reason of an interrupted wait. */
export const interrupted: unique symbol = Symbol("interrupted");

/**
 * Throws the reason of an aborted signal. Called after code of the user ran, since that code may end its own call.
 * Signals of React Native lack the method of this name.
 */
export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted) {
    throw signal.reason;
  }
}

/** `Promise.race` and `AbortSignal.any` keep a reference to every promise and signal passed to them. This keeps none. */
export function createWaiter(): Waiter {
  let timer: Timer | undefined;
  let reject: (reason: unknown) => void = ignore;

  function fail(reason: unknown): void {
    stopTimer(timer);
    reject(reason);
  }

  return {
    fail,
    wait: (work, ms, late) =>
      new Promise((resolve, rejectWait) => {
        reject = rejectWait;
        const own = startTimer(ms, () => rejectWait(late?.()));
        timer = own;
        // Called last, since it may interrupt.
        const done = work().then(resolve, rejectWait);
        // Most reads of a stream have no timer: they save a promise.
        if (own !== undefined) {
          done.then(() => stopTimer(own));
        }
      }),
    sleep: (ms) =>
      new Promise((resolve, rejectWait) => {
        reject = rejectWait;
        timer = startTimer(ms, resolve);
      }),
    interrupt: () => fail(interrupted),
  };
}

/** A promise that is settled from outside. Its rejection may stay unhandled. */
export interface Deferred<V> {
  readonly promise: Promise<V>;
  resolve(value: V): void;
  reject(reason: unknown): void;
}

/** `Promise.withResolvers`, for runtimes without it. */
export function createDeferred<V>(): Deferred<V> {
  let resolve: (value: V) => void = ignore;
  let reject: (reason: unknown) => void = ignore;
  const promise = new Promise<V>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  promise.catch(ignore);
  return { promise, resolve, reject };
}
