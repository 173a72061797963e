import { connect, type Socket } from "node:net";

/** One HTTP/1.1 exchange on a socket of its own, byte for byte as it comes. */
export interface RawExchange {
  readonly socket: Socket;
  /** Everything that came: head, chunk sizes and all. */
  text(): string;
  /** Waits until a text has come. Fails when the connection ends without it. */
  until(text: string): Promise<void>;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
}

/** Sends a request. With `read: false` the client reads nothing, so that the kernel's buffers fill up. */
export function rawRequest(port: number, head: readonly string[], body = "", read = true): RawExchange {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) {
      look();
    }
  };
  socket.setEncoding("utf8");
  socket.on("error", () => {});
  if (read) {
    socket.on("data", (text: string) => {
      received += text;
      wake();
    });
  } else {
    socket.pause();
  }
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      resolve();
      wake();
    });
  });
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  socket.write(`${[...head, "Host: localhost", ...length].join("\r\n")}\r\n\r\n${body}`);
  return {
    socket,
    text: () => received,
    closed,
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (received.includes(text)) {
            waiting.delete(look);
            resolve();
          } else if (socket.destroyed) {
            waiting.delete(look);
            reject(new Error(`the connection ended without ${JSON.stringify(text)} after ${JSON.stringify(received)}`));
          }
        };
        waiting.add(look);
        look();
      }),
  };
}
