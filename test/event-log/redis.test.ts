import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis-5";
import { afterAll, beforeAll, describe, test } from "vitest";
import { createRedisEventLog, type RedisClient } from "../../templates/typescript/redis-event-log.js";
import { testEventLog } from "../../templates/typescript/testing/event-log-suite.js";
import { type BackendServer, describeWith, startRedisServer } from "./servers.js";

interface OpenClient {
  readonly client: RedisClient;
  close(): void;
}

/** The libraries, in the oldest and the newest version that is supported. */
const clients: Record<string, (port: number) => Promise<OpenClient>> = {
  "ioredis 5": async (port) => ofIoRedis(new Redis5(port, "127.0.0.1")),
  "ioredis 6": async (port) => ofIoRedis(new Redis(port, "127.0.0.1")),
  "redis 5": async (port) => {
    const client = createClient5({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  "redis 6": async (port) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

function ofIoRedis(client: Redis | Redis5): OpenClient {
  return { client, close: () => client.disconnect() };
}

for (const command of ["redis-server", "valkey-server"] as const) {
  describeWith(command, `the suite on ${command}`, () => {
    let server: BackendServer | undefined;
    beforeAll(async () => {
      server = await startRedisServer([], command);
    });
    afterAll(() => server?.close());
    describe.each(Object.keys(clients))("%s", (name) => {
      let open: OpenClient | undefined;
      beforeAll(async () => {
        open = await clients[name]?.(server?.port ?? 0);
      });
      afterAll(() => open?.close());
      const cases = testEventLog(
        ({ store, keep }) => createRedisEventLog({ client: (open as OpenClient).client, prefix: `${store}:`, keep }),
        { shared: true },
      );
      for (const { name, run } of cases) {
        test(name, run);
      }
    });
  });
}
