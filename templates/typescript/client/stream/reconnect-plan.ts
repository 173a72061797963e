import { codeToHttp } from "../../shared/code.js";
import { type ClientError, type ErrorContext, ReconnectError, StatusError } from "../request/errors.js";
import { retryDelayMs } from "../request/retry.js";
import type { Reconnect, ReconnectOptions } from "./stream-options.js";

/** An error keeps up to 64 KiB of a body, and an outage may cause thousands of errors. */
const maxErrors = 10;

/** The errors of a connection. After the head of a response, all others are errors of an event. */
const connectionCodes: readonly string[] = ["network", "timeout", "truncated"];

/** The failures of a stream since its last progress. */
export interface Failures {
  /**
   * Adds a failure and returns the milliseconds to wait before the next attempt; `retryMs` is the server's `retry:`.
   * Throws the failure of the stream if there is no other attempt: a `ReconnectError`, or the error itself if its
   * `Retry-After` is above `maxRetryAfterMs`.
   */
  add(error: ClientError, retryMs: number | undefined, context: ErrorContext): number;
  /** Call it for an event or a new cursor: it resets everything. */
  onProgress(): void;
  /**
   * Call it for a heartbeat: the connection works. It does not reset the count of error events and of events that cannot
   * be read, since these come again at the same cursor every time.
   */
  onHeartbeat(): void;
}

/** Counts the failures of one stream, and plans the delay after each. */
export function createFailures(options: ReconnectOptions): Failures {
  const { maxAttempts = 10 } = options;
  let count = 0;
  let eventErrors = 0;
  let errors: ClientError[] = [];

  function onHeartbeat(): void {
    count = 0;
    if (!eventErrors) {
      errors = [];
    }
  }

  return {
    onHeartbeat,
    onProgress() {
      eventErrors = 0;
      onHeartbeat();
    },
    add(error, retryMs, context) {
      count++;
      if (error.phase === "body" && !connectionCodes.includes(error.code)) {
        eventErrors++;
      }
      const failures = Math.max(count, eventErrors);
      errors = [...errors, error].slice(-maxErrors);
      if (failures > maxAttempts) {
        throw new ReconnectError(errors, context, failures);
      }
      const delayMs = retryDelayMs(error, failures, options, retryMs);
      if (delayMs === undefined) {
        throw error;
      }
      return delayMs;
    },
  };
}

/** Whether to reconnect after an error, by the caller's rule or the built-in one. Does not count attempts. */
export async function mayReconnect(
  error: ClientError,
  { shouldReconnect }: ReconnectOptions,
  next: Pick<Reconnect, "attempt" | "lastEventId">,
): Promise<boolean> {
  return (await shouldReconnect?.(error, next)) ?? mayHelp(error);
}

/**
 * Whether another attempt may help: the connection failed, was cut or timed out, or the server cannot respond now. It
 * does not help for another content type, an event that is not the message, 501, and 4xx except 408, 425 and 429.
 */
function mayHelp(error: ClientError): boolean {
  if (error instanceof StatusError) {
    // The status of an error event is 200, so its code decides.
    const status = error.phase === "open" ? error.status : codeToHttp(error.statusCode);
    return status >= 500 ? status !== 501 : [408, 425, 429].includes(status);
  }
  return connectionCodes.includes(error.code);
}
