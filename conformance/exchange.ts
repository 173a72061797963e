/** An HTTP client that shows what came, byte for byte: over a socket for HTTP/1.1, and `node:http2` for h2c. */
import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import type { Readable } from "node:stream";

export type Protocol = "http/1.1" | "h2c";

export interface RawRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the length of the body is not told in advance. */
  readonly chunked: boolean;
}

export interface Head {
  readonly status: number;
  /** By their names in lower case. Those of the framing of HTTP/1.1 are left out, and `Date`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that was sent. */
export interface Exchange {
  readonly head: Promise<Head>;
  /**
   * The next chunk of the body as the server framed it, or undefined at its end. Nothing is read from the connection between
   * two calls. Rejects if the connection breaks.
   */
  next(): Promise<Buffer | undefined>;
  /** Closes the connection, or over HTTP/2 cancels the stream. */
  leave(): void;
  /** Closes the connection. */
  close(): void;
}

/** Headers of a connection, not of a response (RFC 9112); they break HTTP/2. */
const framing = ["connection", "keep-alive", "transfer-encoding"];

export function send(url: string, protocol: Protocol, request: RawRequest): Exchange {
  return protocol === "h2c" ? sendHttp2(url, request) : sendHttp1(url, request);
}

function sendHttp1(url: string, { method, path, headers, body, chunked }: RawRequest): Exchange {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const bytes = new ByteReader(socket);
  const length = Buffer.byteLength(body ?? "");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`]),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (body !== undefined) {
    socket.write(chunked ? `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body);
  }
  let isChunked = false;
  /** The bytes of the body that are to come; of one in chunks only whether there are any. */
  let left = 0;

  async function readHead(): Promise<Head> {
    const [line = "", ...fields] = (await bytes.readUntil("\r\n\r\n")).toString("latin1").trimEnd().split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
    const got = toHeaders(fields.map((field) => field.split(/:\s*(.*)/s) as [string, string]));
    isChunked = got["transfer-encoding"] === "chunked";
    if (method !== "HEAD" && status !== 204) {
      left = isChunked ? 1 : Number(got["content-length"]);
    }
    for (const name of framing) {
      delete got[name];
    }
    return { status, headers: got };
  }

  return {
    head: quiet(readHead()),
    async next() {
      if (left === 0) {
        return undefined;
      }
      if (!isChunked) {
        const chunk = await bytes.read(left);
        left -= chunk.length;
        return chunk;
      }
      const size = Number.parseInt((await bytes.readUntil("\r\n")).toString(), 16);
      const chunk = (await bytes.readAll(size + 2)).subarray(0, size);
      left = size;
      return size === 0 ? undefined : chunk;
    },
    leave: () => socket.destroy(),
    close: () => socket.destroy(),
  };
}

function sendHttp2(url: string, { method, path, headers, body, chunked }: RawRequest): Exchange {
  const session = connectHttp2(url);
  session.on("error", () => {}); // the stream has the error, too
  const fields = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  const stream = session.request(
    {
      [constants.HTTP2_HEADER_METHOD]: method,
      [constants.HTTP2_HEADER_PATH]: path,
      ...Object.fromEntries(fields),
      ...(body !== undefined && !chunked && { "content-length": String(Buffer.byteLength(body)) }),
    },
    { endStream: body === undefined },
  );
  const chunks = new ChunkReader(stream);
  const head = new Promise<Head>((resolve, reject) => {
    stream.on("response", ({ [constants.HTTP2_HEADER_STATUS]: status, ...fields }) => {
      const headers = toHeaders(Object.entries(fields).map(([name, value]) => [name, String(value)]));
      resolve({ status: Number(status), headers });
    });
    stream.on("error", reject);
    stream.on("close", () => reject(new Error(`the stream was closed with ${stream.rstCode} before its head`)));
  });
  if (body !== undefined) {
    stream.end(body);
  }
  return {
    head: quiet(head),
    next: () => chunks.next(),
    leave: () => stream.close(constants.NGHTTP2_CANCEL),
    close: () => session.destroy(),
  };
}

/** A promise that nobody has to wait for. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function toHeaders(fields: readonly (readonly [string, string])[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (key !== "date") {
      headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    }
  }
  return headers;
}

/** A stream that HTTP/2 may have reset. */
type MaybeReset = Readable & { readonly rstCode?: number | undefined };

/** The chunks of a stream, one by one. The stream is paused while nobody waits for a chunk. */
class ChunkReader {
  readonly #stream: MaybeReset;
  readonly #chunks: Buffer[] = [];
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => {};

  constructor(stream: MaybeReset) {
    this.#stream = stream;
    stream.on("data", (chunk) => {
      this.#chunks.push(chunk);
      stream.pause();
      this.#wake();
    });
    stream.pause();
    stream.on("end", () => this.#finish(stream.rstCode ? { error: new Error(`reset with ${stream.rstCode}`) } : {}));
    stream.on("error", (error) => this.#finish({ error }));
    stream.on("close", () => this.#finish({ error: new Error("the connection was closed") }));
  }

  /** Undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        return chunk;
      }
      if (this.#end) {
        if (this.#end.error) {
          throw this.#end.error;
        }
        return undefined;
      }
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#stream.resume();
      await woken;
    }
  }

  #finish(end: { readonly error?: Error }): void {
    this.#end ??= end;
    this.#wake();
  }
}

/** The bytes of a socket. Its end is an error: the callers know how much is to come. */
class ByteReader {
  readonly #chunks: ChunkReader;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = new ChunkReader(stream);
  }

  /** Up to `max` bytes. */
  async read(max: number): Promise<Buffer> {
    if (this.#rest.length === 0) {
      await this.#more();
    }
    return this.#take(Math.min(max, this.#rest.length));
  }

  async readAll(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const part = await this.read(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Up to this text, which is included. */
  async readUntil(end: string): Promise<Buffer> {
    let at = this.#rest.indexOf(end);
    while (at < 0) {
      await this.#more();
      at = this.#rest.indexOf(end);
    }
    return this.#take(at + end.length);
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    const chunk = await this.#chunks.next();
    if (chunk === undefined) {
      throw new Error("the connection ended before the response");
    }
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }
}
