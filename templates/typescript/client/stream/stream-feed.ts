import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";
import { ClientError, TimeoutError } from "../request/errors.js";
import { createDeferred, createWaiter, interrupted } from "../request/waiter.js";
import { type Connection, createConnection } from "./connection.js";
import type { Mark } from "./decoder.js";
import { createFailures, mayReconnect } from "./reconnect-plan.js";
import type { Item, StreamCall, StreamFeed, StreamInfo, StreamState } from "./stream-call.js";
import type { StreamOptions } from "./stream-options.js";

/**
 * Makes the feed of a stream. It reads only when the queue is empty: so a slow caller slows the server down, control
 * frames take effect in their place among the events, and a lost connection loses no event.
 */
export function createStreamFeed<T>(source: StreamCall<T>, options: StreamOptions): StreamFeed<T> {
  const { rule } = source;
  const { signal, deadlineMs, reconnect = rule.resumable } = options;
  const reconnectOptions = typeof reconnect === "object" ? reconnect : {};

  let state: StreamState = "idle";
  let deadline: Timer | undefined;
  /** The next call throws it: the failure of the stream, or an error in place of the next event. */
  let pending: { readonly error: unknown } | undefined;
  let connection: Connection | undefined;
  /** Whether the stream is complete. */
  let ended = false;

  let attempt = 0;
  const failures = createFailures(reconnectOptions);
  let retryMs: number | undefined;
  /** The cursor. */
  let lastEventId = options.lastEventId;
  /** The next cursor, once the caller has finished the events that it took. */
  let position = lastEventId;
  /** Whether the last event had no id of its own, so that the cursor does not stand for it. */
  let unidentified = false;
  /** Whether the caller asked to skip the delay before the next attempt. */
  let skipDelay = false;

  const opened = createDeferred<StreamInfo>();
  const waiter = createWaiter();
  const isClosed = (): boolean => state === "closed";
  const onAbort = (): void => close({ error: signal?.reason });

  /** Calls code that may be the user's and may close the stream: then nothing after it may run. */
  function call(code: () => unknown): void {
    code();
    throwIfClosed();
  }

  function throwIfClosed(): void {
    if (isClosed()) {
      throw interrupted;
    }
  }

  /** The state of the stream, for errors. */
  function context() {
    return { phase: connection?.format ? "body" : "open", attempt, lastEventId } as const;
  }

  function commit(): void {
    lastEventId = position;
  }

  function throwPending(): void {
    if (pending) {
      const { error } = pending;
      pending = undefined;
      throw error;
    }
  }

  /**
   * Connects, reads and reconnects until something is ready; undefined if the stream is closed before. Throws the failure
   * of the stream if an event is asked for.
   */
  async function until<R>(ready: () => R | undefined): Promise<R | undefined> {
    if (state === "idle") {
      state = "connecting";
      deadline = startTimer(deadlineMs, () =>
        close({ error: new TimeoutError("deadline", Number(deadlineMs), context()) }),
      );
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) {
        onAbort();
      }
    }
    if (ready === take) {
      commit();
    }
    while (!isClosed()) {
      try {
        const result = ready();
        if (result !== undefined) {
          return result;
        }
        // The queue is empty. Its skipped events are finished, too.
        commit();
        if (ended) {
          close();
        } else if (!connection || connection.isClosed) {
          await connect();
        } else {
          await connection.read();
        }
      } catch (error) {
        if (error !== interrupted && !isClosed()) {
          await recover(error);
        }
      }
    }
    if (ready === take) {
      throwPending();
    }
    return undefined;
  }

  async function connect(): Promise<void> {
    state = "connecting";
    attempt++;
    const promisesEnd = !!(reconnectOptions.afterEnd || options.requireEnd);
    const next = createConnection(source, options, promisesEnd, position, waiter, context);
    connection = next;
    const { status, headers } = await next.open();
    // Other code may have run since the response arrived.
    if (next.isClosed || isClosed()) {
      return;
    }
    opened.resolve({ status, headers, attempt });
    if (next.format) {
      state = "open";
    } else {
      close();
    }
  }

  /** The next event of the queue. Throws an error in its place. */
  function take(): Item<T> | undefined {
    throwPending();
    while (connection?.format && !ended) {
      const found = connection.take();
      if (!found) {
        return undefined;
      }
      if ("mark" in found) {
        onMark(found);
        continue;
      }
      if (found.data === rule.terminalData) {
        end();
        return undefined;
      }
      const { format, beginning } = connection;
      const value = source.decode(found, { format, attempt, lastEventId });
      throwIfClosed();
      failures.onProgress();
      unidentified = !found.ownId || found.id === undefined;
      position = found.id ?? beginning;
      if (format === "sse" && rule.events?.[found.event]?.terminal) {
        end();
      }
      if (value !== undefined) {
        return { value, raw: found, attempt };
      }
    }
    return undefined;
  }

  function onMark(found: Mark): void {
    if (found.mark === "id") {
      const id = found.id ?? connection?.beginning;
      if (id !== position) {
        failures.onProgress();
      }
      position = id;
    } else if (found.mark === "retry") {
      retryMs = found.ms;
    } else if (found.mark === "comment") {
      const { text } = found;
      // Until an event brings one, this is the cursor: what is published while the stream reconnects is not lost.
      position ??= connection?.beginning;
      call(() => options.onComment?.(text.replace(/^ /, "")));
      if (text === "") {
        failures.onHeartbeat();
      } else if (text === "end" && connection?.promisesEnd) {
        end();
      }
    } else {
      end();
    }
  }

  /** The stream is complete, whatever follows in the body. */
  function end(): void {
    ended = true;
    call(() => connection?.close());
  }

  /** Waits for the next attempt, or closes the stream. */
  async function recover(error: unknown): Promise<void> {
    const at = context();
    try {
      call(drop);
      // An error of another class comes from a function of the user.
      const isResumable = reconnect && !(unidentified && options.reconnect === undefined);
      if (!isResumable || !(error instanceof ClientError)) {
        throw error;
      }
      state = "waiting";
      skipDelay = false;
      const next = { attempt: attempt + 1, lastEventId: position };
      if (!(await waiter.wait(() => mayReconnect(error, reconnectOptions, next)))) {
        throw error;
      }
      const delayMs = failures.add(error, retryMs, at);
      call(() => options.onReconnect?.({ ...next, delayMs, error }));
      if (!skipDelay) {
        await waiter.sleep(delayMs);
      }
    } catch (failure) {
      if (failure !== interrupted) {
        close({ error: failure });
      }
    }
  }

  /** Closes the connection and drops its queue. */
  function drop(): void {
    pending = undefined;
    const dropped = connection;
    connection = undefined;
    dropped?.close();
  }

  function close(failure?: typeof pending): void {
    if (isClosed()) {
      return;
    }
    state = "closed";
    drop();
    pending = failure;
    stopTimer(deadline);
    signal?.removeEventListener("abort", onAbort);
    // Not a DOMException: Hermes in React Native has none.
    opened.reject(
      failure ? failure.error : Object.assign(new Error("closed before it opened"), { name: "AbortError" }),
    );
    waiter.interrupt();
  }

  return {
    opened: opened.promise,
    commit,
    state: () => state,
    lastEventId: () => lastEventId,
    open: () => until(() => connection?.format),
    next: () => until(take),
    take() {
      if (pending) {
        return undefined;
      }
      try {
        return take();
      } catch (error) {
        if (!isClosed()) {
          pending = { error };
        }
        return undefined;
      }
    },
    reconnect() {
      if (state === "idle" || ended || isClosed()) {
        return;
      }
      skipDelay = true;
      state = "connecting";
      connection?.close();
      waiter.interrupt();
    },
    close() {
      close();
      // A caller that leaves gets no failure any more.
      pending = undefined;
    },
  };
}
