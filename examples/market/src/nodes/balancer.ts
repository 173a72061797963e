/** Stands for the load balancer of a real set-up: takes each connection to the next node that accepts it. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Balancer {
  readonly url: string;
  /** The ports of the nodes. */
  readonly ports: number[];
  close(): void;
}

export async function startBalancer(): Promise<Balancer> {
  const ports: number[] = [];
  const sockets = new Set<Socket>();
  let turn = 0;

  function lead(client: Socket, attempts: number): void {
    const port = ports[turn++ % ports.length];
    if (port === undefined || attempts === 0) {
      client.destroy();
      return;
    }
    const node = connect(port, "127.0.0.1");
    node.once("connect", () => {
      node.removeAllListeners("error");
      for (const socket of [client, node]) {
        socket.on("error", () => {});
        socket.on("close", () => {
          client.destroy();
          node.destroy();
        });
      }
      client.pipe(node).pipe(client);
    });
    node.once("error", () => lead(client, attempts - 1));
  }

  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => {});
    client.on("close", () => sockets.delete(client));
    lead(client, ports.length);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo; // of a TCP server
  return {
    url: `http://127.0.0.1:${port}`,
    ports,
    close() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}
