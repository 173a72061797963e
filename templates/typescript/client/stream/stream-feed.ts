import { startTimer, stopTimer } from "../../shared/timer.js";
import { ClientError, EventTooLargeError, TimeoutError, TruncatedError } from "../request/errors.js";
import { createWaiter, ignore, interrupted } from "../request/waiter.js";
import { type Connection, createConnection } from "./connection.js";
import type { Decoder, Mark } from "./decoder.js";
import type { StreamInfo, StreamState } from "./event-stream.js";
import { createJsonLinesDecoder } from "./json-lines-decoder.js";
import type { RawEvent } from "./raw-event.js";
import { createFailures, mayReconnect } from "./reconnect-plan.js";
import { createSseDecoder } from "./sse-decoder.js";
import { hasControlFrames } from "./stream-format.js";
import type { StreamOptions } from "./stream-options.js";
import type { EventPlace, Item, StreamSource } from "./stream-source.js";

/** Where the events of a stream come from: one connection after another. */
export interface StreamFeed<T> {
  state(): StreamState;
  /** The id of the last event that the caller has finished with. */
  lastEventId(): string | undefined;
  readonly opened: Promise<StreamInfo>;
  /** Connects, and reconnects, until a response is accepted. Never rejects: `opened` does. */
  open(): Promise<unknown>;
  /** The next event; undefined at the end and ever after. Rejects, once, with what the stream failed with. */
  next(): Promise<Item<T> | undefined>;
  /** The next event if it is queued; undefined when none is, or when `next` has to throw first. */
  take(): Item<T> | undefined;
  /** The caller has finished with all that was taken. */
  commit(): void;
  /** Ends a wait for the next attempt, or drops the connection; what is queued is still delivered. */
  reconnect(): void;
  /** Lets go of everything. A call that waits gets the end. */
  close(): void;
}

/**
 * Makes the feed of a stream. Nothing is read while anything is queued: a slow caller slows the server down, what a
 * body says takes effect in its place among the events, and a connection that is lost takes no event with it.
 */
