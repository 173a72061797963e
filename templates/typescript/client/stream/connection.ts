import { IdleTimer } from "../../shared/timer.js";
import {
  ContentTypeError,
  type ErrorContext,
  EventTooLargeError,
  NetworkError,
  TimeoutError,
  TruncatedError,
} from "../request/errors.js";
import { readText } from "../request/read-response.js";
import { ignore, type Waiter } from "../request/waiter.js";
import type { Decoder, Mark, RawEvent } from "./decoder.js";
import { createJsonLinesDecoder } from "./json-lines-decoder.js";
import { createSseDecoder } from "./sse-decoder.js";
import type { EventPlace, StreamAttempt, StreamCall } from "./stream-call.js";
import type { StreamOptions } from "./stream-options.js";

/** One request of a stream, and what its body holds. */
export interface Connection {
  /** The format of the body. Undefined before a response was accepted, and for a 204, which has no body. */
  readonly format: EventPlace["format"] | undefined;
  /** Whether the server promised to mark the end of the stream. A body that ends without the mark was cut. */
  readonly promisesEnd: boolean;
  /** The cursor after which a stream over an event log began, as the server sent it. */
  readonly beginning: string | undefined;
  readonly isClosed: boolean;
  /** Sends the request. Resolves if the response is one of a stream. */
  open(): Promise<Response>;
  /** Reads and decodes the next bytes. Fails if none come for too long. */
  read(): Promise<void>;
  /**
   * Takes the next event or mark out of the queue; undefined if it is empty. Throws for an event that is too large, and
   * for a body that was cut.
   */
  take(): RawEvent | Mark | undefined;
  /** Cancels the request and the body. The queue stays. */
  close(): void;
}

/**
 * Makes a connection, which sends nothing before it is opened. `cursor` is the last event ID in force; `context` is the
 * state of the stream, for errors.
 */
export function createConnection(
  { rule, open }: StreamCall<unknown>,
  options: StreamOptions,
  promisesEnd: boolean,
  cursor: string | undefined,
  waiter: Waiter,
  context: () => ErrorContext & Omit<StreamAttempt, "signal">,
): Connection {
  const { maxEventBytes = 16 * 1024 * 1024 } = options;
  const abort = new AbortController();
  const { signal } = abort;
  let body: Response["body"] | undefined;
  // Typed by its shape: with the types of Bun, the reader of `Response["body"]` is not the global type.
  let reader: { read(): Promise<{ value?: Uint8Array | undefined }>; cancel(): Promise<unknown> } | undefined;
  let heartbeatMs = 0;
  let idleTimer: IdleTimer | undefined;
  let decode: Decoder;
  const queue: (RawEvent | Mark)[] = [];
  let head = 0;

  const fail = (kind: "connect" | "idle", ms: number | undefined) => new TimeoutError(kind, Number(ms), context());
  const readChunk = () => reader?.read().then(onChunk, onBroken) ?? Promise.resolve();

  function onChunk({ value }: { readonly value?: Uint8Array | undefined }): void {
    if (!connection.isClosed) {
      decode(value);
    }
  }

  function idleMs(): number {
    return (options.idleTimeoutMs ?? heartbeatMs * 2.5) || 0;
  }

  function onBroken(cause: { readonly cause?: { readonly code?: string } } | undefined): never {
    const at = { ...context(), cause };
    // Node's `fetch` fails with "terminated" after 300 s without data. With an idle timeout, this is one.
    throw idleMs() && cause?.cause?.code === "UND_ERR_BODY_TIMEOUT"
      ? new TimeoutError("idle", 300_000, at)
      : new NetworkError(`the connection was lost: ${cause?.cause ?? cause}`, at);
  }

  /** Reads the promises of the opening comment: `sse/1 heartbeat=15000 end cursor=1-0`. */
  function readPromises(comment: string): void {
    connection.promisesEnd ||= / end( |$)/.test(comment);
    heartbeatMs = Number(/ heartbeat=(\d+)/.exec(comment)?.[1] ?? 0);
    connection.beginning = / cursor=([!-~]+)/.exec(comment)?.[1];
    idleTimer?.stop();
    idleTimer = undefined;
  }

  const connection = {
    format: undefined as EventPlace["format"] | undefined,
    promisesEnd,
    beginning: undefined as string | undefined,
    isClosed: false,

    async open(): Promise<Response> {
      const connectMs = options.connectTimeoutMs ?? options.timeoutMs;
      const send = async (): Promise<Response> => {
        const response = await open({ ...context(), signal });
        body = response.body;
        // A response that is too late, since `fetch` ignores its signal.
        if (signal.aborted) {
          connection.close();
        }
        return response;
      };
      const response = await waiter.wait(send, connectMs, () => fail("connect", connectMs));
      const { status, headers } = response;
      if (status === 204) {
        return response;
      }
      const contentType = headers.get("content-type") ?? "";
      const format = status === 200 ? streamFormat(contentType) : undefined;
      if (!format || !body) {
        const expected = format
          ? 'a body that can be read as it arrives (in React Native, pass the fetch of "expo/fetch")'
          : options.format === "jsonl"
            ? "application/jsonl"
            : "text/event-stream";
        const text = await waiter.wait(() => readText(response, 1024));
        throw new ContentTypeError(expected, response, text, context());
      }
      const add = (found: RawEvent | Mark) => queue.push(found);
      if (format === "sse") {
        decode = createSseDecoder(add, maxEventBytes, cursor);
      } else {
        // Empty lines and `{"@end":{}}` are control frames.
        const hasControls = /;\s*profile="?sse-1"?\s*(;|$)/i.test(contentType);
        decode = createJsonLinesDecoder(add, maxEventBytes, rule.errorEvent ?? "error", hasControls);
        if (hasControls) {
          connection.promisesEnd = true;
          heartbeatMs = rule.heartbeatMs ?? 0;
        }
      }
      connection.format = format;
      return response;
    },

    read(): Promise<void> {
      reader ??= body?.getReader();
      const ms = idleMs();
      if (ms) {
        idleTimer ??= new IdleTimer(ms, () => waiter.fail(fail("idle", ms)));
        idleTimer.touch();
      }
      return waiter.wait(readChunk);
    },

    take(): RawEvent | Mark | undefined {
      const found = queue[head++];
      if (!found) {
        queue.length = head = 0;
      } else if ("mark" in found) {
        if (found.mark === "tooLarge") {
          throw new EventTooLargeError(maxEventBytes, context());
        }
        if (found.mark === "end" && connection.promisesEnd) {
          throw new TruncatedError(context());
        }
        if (found.mark === "comment" && /^sse\/1( |$)/.test(found.text)) {
          readPromises(found.text);
        }
      }
      return found;
    },

    close(): void {
      connection.isClosed = true;
      idleTimer?.stop();
      // Rejects if the connection broke or the body has another reader: then there is nothing to cancel.
      (reader ?? body)?.cancel().catch(ignore);
      abort.abort();
    },
  };
  return connection;
}

/** The format of a body, by its `Content-Type` without parameters; undefined if it is not a stream. */
export function streamFormat(contentType: string | null): "sse" | "jsonl" | undefined {
  const [, sse, jsonl] =
    /^\s*(?:(text\/event-stream)|(application\/(?:x-)?(?:jsonl|ndjson)))\s*(?:;|$)/i.exec(contentType ?? "") ?? [];
  return sse ? "sse" : jsonl ? "jsonl" : undefined;
}
