import { IdleTimer } from "../../shared/timer.js";
import type { CancelledError } from "../errors/cancelled-error.js";

/** The call that a body belongs to. */
export interface BodyOwner {
  /** The number of bytes that the runtime has taken from the response body. */
  bytes: number;
  /** Whether nobody will read the response. */
  readonly clientGone: boolean;
  /** Called when the client is gone, or does not read. */
  cancel(reason: "client" | "slow-consumer"): void;
  /** Called when the body was read to the end. */
  end(): void;
}

/** What writes a body. */
export interface BodyWriter {
  /** Called whenever a chunk is asked for. */
  onWanted(): void;
}

/** Nothing is buffered: a chunk is written when the reader asks for it. */
const strategy = { highWaterMark: 0 };

/**
 * The body of a response. It buffers nothing except its end, and writes a chunk when the reader asks for one. The
 * call ends when the reader has taken all chunks: a reader asks for the next chunk when it has written the last one.
 */
export class ResponseBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #call: BodyOwner;
  readonly #writer: BodyWriter | undefined;
  readonly #unread: IdleTimer | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** What the body ends with, until it is asked for. */
  #rest: Uint8Array | undefined;
  #wanted = false;
  #ended = false;

  /** `unreadMs` is how long a chunk may wait for a reader. */
  constructor(call: BodyOwner, unreadMs: number | undefined, writer: BodyWriter | undefined) {
    this.#call = call;
    this.#writer = writer;
    if (unreadMs !== undefined) {
      this.#unread = new IdleTimer(unreadMs, () => this.#wanted || call.cancel("slow-consumer"));
      this.#unread.touch();
    }
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: () => call.cancel("client"),
      },
      strategy,
    );
  }

  /** The stream of a body whose length is known. Workers take the length from the stream, and ignore the header. */
  streamOf(length: number): ReadableStream<Uint8Array> {
    const { FixedLengthStream } = globalThis as {
      readonly FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
    };
    return FixedLengthStream ? this.stream.pipeThrough(new FixedLengthStream(length)) : this.stream;
  }

  /** Whether somebody waits for a chunk. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Whether the end is written. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the reader has everything. */
  get isTaken(): boolean {
    return this.#ended && this.#rest === undefined;
  }

  /** Writes a chunk that somebody waits for. */
  write(bytes: Uint8Array): void {
    // Before `enqueue`, which calls `pull` when another read waits already.
    this.#wanted = false;
    this.#call.bytes += bytes.byteLength;
    this.#unread?.touch();
    try {
      this.#controller?.enqueue(bytes);
    } catch {
      // A runtime tore the body down without calling `cancel`.
      this.#call.bytes -= bytes.byteLength;
      this.#call.cancel("client");
    }
  }

  /** Ends the body with these bytes. They wait until somebody asks for them. */
  end(bytes: Uint8Array): void {
    this.#ended = true;
    this.#rest = bytes.byteLength > 0 ? bytes : undefined;
    // The client may go while the call is stopped for another reason: a listener of its signal may abort the request.
    if (this.#call.clientGone) {
      this.#call.cancel("client");
    } else if (this.#wanted) {
      this.#finish();
    }
  }

  /** Ends the body at once, or breaks it with an error. */
  close(error: CancelledError | undefined): void {
    this.#ended = true;
    this.#rest = undefined;
    this.#unread?.stop();
    try {
      if (error) {
        this.#controller?.error(error);
      } else {
        this.#controller?.close();
      }
    } catch {
      // It is closed, or the runtime tore it down.
    }
  }

  #pull(): void {
    this.#wanted = true;
    if (this.#ended) {
      this.#finish();
    } else {
      this.#writer?.onWanted();
    }
  }

  #finish(): void {
    const rest = this.#rest;
    if (rest) {
      this.#rest = undefined;
      this.write(rest);
    } else {
      this.close(undefined);
      this.#call.end();
    }
  }
}

/**
 * Headers that only the runtime sets. `Connection` and `Transfer-Encoding` break HTTP/2, and a handler does not know
 * the length or the coding of a body that it did not write.
 */
const reserved = ["Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Encoding"];

/** Headers as `Response` accepts them. A plain object is the cheaper one. */
export type ResponseHeaders = Headers | Record<string, string>;

/** The headers of a response: those of the runtime, and those that the handler set unless they are reserved. */
export function toHeaders(own: Headers | undefined, set: Record<string, string>): ResponseHeaders {
  if (own === undefined) {
    return set;
  }
  const headers = new Headers(own);
  for (const name of reserved) {
    headers.delete(name);
  }
  for (const [name, value] of Object.entries(set)) {
    if (name === "Vary") {
      addVary(headers, value);
    } else {
      headers.set(name, value);
    }
  }
  return headers;
}

/** Declares that the response depends on a request header as well (RFC 9110, section 12.5.5). */
function addVary(headers: Headers, name: string): void {
  const names = headers
    .get("Vary")
    ?.toLowerCase()
    .split(/\s*,\s*/);
  if (!names?.includes(name.toLowerCase())) {
    headers.append("Vary", name);
  }
}

/**
 * The headers of a failure before the head, from those of its error and those of the handler. Caches may keep a 404 or 410
 * by default (RFC 9110, section 15.1), so `no-store` is set unless the error sets `Cache-Control` itself.
 */
export function toErrorHeaders(headers: Headers, own: Headers | undefined): Headers {
  const merged = new Headers(own);
  merged.set("Cache-Control", "no-store");
  if (headers.has("Cache-Control")) {
    merged.delete("Cache-Control");
  }
  headers.forEach((value, name) => {
    merged.append(name, value);
  });
  return merged;
}
