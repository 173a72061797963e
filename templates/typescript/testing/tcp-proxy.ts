import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A port that leads to servers in turn, as a load balancer does, and whose connections a test can cut. */
export interface TcpProxy {
  readonly url: string;
  /** Where the next connections lead; undefined refuses them. */
  port: number | undefined;
  /** Breaks all connections. */
  cut(): void;
}

export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const { port } = proxy;
    const upstream = port === undefined ? undefined : connect(port, "127.0.0.1");
    for (const each of [socket, ...(upstream ? [upstream] : [])]) {
      sockets.add(each);
      each.on("error", () => {});
      each.on("close", () => {
        sockets.delete(each);
        socket.destroy();
        upstream?.destroy();
      });
    }
    if (upstream) {
      socket.pipe(upstream).pipe(socket);
    } else {
      socket.destroy();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port: own } = server.address() as AddressInfo; // of a TCP server
  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const proxy: TcpProxy = { url: `http://127.0.0.1:${own}`, port, cut };
  return proxy;
}
