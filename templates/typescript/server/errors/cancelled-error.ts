import { CausedError } from "../../shared/error.js";

/**
 * Why a call was cancelled: `client` went away, `deadline` for `unaryTimeoutMs` or `maxDurationMs`,
 * `shutdown` for `drain`, `slow-consumer` for a client that does not read, `error` for a failure of
 * the call itself.
 */
export type CancelReason = "client" | "deadline" | "shutdown" | "slow-consumer" | "error";

const messages: Record<CancelReason, string> = {
  client: "the client closed the connection",
  deadline: "the stream reached its longest duration",
  shutdown: "the server is shutting down",
  "slow-consumer": "the client does not read: slow consumer",
  error: "the call failed",
};

/**
 * The `reason` of a handler's `context.signal`. Named `AbortError`, like the errors of `fetch` and
 * timers, so that code which recognizes aborts by name keeps working.
 */
export class CancelledError extends CausedError {
  override readonly name: string = "AbortError";
  readonly reason: CancelReason;

  constructor(reason: CancelReason, { message, ...options }: { message?: string | undefined; cause?: unknown } = {}) {
    super(message ?? messages[reason], options);
    this.reason = reason;
  }
}

/** Whether an error is an abort: a `CancelledError`, or the `AbortError` of `fetch` or a timer. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Calls `listener` once, when a signal is aborted or if it is already. Returns what stops listening: a signal may outlive many calls. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal?.aborted) {
    listener();
  } else {
    signal?.addEventListener("abort", listener, { once: true });
  }
  return () => signal?.removeEventListener("abort", listener);
}
