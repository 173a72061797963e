import { maxTimerMs } from "../../shared/timer.js";
import type { RetryOptions } from "./call-options.js";
import { type ClientError, StatusError } from "./errors.js";

/**
 * The time that `Retry-After` asks to wait, in milliseconds; `undefined` when the header is absent or malformed.
 * It is a number of seconds or a date (RFC 9110, section 10.2.3); a date that has passed gives 0.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(value)) {
    return Number(value) * 1000;
  }
  // Date.parse takes nearly anything for a date; those of HTTP end in GMT.
  const date = value.endsWith("GMT") ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/**
 * The milliseconds to wait after the n-th failure in a row; undefined when `Retry-After` asks for more than
 * `maxRetryAfterMs`. Always with jitter, so that clients do not come back together: our own delay is made shorter by
 * up to half, a time that the server said, in `Retry-After` or as `retryMs`, longer by up to half.
 */
export function retryDelayMs(
  error: ClientError,
  failures: number,
  { initialDelayMs = 1_000, maxDelayMs = 30_000, maxRetryAfterMs = 300_000 }: RetryOptions,
  retryMs?: number,
): number | undefined {
  const asked = (error instanceof StatusError && retryAfterMs(error.headers)) || 0;
  if (asked > maxRetryAfterMs) {
    return undefined;
  }
  const backoffMs = Math.min((retryMs ?? initialDelayMs) * 2 ** Math.min(failures - 1, 16), maxDelayMs);
  const jitter = Math.random() / 2;
  const delayMs = backoffMs * (retryMs === undefined ? 1 - jitter : 1 + jitter);
  return Math.min(Math.max(delayMs, asked * (1 + jitter)), maxTimerMs);
}
