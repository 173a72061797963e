import { Code, StatusError } from "../server.js";
import type { RedisAccess, RedisArgument } from "./redis-client.js";

/** How long an answer may take. */
export const answerMs = 5000;

/** A call that waits for an answer. */
interface Waiting {
  readonly reject: (error: Error) => void;
  /** By the monotonic clock: the time of the machine may be changed. */
  readonly deadline: number;
  isOverdue: boolean;
}

/** Commands to Redis. Each waits for at most 5 seconds, and until the log is closed. */
export class RedisCalls {
  readonly #access: RedisAccess;
  readonly #waiting: Set<Waiting> = new Set();
  #timer: ReturnType<typeof setInterval> | undefined;
  #hasAnswered = false;
  /** How many commands are late and still have no answer. */
  #overdue = 0;
  #isClosed = false;

  constructor(access: RedisAccess) {
    this.#access = access;
  }

  /** Rejects all calls: the pending ones and all that follow. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting) {
      reject(closedError());
    }
  }

  /** Sends a command. Rejects at once while Redis does not answer, as libraries queue commands then without a limit. */
  send(key: string, command: string, args: readonly RedisArgument[]): Promise<unknown> {
    if (this.#isClosed) {
      return Promise.reject(closedError());
    }
    if (this.#overdue > 0 || (this.#hasAnswered && !this.#access.isReady())) {
      return Promise.reject(new Error("Redis does not answer: the command was not sent"));
    }
    return this.within(this.#access.send(key, command, args));
  }

  /** Rejects when an answer takes too long, or the log is closed. */
  within<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait = { reject, deadline: performance.now() + answerMs, isOverdue: false };
      this.#waiting.add(wait);
      this.#timer ??= setInterval(() => this.#rejectLate(), answerMs / 50);
      const settle = () => {
        if (wait.isOverdue) {
          this.#overdue--;
        }
        this.#waiting.delete(wait);
      };
      answer.then(
        (reply) => {
          this.#hasAnswered = true;
          settle();
          resolve(reply);
        },
        (error) => {
          settle();
          reject(error);
        },
      );
    });
  }

  /** One timer for all calls: a timer for each would cost as much as the call. */
  #rejectLate(): void {
    const now = performance.now();
    // In the order of their deadlines.
    for (const wait of this.#waiting) {
      if (wait.deadline > now) {
        break;
      }
      this.#waiting.delete(wait);
      this.#overdue++;
      wait.isOverdue = true;
      wait.reject(new Error(`Redis did not answer within ${answerMs} ms: the command may have been carried out`));
    }
    if (this.#waiting.size === 0 && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}

export function closedError(): StatusError {
  return new StatusError(Code.Unavailable, "the event log is closed");
}
