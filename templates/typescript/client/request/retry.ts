import { maxTimerMs } from "../../shared/timer.js";
import type { RetryOptions } from "./call-options.js";
import { ClientError, type ErrorContext, StatusError } from "./errors.js";
import { createWaiter, throwIfAborted } from "./waiter.js";

/**
 * The time that `Retry-After` asks to wait, in milliseconds; `undefined` if the header is absent or malformed.
 * It is a number of seconds or a date (RFC 9110, section 10.2.3). A date in the past gives 0.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(value)) {
    return Number(value) * 1000;
  }
  // Date.parse accepts almost anything as a date. The dates of HTTP end in GMT.
  const date = value.endsWith("GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/**
 * The milliseconds to wait after the n-th failure in a row; undefined if `Retry-After` asks for more than
 * `maxRetryAfterMs`. There is always jitter, so that clients do not come back together. It shortens our own delay by
 * up to half, and lengthens a delay that the server sent, in `Retry-After` or as `retryMs`, by up to half.
 */
export function retryDelayMs(
  error: ClientError,
  failures: number,
  { initialDelayMs = 1_000, maxDelayMs = 30_000, maxRetryAfterMs = 300_000 }: RetryOptions,
  retryMs?: number,
): number | undefined {
  const serverMs = (error instanceof StatusError && retryAfterMs(error.headers)) || 0;
  if (serverMs > maxRetryAfterMs) {
    return undefined;
  }
  const backoffMs = Math.min((retryMs ?? initialDelayMs) * 2 ** Math.min(failures - 1, 16), maxDelayMs);
  const jitter = Math.random() / 2;
  const delayMs = backoffMs * (retryMs === undefined ? 1 - jitter : 1 + jitter);
  return Math.min(Math.max(delayMs, serverMs * (1 + jitter)), maxTimerMs);
}

/** The state of a unary call that decides whether it may be sent again. */
export interface UnaryContext extends ErrorContext {
  phase: ErrorContext["phase"];
  attempt: number;
  /** The HTTP method of the last request. */
  httpMethod?: string;
  /** The `Idempotency-Key` of the first request that had one. */
  idempotencyKey?: string | undefined;
}

/**
 * Runs a unary call. Repeats it if that is safe and may help: its HTTP method is idempotent (RFC 9110, section 9.2.2)
 * or it has an `Idempotency-Key`, and it failed with 408, 425, 429, 502, 503, 504 or on the network.
 * Rejects with the last error.
 */
export async function withRetry<T>(
  options: RetryOptions,
  signal: AbortSignal,
  context: UnaryContext,
  run: () => Promise<T>,
): Promise<T> {
  for (;;) {
    context.phase = "open";
    context.attempt++;
    try {
      return await run();
    } catch (error) {
      throwIfAborted(signal);
      const delayMs =
        context.attempt <= (options.maxAttempts ?? 0) && isRepeatable(context) && isTransient(error)
          ? retryDelayMs(error, context.attempt, options)
          : undefined;
      if (delayMs === undefined) {
        throw error;
      }
      const waiter = createWaiter();
      signal.addEventListener("abort", waiter.interrupt);
      try {
        await waiter.sleep(delayMs);
      } finally {
        signal.removeEventListener("abort", waiter.interrupt);
      }
    }
  }
}

/** Sends every attempt with the key of the first. With another key, the server would take it for another call. */
export function keepIdempotencyKey(headers: Headers, context: UnaryContext): void {
  const name = "idempotency-key";
  if (context.idempotencyKey) {
    headers.set(name, context.idempotencyKey);
  }
  context.idempotencyKey = headers.get(name) ?? undefined;
}

function isRepeatable({ httpMethod, idempotencyKey }: UnaryContext): boolean {
  return !!idempotencyKey || /^(GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/.test(httpMethod ?? "");
}

function isTransient(error: unknown): error is ClientError {
  return error instanceof StatusError
    ? [408, 425, 429, 502, 503, 504].includes(error.status)
    : error instanceof ClientError && error.code === "network";
}
