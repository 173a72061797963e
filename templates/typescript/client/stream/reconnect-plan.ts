import { codeToHttp } from "../../shared/code.js";
import { type ClientError, type ErrorContext, ReconnectError, StatusError } from "../request/errors.js";
import { retryDelayMs } from "../request/retry.js";
import type { Reconnect, ReconnectOptions } from "./stream-options.js";

/** An error keeps up to 64 KiB of a body, and an outage may bring thousands. */
const maxErrors = 10;

/** The errors of a connection; after its head, any other is of an event. */
const connectionCodes: readonly string[] = ["network", "timeout", "truncated"];

/** What a stream failed with since its last progress. */
export interface Failures {
  /**
   * Adds a failure and returns the milliseconds to wait before the next attempt; `retryMs` is the server's `retry:`.
   * Throws what the stream fails with when there is to be no other attempt: a `ReconnectError`, or the error itself
   * when its `Retry-After` is beyond `maxRetryAfterMs`.
   */
  add(error: ClientError, retryMs: number | undefined, context: ErrorContext): number;
  /** An event, or a new cursor: everything is forgotten. */
  onProgress(): void;
  /**
   * A heartbeat: the connection works. It does not excuse error events and events that cannot be read, since these
   * come again at the same cursor every time.
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

/** Whether to try again after an error, before attempts are counted: the built-in rule, or the caller's. */
export function mayReconnect(
  error: ClientError,
  { shouldReconnect }: ReconnectOptions,
  next: Pick<Reconnect, "attempt" | "lastEventId">,
): boolean | Promise<boolean> {
  return shouldReconnect ? shouldReconnect(error, next) : mayHelp(error);
}

/**
 * Whether another attempt may help: the connection failed or was cut, fell silent, or the server is not able
 * to answer now. Never a response of another content type, an event that is not the message, or a refusal: 4xx
 * but 408, 425 and 429. Nor 501: asking again implements nothing.
 */
function mayHelp(error: ClientError): boolean {
  if (error instanceof StatusError) {
    // An error event comes with 200: its code stands for a status.
    const status = error.phase === "open" ? error.status : codeToHttp(error.statusCode);
    return status >= 500 ? status !== 501 : [408, 425, 429].includes(status);
  }
  return connectionCodes.includes(error.code);
}
