import type { RetryOptions } from "./call-options.js";
import { ClientError, type ErrorContext, StatusError } from "./errors.js";
import { retryDelayMs } from "./retry-delay.js";
import { createWaiter, throwIfAborted } from "./waiter.js";

/** Where a unary call is, and what decides whether it may be sent again. */
export interface UnaryContext extends ErrorContext {
  phase: ErrorContext["phase"];
  attempt: number;
  /** The HTTP method of the last request. */
  httpMethod?: string;
  /** The `Idempotency-Key` of the first request that had one. */
  idempotencyKey?: string | undefined;
}

/**
 * Runs a unary call, and again where that does no harm and may help: its HTTP method is idempotent (RFC 9110, section
 * 9.2.2) or it has an `Idempotency-Key`, and it failed with 408, 425, 429, 502, 503, 504 or on the network.
 * Rejects with the last error.
 */
export async function withRetry<T>(
  options: RetryOptions,
  signal: AbortSignal,
  context: UnaryContext,
  run: (context: UnaryContext) => Promise<T>,
): Promise<T> {
  const { maxAttempts = 0 } = options;
  for (;;) {
    context.phase = "open";
    context.attempt++;
    try {
      return await run(context);
    } catch (error) {
      throwIfAborted(signal);
      if (context.attempt > maxAttempts || !isRepeatable(context) || !isTransient(error)) {
        throw error;
      }
      const delayMs = retryDelayMs(error, context.attempt, options);
      if (delayMs === undefined) {
        throw error;
      }
      await sleepUntilAborted(delayMs, signal);
    }
  }
}

/** Sends every attempt with the key of the first: one that changes would make each attempt a call of its own. */
export function keepIdempotencyKey(headers: Headers, context: UnaryContext): void {
  if (context.idempotencyKey) {
    headers.set("idempotency-key", context.idempotencyKey);
  }
  context.idempotencyKey = headers.get("idempotency-key") ?? undefined;
}

function isRepeatable({ httpMethod = "", idempotencyKey }: UnaryContext): boolean {
  return !!idempotencyKey || ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].includes(httpMethod);
}

function isTransient(error: unknown): error is ClientError {
  if (error instanceof StatusError) {
    return [408, 425, 429, 502, 503, 504].includes(error.status);
  }
  return error instanceof ClientError && error.code === "network";
}

async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  const waiter = createWaiter();
  signal.addEventListener("abort", waiter.interrupt);
  try {
    await waiter.sleep(ms);
  } finally {
    signal.removeEventListener("abort", waiter.interrupt);
  }
}
