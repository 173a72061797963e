import { createServer, type RequestListener } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "srvx/node";
import { onTestFinished } from "vitest";

/** A server of the runtime behind a real socket. */
export interface Served {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves on a port of the loopback interface until the test ends, on Node with srvx. HTTP/2 is spoken in the clear. */
export async function serve(
  server: { readonly fetch: (request: Request) => Promise<Response> },
  protocol: "http/1.1" | "h2" = "http/1.1",
): Promise<Served> {
  // srvx takes the requests of both modules; the type of its handler is a union, which neither module's is.
  const handler = toNodeHandler(server.fetch) as RequestListener &
    ((request: Http2ServerRequest, response: Http2ServerResponse) => void);
  const sessions = new Set<{ destroy(): void }>();
  const listener = protocol === "h2" ? createHttp2Server(handler) : createServer(handler);
  listener.on("session", (session: { destroy(): void }) => sessions.add(session));
  await new Promise<void>((resolve) => {
    listener.listen(0, "127.0.0.1", resolve);
  });
  const { port } = listener.address() as AddressInfo; // of a TCP server
  const close = () =>
    new Promise<void>((resolve) => {
      for (const session of sessions) {
        session.destroy();
      }
      listener.close(() => resolve());
      if ("closeAllConnections" in listener) {
        listener.closeAllConnections();
      }
    });
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}`, port, close };
}
