import { startTimer, stopTimer } from "../shared/timer.js";
import { type Connection, createConnection, ignore } from "./connection.js";
import type { Decoder, Mark } from "./decoder.js";
import { type ClientError, EventTooLargeError, TimeoutError, TruncatedError } from "./errors.js";
import type { StreamInfo, StreamState } from "./event-stream.js";
import { createJsonLinesDecoder } from "./json-lines-decoder.js";
import type { RawEvent } from "./raw-event.js";
import { planReconnect } from "./reconnect-plan.js";
import { createSseDecoder } from "./sse-decoder.js";
import { hasControlFrames } from "./stream-format.js";
import type { StreamOptions } from "./stream-options.js";
import type { EventPlace, StreamSource } from "./stream-source.js";
import { createWaiter } from "./waiter.js";

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
  /** The next event if it is queued; undefined when none is, or when `next` has something else to tell first. */
  take(): Item<T> | undefined;
  /** The caller has finished with all that was taken. */
  commit(): void;
  /** Lets go of everything. Who waits is told of the end. */
  close(): void;
}

/** An event whose value is known. */
export interface Item<T> {
  readonly value: T;
  readonly raw: RawEvent;
  readonly attempt: number;
}

/** An error, or whatever else was thrown. */
interface Thrown {
  readonly error: unknown;
}

/**
 * Makes the feed of a stream. Nothing is read while anything is queued: a slow caller slows the server down, what a
 * body says takes effect in its place among the events, and a connection that is lost takes no event with it.
 */
export function createStreamFeed<T>(source: StreamSource<T>, options: StreamOptions): StreamFeed<T> {
  const { rule } = source;
  const { signal, deadlineMs, maxEventBytes = 16 * 1024 * 1024 } = options;
  const { reconnect = rule.resumable } = options;
  const reconnectOptions = typeof reconnect === "object" ? reconnect : {};

  let state: StreamState = "idle";
  let deadline: ReturnType<typeof startTimer>;
  /** What the next call is to be told: what closed the stream, or what stands in place of the next event. */
  let thrown: Thrown | undefined;

  let attempt = 0;
  /** The errors since the last progress. */
  let errors: ClientError[] = [];
  let retryMs: number | undefined;
  /** The cursor. */
  let lastEventId = options.lastEventId;
  /** What the cursor will be when the caller has finished with all that was taken. */
  let position = lastEventId;
  /** Whether the last event had no id: the cursor does not tell it from those before it. */
  let untold = false;

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
  const waiter = createWaiter();

  function onAbort(): void {
    close({ error: signal?.reason });
  }

  /** Where the stream is. */
  function context() {
    return { phase: format ? "body" : "open", attempt, lastEventId } as const;
  }

  function commit(): void {
    lastEventId = position;
  }

  /** Throws what is to be told. */
  function tell(): void {
    const told = thrown;
    thrown = undefined;
    if (told) throw told.error;
  }

  /** Connects, reads and reconnects until something is ready; undefined when the stream was closed before that. */
  async function until<R>(ready: () => R | undefined): Promise<R | undefined> {
    if (state === "idle") {
      state = "connecting";
      deadline = startTimer(deadlineMs, () =>
        close({ error: new TimeoutError("deadline", Number(deadlineMs), context()) }),
      );
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) onAbort();
    }
    while (!isClosed()) {
      try {
        const result = ready();
        if (result !== undefined) return result;
        // Nothing is queued any more; what was, but was not for the caller, is finished with, too.
        commit();
        if (!connection) await connect();
        else if (ended) close();
        else await read(connection);
      } catch (error) {
        if (!isClosed()) await recover(error);
      }
    }
    return undefined;
  }

  async function connect(): Promise<void> {
    state = "connecting";
    attempt++;
    ended = false;
    heartbeatMs = 0;
    saysEnd = reconnectOptions.afterEnd ?? false;
    connection = createConnection(source, options, waiter, context);
    const { response, format: accepted } = await connection.open();
    if (isClosed()) return;
    const { status, headers } = response;
    accept({ status, headers, attempt });
    if (!accepted) return close();
    state = "open";
    format = accepted;
    const hasControls = hasControlFrames(headers.get("content-type"));
    if (hasControls) {
      saysEnd = true;
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
    tell();
    for (;;) {
      const found = queue[head++];
      if (!found || !format) {
        clear();
        return undefined;
      }
      if ("mark" in found) heed(found);
      else if (found.data === rule.terminalData) end();
      else {
        const value = source.decode(found, { format, attempt, lastEventId });
        errors = [];
        untold = found.id === undefined;
        position = found.id;
        if (format === "sse" && rule.events?.[found.event]?.terminal) end();
        if (value !== undefined) return { value, raw: found, attempt };
      }
    }
  }

  function heed(found: Mark): void {
    if (found.mark === "id") position = found.id;
    else if (found.mark === "retry") retryMs = found.ms;
    else if (found.mark === "comment") heedComment(found.text);
    else if (found.mark === "tooLarge") throw new EventTooLargeError(maxEventBytes, context());
    else if (saysEnd) throw new TruncatedError(context());
    else end();
  }

  function heedComment(text: string): void {
    options.onComment?.(text.replace(/^ /, ""));
    if (text === "") errors = []; // a heartbeat
    if (text === "end" && saysEnd) end();
    if (/^sse\/1( |$)/.test(text)) {
      saysEnd ||= / end( |$)/.test(text);
      heartbeatMs = Number(/ heartbeat=(\d+)/.exec(text)?.[1] ?? 0);
    }
  }

  /** The stream is over, whatever follows in the body. */
  function end(): void {
    ended = true;
    clear();
    connection?.close();
  }

  function clear(): void {
    queue = [];
    head = 0;
  }

  /** Waits for the next attempt, or closes the stream. */
  async function recover(error: unknown): Promise<void> {
    const at = context();
    release();
    try {
      if (!reconnect || (untold && options.reconnect === undefined)) throw error;
      const plan = planReconnect(error, errors, retryMs, reconnectOptions, at);
      state = "waiting";
      options.onReconnect?.({ ...plan, attempt: attempt + 1, lastEventId: position });
      if (!isClosed()) await waiter.wait(new Promise(ignore), plan.delayMs).catch(ignore);
    } catch (failure) {
      close({ error: failure });
    }
  }

  function release(): void {
    connection?.close();
    connection = format = thrown = undefined;
    clear();
  }

  function close(failure?: Thrown): void {
    if (isClosed()) return;
    state = "closed";
    release();
    thrown = failure;
    stopTimer(deadline);
    signal?.removeEventListener("abort", onAbort);
    refuse(failure ? failure.error : new DOMException("closed before it opened", "AbortError"));
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
      if (!item) tell();
      return item;
    },
    take() {
      if (thrown) return undefined;
      try {
        return take();
      } catch (error) {
        thrown = { error };
        return undefined;
      }
    },
    close() {
      close();
      // Who leaves is not told of a failure any more.
      thrown = undefined;
    },
  };
}
