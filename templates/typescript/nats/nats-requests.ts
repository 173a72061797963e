import { Code, StatusError } from "../server.js";

/** How long an answer may take. */
export const answerMs = 5000;
/** After what time without an answer a request is sent again. */
const againMs = 1000;

/** A request that waits for an answer. */
interface Waiting {
  readonly reject: (error: Error) => void;
  readonly send: () => void;
  /** When it is sent again. */
  sendAt: number;
}

/** Requests to NATS. They wait until the log is closed at the longest. */
export class NatsRequests {
  readonly #waiting: Set<Waiting> = new Set();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** After a request without an answer, only one is sent at a time: the client queues requests without a limit. */
  #isLost = false;
  #isTrying = false;
  #isClosed = false;

  /** Rejects all requests: the pending ones and all that follow. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting) {
      reject(closedError());
    }
    this.#waiting.clear();
  }

  /**
   * Sends a request, and sends it again after each second without an answer, since a request is lost if the connection breaks.
   * A repeated request has no second effect: messages have ids.
   */
  send<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosed) {
      return Promise.reject(closedError());
    }
    if (this.#isLost && this.#isTrying) {
      return Promise.reject(new Error("NATS does not answer: the request was not sent"));
    }
    this.#isTrying = this.#isLost;
    return new Promise((resolve, reject) => {
      const send = () => {
        wait.sendAt = performance.now() + againMs;
        call().then(
          (answer) => {
            this.#settle(wait, false);
            resolve(answer);
          },
          (error) => {
            this.#settle(wait, this.#isLost || error.name === "TimeoutError");
            reject(error);
          },
        );
      };
      const wait: Waiting = { reject, send, sendAt: 0 };
      this.#waiting.add(wait);
      this.#timer ??= setInterval(() => this.#sendAgain(), againMs / 4);
      send();
    });
  }

  #settle(wait: Waiting, isLost: boolean): void {
    // The answer to another attempt may have come before.
    if (this.#waiting.delete(wait)) {
      this.#isLost = isLost;
      this.#isTrying = false;
    }
  }

  #sendAgain(): void {
    if (this.#waiting.size === 0 && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const now = performance.now();
    for (const wait of this.#waiting) {
      if (wait.sendAt <= now) {
        wait.send();
      }
    }
  }
}

export function closedError(): StatusError {
  return new StatusError(Code.Unavailable, "the event log is closed");
}
