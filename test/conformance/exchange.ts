import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Readable } from "node:stream";
import { connect as connectTls } from "node:tls";
import { constants, createGunzip } from "node:zlib";
import { waitFor } from "./wait-for.js";

/** Where a runtime listens. */
export interface Address {
  readonly protocol: "http/1.1" | "h2";
  readonly port?: number;
  readonly socketPath?: string;
  /** Over TLS, to this name; any certificate is accepted. */
  readonly serverName?: string;
}

/** One request and its answer, byte for byte as it comes. */
export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What came of the body. Only its end is kept of what is long. */
  text(): string;
  /** How many events came. */
  events(): number;
  /** Waits until a text has come. */
  until(text: string): Promise<void>;
  /** Whether the body has ended: in good order, or cut. */
  ended(): "end" | "cut" | undefined;
  /** Reads what was not read yet. */
  resume(): void;
  /** Goes away, as a client does whose tab is closed. */
  leave(): void;
}

export interface ExchangeOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** With false nothing is read until `resume`. */
  readonly read?: boolean;
}

/** Sends a request and waits for the head of its answer. Whoever can, compresses. */
export async function exchange(address: Address, path: string, options: ExchangeOptions = {}): Promise<Exchange> {
  const { read = true } = options;
  const { status, headers, raw, leave } = await (address.protocol === "h2" ? open2 : open1)(address, path, options);
  const body = headers["content-encoding"] === "gzip" ? raw.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH })) : raw;
  let tail = "";
  let count = 0;
  let ended: "end" | "cut" | undefined;
  const listen = () =>
    body.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      // A blank line ends an event; one of its two bytes may have come with the last chunk.
      count += `${tail.slice(-1)}${text}`.split("\n\n").length - 1;
      tail = (tail + text).slice(-4096);
    });
  for (const stream of new Set([raw, body])) {
    stream.on("error", () => (ended = "cut"));
  }
  body.on("end", () => (ended = "end"));
  body.on("close", () => (ended ??= "cut"));
  if (read) {
    listen();
  }
  return {
    status,
    headers,
    text: () => tail,
    events: () => count,
    ended: () => ended,
    until: (text) =>
      waitFor(
        () => tail.includes(text),
        `${JSON.stringify(text)} of ${path}`,
        () => JSON.stringify(tail),
      ),
    resume: () => void listen(),
    leave,
  };
}

interface Opened {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Readable;
  leave(): void;
}

async function open1({ port, socketPath }: Address, path: string, options: ExchangeOptions): Promise<Opened> {
  const { method = "GET", body } = options;
  const headers = { "Accept-Encoding": "gzip", ...options.headers };
  const where = socketPath === undefined ? { host: "127.0.0.1", port } : { socketPath };
  const sent = httpRequest({ ...where, path, method, headers, agent: false });
  const raw = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve);
    sent.on("error", reject);
    sent.end(body);
  });
  return { status: raw.statusCode ?? 0, headers: raw.headers, raw, leave: () => sent.destroy() };
}

/** A `fetch` that sends every request to one address. */
export function fetchFrom(address: Address): (url: string, init: RequestInit) => Promise<Response> {
  const open = address.protocol === "h2" ? open2 : open1;
  return async (url, { headers }) => {
    const { pathname } = new URL(url);
    const given = { "accept-encoding": "identity", ...Object.fromEntries(new Headers(headers)) };
    const { status, headers: received, raw } = await open(address, pathname, { headers: given });
    const type = received["content-type"] ?? "";
    return new Response(Readable.toWeb(raw) as ReadableStream, { status, headers: { "content-type": type } });
  };
}

const sessions = new Map<number | string, ClientHttp2Session>();

/** The connection to an address, which all requests share. */
function sessionOf({ port = 0, socketPath, serverName }: Address): ClientHttp2Session {
  const key = socketPath ?? port;
  const known = sessions.get(key);
  if (known !== undefined) {
    return known;
  }
  const where = socketPath === undefined ? { host: "127.0.0.1", port } : { path: socketPath };
  const session =
    serverName === undefined
      ? connect("http://127.0.0.1", { createConnection: () => connectTcp(where) })
      : connect(`https://${serverName}`, {
          createConnection: () =>
            connectTls({ ...where, servername: serverName, ALPNProtocols: ["h2"], rejectUnauthorized: false }),
        });
  session.on("error", () => {});
  sessions.set(key, session);
  return session;
}

async function open2(address: Address, path: string, options: ExchangeOptions): Promise<Opened> {
  const { method = "GET", body } = options;
  const session = sessionOf(address);
  const stream = session.request({
    ":path": path,
    ":method": method,
    // Node would add the port, which Envoy takes for a part of the name.
    ...(address.serverName !== undefined && { ":authority": address.serverName }),
    "accept-encoding": "gzip",
    ...options.headers,
  });
  const headers = await new Promise<IncomingHttpHeaders & { readonly ":status"?: number }>((resolve, reject) => {
    stream.on("response", resolve);
    stream.on("error", reject);
    stream.end(body);
  });
  return {
    status: headers[":status"] ?? 0,
    headers,
    raw: stream,
    leave: () => stream.close(CANCEL),
  };
}

/** RFC 9113, section 7. */
const CANCEL = 8;

/** Ends the HTTP/2 connection to a port or a socket. */
export function disconnect(key: number | string): void {
  sessions.get(key)?.destroy();
  sessions.delete(key);
}
