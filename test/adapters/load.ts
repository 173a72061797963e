/** A client that can go at any time, over HTTP/1.1 and HTTP/2. */
import { Agent, request as httpRequest } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import type { Readable, Writable } from "node:stream";
import type { Address } from "../conformance/exchange.js";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface LoadOptions {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly body?: string;
  /** What follows the body, when it is resolved. */
  readonly rest?: Promise<string>;
  /** Goes when the answer has this text; with `""` as soon as the request is sent. Without it, at the end of the answer. */
  readonly leaveAt?: string;
  /** Does not read before this is resolved. */
  readonly wait?: Promise<unknown>;
}

interface Opened {
  readonly status: Promise<number>;
  readonly body: Promise<Readable>;
  leave(): void;
}

export class Load {
  readonly #address: Address;
  readonly #agent = new Agent({ keepAlive: true });
  #session: ClientHttp2Session | undefined;
  #left = 0;

  constructor(address: Address) {
    this.#address = address;
  }

  async send(path: string, options: LoadOptions = {}): Promise<Answer> {
    const { leaveAt, wait } = options;
    const { status, body, leave } =
      this.#address.protocol === "h2" ? this.#open2(path, options) : this.#open1(path, options);
    if (leaveAt === "") {
      await body.catch(() => {});
      return { status: 0, text: "" };
    }
    const readable = await body;
    await wait;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of readable) {
        chunks.push(chunk);
        if (leaveAt !== undefined && Buffer.concat(chunks).includes(leaveAt)) {
          leave();
        }
      }
    } catch (error) {
      if (leaveAt === undefined) {
        throw error;
      }
    }
    return { status: await status, text: Buffer.concat(chunks).toString() };
  }

  close(): void {
    this.#agent.destroy();
    this.#session?.close();
  }

  #open1(path: string, { method = "GET", body, rest, leaveAt }: LoadOptions): Opened {
    const { port } = this.#address;
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    // A client that leaves closes its connection.
    const agent = leaveAt === undefined ? this.#agent : false;
    const sent = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent });
    const response = new Promise<Readable & { statusCode?: number }>((resolve, reject) => {
      sent.on("response", resolve);
      sent.on("error", reject);
    });
    // Every other one resets its connection, as a process that was killed.
    const leave = () => void (this.#left++ % 2 ? sent.destroy() : sent.socket?.resetAndDestroy());
    finish(sent, body, rest, () => {
      if (leaveAt === "") {
        setTimeout(leave, this.#left % 5);
      }
    });
    const status = response.then(({ statusCode = 0 }) => statusCode);
    status.catch(() => {});
    return { status, body: response, leave };
  }

  #open2(path: string, { method = "GET", body, rest, leaveAt }: LoadOptions): Opened {
    const own = leaveAt !== undefined;
    // A call that is left has its own connection: Node closes one on which many streams are reset, to stop attacks.
    if (!own) {
      this.#session ??= this.#connect();
    }
    const session = (!own && this.#session) || this.#connect();
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const stream = session.request({ ":path": path, ":method": method, ...headers });
    const leave = () => {
      if (this.#left++ % 2) {
        return session.destroy();
      }
      stream.close(8); // CANCEL of RFC 9113, section 7
      session.close();
    };
    finish(stream, body, rest, () => {
      if (leaveAt === "") {
        setTimeout(leave, this.#left % 5);
      }
    });
    const status = new Promise<number>((resolve, reject) => {
      stream.on("response", ({ ":status": code = 0 }) => resolve(code));
      stream.on("error", reject);
      stream.on("close", () => reject(new Error("closed without an answer")));
    });
    status.catch(() => {});
    return { status, body: status.then(() => stream), leave };
  }

  #connect(): ClientHttp2Session {
    const session = connect(`http://127.0.0.1:${this.#address.port}`);
    // Its streams report the error.
    session.on("error", () => {});
    return session;
  }
}

/** Ends a request, after the rest of its body if there is one. */
function finish(sent: Writable, body: string | undefined, rest: Promise<string> | undefined, ended: () => void): void {
  if (rest === undefined) {
    sent.end(body, ended);
  } else {
    sent.write(body);
    rest.then((text) => sent.end(text, ended));
  }
}
