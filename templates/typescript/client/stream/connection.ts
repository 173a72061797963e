import { ContentTypeError, type ErrorContext, NetworkError, TimeoutError } from "../request/errors.js";
import { readText } from "../request/read-text.js";
import { ignore, type Waiter } from "../request/waiter.js";
import { streamFormat } from "./stream-format.js";
import type { StreamOptions } from "./stream-options.js";
import type { StreamAttempt, StreamSource } from "./stream-source.js";

/** One request of a stream, and the body of its response. */
export interface Connection {
  /** Sends the request. The format is undefined for a 204, which has no body to read. */
  open(): Promise<{ readonly response: Response; readonly format: "sse" | "jsonl" | undefined }>;
  /** The next bytes; undefined at the end of the body. Fails after a silence of `idleMs`. */
  read(idleMs: number | undefined): Promise<Uint8Array | undefined>;
  /** Lets go of the request and of the body. */
  close(): void;
}

/** Makes a connection, which sends nothing before it is opened. `context` says where the stream is. */
export function createConnection(
  source: StreamSource<unknown>,
  options: StreamOptions,
  { wait }: Waiter,
  context: () => ErrorContext & Omit<StreamAttempt, "signal">,
): Connection {
  const abort = new AbortController();
  const { signal } = abort;
  let body: Response["body"] | undefined;
  // By its shape: the reader of `Response["body"]` is another type than the global one with the types of Bun.
  let reader: { read(): Promise<{ value?: Uint8Array | undefined }>; cancel(): Promise<unknown> } | undefined;

  function close(): void {
    // Where the connection broke, or somebody else reads the body, there is nothing to let go of.
    (reader ?? body)?.cancel().catch(ignore);
    abort.abort();
  }

  function limit<V>(work: () => Promise<V>, kind: "connect" | "idle", ms?: number): Promise<V> {
    return wait(work, ms, () => new TimeoutError(kind, Number(ms), context()));
  }

  return {
    close,

    async open() {
      const opening = async (): Promise<Response> => {
        const response = await source.open({ ...context(), signal });
        body = response.body;
        // One that comes too late, since `fetch` ignores its signal.
        if (signal.aborted) {
          close();
        }
        return response;
      };
      const response = await limit(opening, "connect", options.connectTimeoutMs ?? options.timeoutMs);
      if (response.status === 204) {
        return { response, format: undefined };
      }
      const format = response.status === 200 ? streamFormat(response.headers.get("content-type")) : undefined;
      if (format && response.body) {
        return { response, format };
      }
      const expected = format
        ? 'a body that can be read as it arrives (in React Native, pass the fetch of "expo/fetch")'
        : options.format === "jsonl"
          ? "application/jsonl"
          : "text/event-stream";
      const text = await limit(() => readText(response, 1024), "connect");
      throw new ContentTypeError(expected, response, text, context());
    },

    async read(idleMs) {
      reader ??= body?.getReader();
      const reading = reader?.read().catch((cause) => {
        const at = { ...context(), cause };
        // After 300 s of silence Node's `fetch` gives a body up, saying "terminated". Who asked to be told of
        // silence is told as of any other.
        throw idleMs && cause?.cause?.code === "UND_ERR_BODY_TIMEOUT"
          ? new TimeoutError("idle", 300_000, at)
          : new NetworkError(`the connection was lost: ${cause?.cause ?? cause}`, at);
      });
      return reading && (await limit(() => reading, "idle", idleMs)).value;
    },
  };
}
