import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";
import { type CancelledError, type CancelReason, onAbort } from "../errors/cancelled-error.js";

/**
 * A call that can be stopped, and that notices when its client disconnects. The signal is created at its first use,
 * because it costs more than the rest of a short call.
 */
export abstract class StoppableCall {
  readonly request: Request;
  /** Whether the request was made by an adapter for Node. Adapters extend `Request`, and make its signal at the first use. */
  readonly isOfAdapter: boolean;
  #controller: AbortController | undefined;
  #stopped: CancelledError | undefined;
  /** The rejections and timers of `sleep`. */
  #sleeping: Map<(error: CancelledError) => void, Timer | undefined> | undefined;
  #unwatch: (() => void) | undefined;
  #watchTimer: Timer | undefined;
  #isOver = false;

  constructor(request: Request) {
    this.request = request;
    this.isOfAdapter = request instanceof Request && Object.getPrototypeOf(request) !== Request.prototype;
  }

  abstract cancel(reason: CancelReason): void;

  /** The signal of the handler. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped) {
        this.#controller.abort(this.#stopped);
      } else {
        this.#watchRequest();
      }
    }
    return this.#controller.signal;
  }

  /** Why the call was stopped: the reason of its signal. */
  get stopped(): CancelledError | undefined {
    return this.#stopped;
  }

  throwIfStopped(): void {
    if (this.#stopped) {
      throw this.#stopped;
    }
  }

  /** Resolves after `ms` milliseconds. Rejects with the reason of the signal when the call is stopped. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) {
        reject(this.#stopped);
        return;
      }
      // A listener of the signal would also work, but the signal costs a kilobyte.
      this.#sleeping ??= new Map();
      const timer = startTimer(ms, () => {
        this.#sleeping?.delete(reject);
        resolve();
      });
      this.#sleeping.set(reject, timer);
    });
  }

  /** Aborts the signal, and rejects what sleeps. */
  protected abort(error: CancelledError): void {
    this.#stopped = error;
    this.#controller?.abort(error);
    for (const [reject, timer] of this.#sleeping ?? []) {
      stopTimer(timer);
      reject(error);
    }
    this.#sleeping = undefined;
  }

  /**
   * Listens for the end of the connection. For the request of an adapter it begins in a later turn, when most calls are
   * over.
   */
  protected watchRequestSoon(): void {
    if (this.isOfAdapter) {
      this.#watchTimer = startTimer(0, () => this.#watchRequest());
    } else {
      this.#watchRequest();
    }
  }

  protected unwatchRequest(): void {
    this.#isOver = true;
    stopTimer(this.#watchTimer);
    this.#unwatch?.();
  }

  #watchRequest(): void {
    if (this.#unwatch === undefined && !this.#isOver) {
      stopTimer(this.#watchTimer);
      this.#watchTimer = undefined;
      this.#unwatch = onAbort(this.request.signal, () => this.cancel("client"));
    }
  }
}