export function createStreamFeed<T>(source: StreamSource<T>, options: StreamOptions): StreamFeed<T> {
  const { rule } = source;
  const { signal, deadlineMs, maxEventBytes = 16 * 1024 * 1024, reconnect = rule.resumable } = options;
  const reconnectOptions = typeof reconnect === "object" ? reconnect : {};

  let state: StreamState = "idle";
  let deadline: ReturnType<typeof startTimer>;
  /** What the next call throws: what closed the stream, or what stands in place of the next event. */
  let thrown: { readonly error: unknown } | undefined;

  let attempt = 0;
  const failures = createFailures(reconnectOptions);
  let retryMs: number | undefined;
  /** The cursor. */
  let lastEventId = options.lastEventId;
  /** What the cursor will be when the caller has finished with all that was taken. */
  let position = lastEventId;
  /** Whether the last event had no id of its own: the cursor does not tell it from those before it. */
  let unidentified = false;
  /** Whether the caller asked not to wait for the next attempt. */
  let hurried = false;

  let connection: Connection | undefined;
  /** The format of the body; undefined until a response was accepted. */
  let format: EventPlace["format"] | undefined;
  let decode: Decoder = ignore;
  let queue: (RawEvent | Mark)[] = [];
  let head = 0;
  let heartbeatMs = 0;
  /** Whether the body may not end before it says that the stream does. */
  let saysEnd = false;
  let ended = false;

  let accept: (info: StreamInfo) => void;
  let refuse: (error: unknown) => void;
  const opened = new Promise<StreamInfo>((resolve, reject) => {
    accept = resolve;
    refuse = reject;
  });
  opened.catch(ignore);

  const isClosed = (): boolean => state === "closed";
  const onAbort = (): void => close({ error: signal?.reason });
  const waiter = createWaiter();

  /**
   * Calls code of the user, or what may call it: all of it goes through here or through the waiter. It may close the
   * stream; then nothing that stands behind it is done.
   */
  function call<R>(code: () => R): R {
    const result = code();
    if (isClosed()) {
      throw interrupted;
    }
    return result;
  }

  /** Where the stream is. */
  function context() {
    return { phase: format ? "body" : "open", attempt, lastEventId } as const;
  }

  function commit(): void {
    lastEventId = position;
  }

  function throwPending(): void {
    const pending = thrown;
    thrown = undefined;
    if (pending) {
      throw pending.error;
    }
  }

  /** Connects, reads and reconnects until something is ready; undefined when the stream was closed before. */
  async function until<R>(ready: () => R | undefined): Promise<R | undefined> {
    if (state === "idle") {
      state = "connecting";
      const late = () => new TimeoutError("deadline", Number(deadlineMs), context());
      deadline = startTimer(deadlineMs, () => close({ error: late() }));
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) {
        onAbort();
      }
    }
    while (!isClosed()) {
      try {
        const result = ready();
        if (result !== undefined) {
          return result;
        }
        // Nothing is queued any more; what was, but was not for the caller, is finished with, too.
        commit();
        if (ended) {
          close();
        } else if (!connection) {
          await connect();
        } else {
          await read(connection);
        }
      } catch (error) {
        if (error !== interrupted && !isClosed()) {
          await recover(error);
        }
      }
    }
    return undefined;
  }

  async function connect(): Promise<void> {
    state = "connecting";
    attempt++;
    format = undefined;
    heartbeatMs = 0;
    saysEnd = reconnectOptions.afterEnd ?? false;
    connection = createConnection(source, options, waiter, context);
    const { response, format: accepted } = await connection.open();
    // Something else may have run between the end of the wait and this line.
    if (!connection || isClosed()) {
      return;
    }
    const { status, headers } = response;
    accept({ status, headers, attempt });
    if (!accepted) {
      return close();
    }
    state = "open";
    format = accepted;
    const hasControls = hasControlFrames(headers.get("content-type"));
    saysEnd ||= hasControls;
    if (hasControls) {
      heartbeatMs = rule.heartbeatMs ?? 0;
    }
    const add = (found: RawEvent | Mark) => queue.push(found);
    decode =
      format === "sse"
        ? createSseDecoder(add, maxEventBytes, position)
        : createJsonLinesDecoder(add, maxEventBytes, rule.errorEvent ?? "error", hasControls);
  }

  async function read({ read }: Connection): Promise<void> {
    const { idleTimeoutMs = heartbeatMs * 2.5 } = options;
    decode(await read(idleTimeoutMs || undefined));
  }

  /** The next of the queued events. Throws what stands in its place. */
  function take(): Item<T> | undefined {
    throwPending();
    for (;;) {
      const found = queue[head++];
      if (!found || !format) {
        clear();
        return undefined;
      }
      if ("mark" in found) {
        onMark(found);
      } else if (found.data === rule.terminalData) {
        end();
      } else {
        const place = { format, attempt, lastEventId };
        const value = call(() => source.decode(found, place));
        failures.onProgress();
        unidentified = !found.ownId || found.id === undefined;
        position = found.id;
        if (format === "sse" && rule.events?.[found.event]?.terminal) {
          end();
        }
        if (value !== undefined) {
          return { value, raw: found, attempt };
        }
      }
    }
  }

  function onMark(found: Mark): void {
    if (found.mark === "id") {
      if (found.id !== position) {
        failures.onProgress();
      }
      position = found.id;
    } else if (found.mark === "retry") {
      retryMs = found.ms;
    } else if (found.mark === "comment") {
      onComment(found.text);
    } else if (found.mark === "tooLarge") {
      throw new EventTooLargeError(maxEventBytes, context());
    } else if (saysEnd) {
      throw new TruncatedError(context());
    } else {
      end();
    }
  }

  function onComment(text: string): void {
    call(() => options.onComment?.(text.replace(/^ /, "")));
    if (text === "") {
      failures.onHeartbeat();
    }
    if (text === "end" && saysEnd) {
      end();
    }
    if (/^sse\/1( |$)/.test(text)) {
      saysEnd ||= / end( |$)/.test(text);
      heartbeatMs = Number(/ heartbeat=(\d+)/.exec(text)?.[1] ?? 0);
    }
  }

  /** The stream is over, whatever follows in the body. */
  function end(): void {
    ended = true;
    clear();
    call(() => connection?.close());
  }

  function clear(): void {
    queue = [];
    head = 0;
  }

  /** Waits for the next attempt, or closes the stream. */
  async function recover(error: unknown): Promise<void> {
    const at = context();
    try {
      call(release);
      if (!reconnect || (unidentified && options.reconnect === undefined)) {
        throw error;
      }
      // Anything else was thrown by a function of the user.
      if (!(error instanceof ClientError)) {
        throw error;
      }
      state = "waiting";
      hurried = false;
      const next = { attempt: attempt + 1, lastEventId: position };
      if (!(await waiter.wait(async () => mayReconnect(error, reconnectOptions, next)))) {
        throw error;
      }
      const delayMs = failures.add(error, retryMs, at);
      call(() => options.onReconnect?.({ ...next, delayMs, error }));
      if (!hurried) {
        await waiter.sleep(delayMs);
      }
    } catch (failure) {
      if (failure !== interrupted) {
        close({ error: failure });
      }
    }
  }

  function release(): void {
    format = thrown = undefined;
    clear();
    drop();
  }

  function drop(): void {
    const dropped = connection;
    connection = undefined;
    dropped?.close();
  }

  function close(failure?: typeof thrown): void {
    if (isClosed()) {
      return;
    }
    state = "closed";
    release();
    thrown = failure;
    stopTimer(deadline);
    signal?.removeEventListener("abort", onAbort);
    // No DOMException: React Native's Hermes has none.
    refuse(failure ? failure.error : Object.assign(new Error("closed before it opened"), { name: "AbortError" }));
    waiter.interrupt();
  }

  return {
    opened,
    commit,
    state: () => state,
    lastEventId: () => lastEventId,
    open: () => until(() => format),
    async next() {
      commit();
      const item = await until(take);
      if (!item) {
        throwPending();
      }
      return item;
    },
    take() {
      if (thrown) {
        return undefined;
      }
      try {
        return take();
      } catch (error) {
        if (!isClosed()) {
          thrown = { error };
        }
        return undefined;
      }
    },
    reconnect() {
      if (state === "idle" || ended || isClosed()) {
        return;
      }
      hurried = true;
      state = "connecting";
      drop();
      waiter.interrupt();
    },
    close() {
      close();
      // A caller that leaves gets no failure any more.
      thrown = undefined;
    },
  };
}
