/** Event logs on real servers, and what a test does to them. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { createNatsEventLog } from "../../templates/typescript/nats-event-log.js";
import { createRedisEventLog } from "../../templates/typescript/redis-event-log.js";
import type { EventLog, Retention } from "../../templates/typescript/server.js";
import { type BackendServer, type ServerCommand, startNatsServer, startRedisServer } from "./servers.js";

export interface Backend {
  readonly server: BackendServer;
  /** Opens the log of one more node, with connections of its own. It is closed with the test. */
  open(keep?: Retention): Promise<EventLog>;
  /** Breaks the connections over which nodes are told of entries. */
  cutTail(): Promise<void>;
  /** Removes all entries, and nothing else. */
  purge(): Promise<void>;
  /** Removes the topic as if it had never been. */
  drop(topic: string): Promise<void>;
  /** Saves what is there, so that `rollBack` brings it back. */
  save(): Promise<void>;
  /** Loses what was appended after `save`: a crash, and a start from what was saved. */
  rollBack(): Promise<void>;
}

/** Has something done when a test is over. */
type OnEnd = (end: () => void | Promise<void>) => void;

export interface BackendKind {
  readonly name: string;
  readonly library: string;
  readonly command: ServerCommand;
  start(onEnd: OnEnd): Promise<Backend>;
}

export const backendKinds: readonly BackendKind[] = [
  {
    name: "Redis with ioredis",
    library: "ioredis",
    command: "redis-server",
    start: (onEnd) => startRedis("ioredis", onEnd),
  },
  { name: "Redis with redis", library: "redis", command: "redis-server", start: (onEnd) => startRedis("redis", onEnd) },
  { name: "NATS", library: "nats", command: "nats-server", start: startNats },
];

/** Opens the log of a node with connections of its own. */
export async function openEventLog(
  library: string,
  port: number,
  keep: Retention | undefined,
  onEnd: OnEnd,
): Promise<EventLog> {
  const log = await open(library, port, keep, onEnd);
  onEnd(() => log.close());
  return log;
}

async function open(library: string, port: number, keep: Retention | undefined, onEnd: OnEnd): Promise<EventLog> {
  if (library === "nats") {
    const connection = await connectNats(port, onEnd);
    return createNatsEventLog({
      jetstream: jetstream(connection),
      manager: await jetstreamManager(connection),
      keep,
    });
  }
  if (library === "redis") {
    const client = createClient({ socket: { port, host: "127.0.0.1", reconnectStrategy: 20 } });
    client.on("error", () => {});
    await client.connect();
    onEnd(() => client.destroy());
    return createRedisEventLog({ client, keep });
  }
  const client = new Redis(port, "127.0.0.1", { retryStrategy: () => 20 });
  client.on("error", () => {});
  onEnd(() => client.disconnect());
  return createRedisEventLog({ client, keep });
}

async function connectNats(port: number, onEnd: OnEnd): Promise<NatsConnection> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    reconnectTimeWait: 20,
    reconnectJitter: 0,
    maxReconnectAttempts: -1,
  });
  onEnd(() => connection.close());
  return connection;
}

async function startRedis(library: string, onEnd: OnEnd): Promise<Backend> {
  const server = await startRedisServer(["--appendonly", "yes", "--appendfsync", "always"]);
  onEnd(() => server.close());
  const backups = mkdtempSync(join(tmpdir(), "redis-backup-"));
  onEnd(() => rmSync(backups, { recursive: true, force: true }));
  const run = async (command: string, ...args: string[]) => {
    const admin = new Redis(server.port, "127.0.0.1");
    try {
      return await admin.call(command, args);
    } finally {
      admin.disconnect();
    }
  };
  return {
    server,
    open: (keep) => openEventLog(library, server.port, keep, onEnd),
    async cutTail() {
      for (const line of String(await run("client", "list"))
        .split("\n")
        .filter((line) => line.includes("cmd=xread"))) {
        await run("client", "kill", "id", /id=(\d+)/.exec(line)?.[1] ?? "");
      }
    },
    purge: async () => void (await run("flushall")),
    drop: async (topic) => void (await run("del", `{sse:${topic}}:log`, `{sse:${topic}}:n`)),
    save: async () => copy(server.folder, backups),
    async rollBack() {
      await server.stop("SIGKILL");
      copy(backups, server.folder);
      await server.start();
    },
  };
}

async function startNats(onEnd: OnEnd): Promise<Backend> {
  const server = await startNatsServer();
  onEnd(() => server.close());
  const backups = mkdtempSync(join(tmpdir(), "nats-backup-"));
  onEnd(() => rmSync(backups, { recursive: true, force: true }));
  const manage = async <T>(call: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>) => {
    const connection = await connectNats(server.port, () => {});
    try {
      return await call(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  };
  return {
    server,
    open: (keep) => openEventLog("nats", server.port, keep, onEnd),
    // The server cannot break one connection alone.
    async cutTail() {
      await server.stop();
      await server.start();
    },
    purge: () => manage(async ({ streams }) => void (await streams.purge("SSE"))),
    drop: () => manage(async ({ streams }) => void (await streams.delete("SSE"))),
    async save() {
      await server.stop();
      copy(server.folder, backups);
      await server.start();
    },
    async rollBack() {
      await server.stop("SIGKILL");
      copy(backups, server.folder);
      await server.start();
    },
  };
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}
