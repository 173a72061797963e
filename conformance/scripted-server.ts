/** A server on loopback that does with each connection what a case says, and remembers what was sent to it. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What the server does with one connection: an HTTP request, also where it shares its socket with another. */
export interface Connection {
  /** 200 unless set. With 0 the server sends no head. */
  readonly status?: number;
  /**
   * Without a `content-type`, it is `text/event-stream` for 200 and `application/json` otherwise. With
   * `connection: close`, the end of the connection is the end of the body.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the server waits before it sends the head. */
  readonly headDelayMs?: number;
  /** The parts up to a delay are one chunk. */
  readonly body?: readonly Part[];
  /** Whether each byte is a chunk of its own. */
  readonly bytewise?: boolean;
  /**
   * `end`, unless set, completes the body. `reset` sends RST, and `abort` FIN before the body is complete. After
   * `silence` the client has to close the connection.
   */
  readonly then?: "end" | "reset" | "abort" | "silence";
}

/** Text, bytes, a pause, JSON, or an event. The data of an event is JSON if it is no text. */
export type Part =
  | string
  | { readonly json: unknown }
  | { readonly hex: string }
  | { readonly delayMs: number }
  | { readonly id?: string; readonly event?: string; readonly data: unknown };

/** A request, and how long after the end of the connection before it came. */
export interface Attempt {
  readonly method: string;
  /** Without the prefix of the case. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly gapMs: number;
}

/** A case that the server plays. */
export interface Play {
  readonly baseUrl: string;
  readonly attempts: readonly Attempt[];
  /** Resolves when the client has closed each connection that the server keeps open. */
  readonly left: () => Promise<unknown>;
}

interface Playing extends Play {
  readonly connections: readonly Connection[];
  readonly attempts: Attempt[];
  readonly silent: Promise<unknown>[];
  endedAt: number;
}

export async function startScriptedServer() {
  const plays: Playing[] = [];
  const server = createServer((request, response) => {
    const [, index = "", url = ""] = /^\/(\d+)(\/.*)$/.exec(request.url ?? "") ?? [];
    const play = plays[Number(index)];
    if (play) {
      void answer(play, url, request, response);
    } else {
      request.socket.destroy();
    }
  });
  // Clients keep connections for the next case.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // of a TCP server
  return {
    play(connections: readonly Connection[]): Play {
      const baseUrl = `http://127.0.0.1:${port}/${plays.length}`;
      const silent: Promise<unknown>[] = [];
      const play = { baseUrl, connections, attempts: [], silent, endedAt: 0, left: () => Promise.all(silent) };
      plays.push(play);
      return play;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(play: Playing, url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", headers } = request;
  const gapMs = Date.now() - play.endedAt;
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const { connections, attempts, silent } = play;
  attempts.push({ method, url, headers, body: Buffer.concat(chunks).toString(), gapMs });
  const connection = connections[attempts.length - 1];
  const { socket } = request;
  if (!connection) {
    // One request too many, which the runner sees among the attempts. This status is not tried again.
    response.writeHead(400).end();
    return;
  }
  if (connection.then === "silence") {
    silent.push(new Promise((resolve) => response.once("close", resolve)));
  }
  response.once("close", () => (play.endedAt = Date.now()));
  await script(connection, response, socket);
}

async function script(connection: Connection, response: ServerResponse, socket: Socket): Promise<void> {
  const { status = 200, headers = {}, headDelayMs = 0, body = [], bytewise = false, then = "end" } = connection;
  await sleep(headDelayMs);
  if (status !== 0) {
    if (headers["connection"] === "close") {
      response.removeHeader("transfer-encoding");
    }
    const type = status === 200 ? "text/event-stream" : "application/json";
    response.writeHead(status, { "content-type": type, ...headers });
    response.flushHeaders();
  }
  let chunk: Buffer[] = [];
  const flush = async () => {
    const bytes = Buffer.concat(chunk);
    chunk = [];
    for (const piece of bytewise ? Array.from(bytes, (byte) => Buffer.of(byte)) : bytes.length ? [bytes] : []) {
      await new Promise((resolve) => response.write(piece, resolve));
    }
  };
  for (const part of body) {
    if (socket.destroyed) {
      return;
    }
    if (typeof part === "object" && "delayMs" in part) {
      await flush();
      await sleep(part.delayMs);
    } else {
      chunk.push(toBytes(part));
    }
  }
  await flush();
  if (then === "reset") {
    socket.resetAndDestroy();
  } else if (then === "abort") {
    socket.destroy();
  } else if (then === "end") {
    response.end();
  }
}

function toBytes(part: Exclude<Part, { readonly delayMs: number }>): Buffer {
  if (typeof part === "string") {
    return Buffer.from(part);
  }
  if ("hex" in part) {
    return Buffer.from(part.hex, "hex");
  }
  if ("json" in part) {
    return Buffer.from(JSON.stringify(part.json));
  }
  const { id, event, data } = part;
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    `data: ${typeof data === "string" ? data : JSON.stringify(data)}`,
  ];
  return Buffer.from(`${lines.join("\n")}\n\n`);
}
