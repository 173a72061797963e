import { codeToHttp } from "../shared/code.js";
import { maxTimerMs } from "../shared/timer.js";
import { ClientError, type ErrorContext, ReconnectError, StatusError } from "./errors.js";
import { retryAfterMs } from "./retry-after.js";
import type { ReconnectOptions } from "./stream-options.js";

/**
 * What to do about an error: how many milliseconds to wait before the next attempt. Adds it to `errors`, those since
 * the last progress. Throws what the stream fails with when there is to be no attempt: the error itself, or a
 * `ReconnectError` when they are used up.
 *
 * `retryMs`, the server's `retry:`, is obeyed as it stands at first, since the server spreads its clients;
 * WHATWG HTML 9.2.3 lets a client wait longer where the previous attempt failed.
 */
export function planReconnect(
  error: unknown,
  errors: ClientError[],
  retryMs: number | undefined,
  options: ReconnectOptions,
  context: ErrorContext,
): { readonly error: ClientError; readonly delayMs: number } {
  if (!isRetryable(error)) throw error;
  const { maxAttempts = 10, initialDelayMs = 1_000, maxDelayMs = 30_000 } = options;
  const failures = errors.push(error);
  if (failures > maxAttempts) throw new ReconnectError(errors, context);
  const jitter = retryMs !== undefined && failures === 1 ? 1 : 1 - Math.random() / 2;
  const backoffMs = Math.min((retryMs ?? initialDelayMs) * 2 ** Math.min(failures - 1, 16) * jitter, maxDelayMs);
  const asked = error instanceof StatusError && retryAfterMs(error.headers);
  return { error, delayMs: Math.min(Math.max(backoffMs, asked || 0), maxTimerMs) };
}

/**
 * Whether another attempt may help: the connection failed or was cut, fell silent, or the server is not able
 * to answer now. Never a response of another content type, an event that is not the message, an error of the
 * caller's own functions, or a refusal: 4xx but 408, 425 and 429. Nor 501: asking again implements nothing.
 */
function isRetryable(error: unknown): error is ClientError {
  if (error instanceof StatusError) {
    // An error event comes with 200: its code tells the status that it stands for.
    const status = error.phase === "open" ? error.status : codeToHttp(error.statusCode);
    return status >= 500 ? status !== 501 : [408, 425, 429].includes(status);
  }
  return error instanceof ClientError && ["network", "timeout", "truncated"].includes(error.code);
}
