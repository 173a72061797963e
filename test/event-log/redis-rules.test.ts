/** What Redis does not tell of lost events, and how the log finds it; durability, clusters and connections. */
import { once } from "node:events";
import { type AddressInfo, connect as connectTo, createServer, type Socket } from "node:net";
import { Cluster, Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { RedisCalls } from "../../templates/typescript/redis/redis-calls.js";
import type { RedisAccess } from "../../templates/typescript/redis/redis-client.js";
import { createRedisEventLog, type RedisClient } from "../../templates/typescript/redis-event-log.js";
import type { CursorError, Entry, EventLog } from "../../templates/typescript/server.js";
import { testEventLog } from "../../templates/typescript/testing/event-log-suite.js";
import { type BackendServer, describeWith, startRedisServer } from "./servers.js";

const stream = "{sse:t}:log";

async function startServer(...args: string[]): Promise<{ server: BackendServer; redis: Redis }> {
  const server = await startRedisServer(args);
  const redis = connect(server.port);
  onTestFinished(() => server.close());
  return { server, redis };
}

function connect(port: number): Redis {
  const redis = new Redis(port, "127.0.0.1", { retryStrategy: () => 20 });
  redis.on("error", () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

function openLog(options: Parameters<typeof createRedisEventLog>[0]): EventLog {
  const log = createRedisEventLog(options);
  onTestFinished(() => log.close());
  return log;
}

async function append(log: EventLog, ...texts: string[]): Promise<string[]> {
  const cursors: string[] = [];
  for (const text of texts) {
    cursors.push(await log.append("t", new TextEncoder().encode(text)));
  }
  return cursors;
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));
const idOf = (cursor: string | undefined) => cursor?.replace(/-[^-]*$/, "") ?? "";
const textsOf = (entries: readonly Entry[]) => entries.map(({ data }) => new TextDecoder().decode(data));

/** What a tail is told. */
async function follow(log: EventLog, after: string): Promise<{ texts: string[]; failure: Promise<CursorError> }> {
  const texts: string[] = [];
  const failure = new Promise<CursorError>((resolve, reject) => {
    log
      .tail("t", after, {
        entries: (entries) => texts.push(...textsOf(entries)),
        failed: (error) => resolve(error as CursorError),
      })
      .catch(reject);
  });
  return { texts, failure };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describeWith("redis-server", "what Redis does not tell", () => {
  test("XREAD after a trimmed id gives the next survivor, and the log refuses the cursor", async () => {
    const { redis } = await startServer();
    const log = openLog({ client: redis, keep: { events: 200 } });
    const [first] = await append(log, ...numbers(1000));
    const [[, rows]] = (await redis.xread("STREAMS", stream, idOf(first))) as [[string, [string, string[]][]]];
    expect(rows.length).toBeLessThan(400);
    await expect(log.read("t", first ?? "", 10)).rejects.toMatchObject({ code: 11, reason: "trimmed" });
    await expect(log.tail("t", first ?? "", { entries: () => {}, failed: () => {} })).rejects.toMatchObject({
      reason: "trimmed",
    });
    // What would show that entries are gone shows nothing.
    const info = (await redis.xinfo("STREAM", stream)) as unknown[];
    expect(info[info.indexOf("max-deleted-entry-id") + 1]).toBe("0-0");
  });

  test("a client of ioredis may pipeline by itself", async () => {
    const { server } = await startServer();
    const redis = new Redis(server.port, "127.0.0.1", { enableAutoPipelining: true });
    onTestFinished(() => redis.disconnect());
    const log = openLog({ client: redis });
    const tail = await follow(log, (await append(log, "one"))[0] ?? "");
    await Promise.all([append(log, "two"), redis.incr("n"), append(log, "three")]);
    await until(() => tail.texts.length === 2);
    expect(tail.texts.sort()).toEqual(["three", "two"]);
  });

  test("XREAD after an id from the future waits in silence, and the log refuses the cursor", async () => {
    const { redis } = await startServer();
    const log = openLog({ client: redis });
    const [cursor = ""] = await append(log, "one");
    const future = cursor.replace(/^\d+/, (time) => String(Number(time) + 60_000));
    const waiting = connect(redis.options.port ?? 0).xread("BLOCK", 100, "STREAMS", stream, idOf(future));
    await append(log, "two");
    expect(await waiting).toBeNull();
    await expect(log.read("t", future, 10)).rejects.toMatchObject({ code: 11, reason: "future" });
  });

  test("a crash loses entries: their numbers are given again, their ids are not", async () => {
    const { server, redis } = await startServer("--save", "");
    const log = openLog({ client: redis });
    const kept = await append(log, ...numbers(10));
    await redis.save();
    const tail = await follow(log, kept[9] ?? "");
    const lost = await append(log, ...numbers(5));
    await until(() => tail.texts.length === 5);
    await server.stop("SIGKILL");
    await server.start();
    await until(() => redis.status === "ready");
    await append(log, ...Array.from({ length: 6 }, (_, n) => `other ${n}`));
    const [[, [, number, , data]]] = (await redis.xrange(stream, "-", "+")).slice(14) as [[string, string[]]];
    expect([number, data]).toEqual(["15", "other 4"]);
    for (const cursor of lost) {
      await expect(log.read("t", cursor, 10)).rejects.toMatchObject({ code: 11, reason: "unknown" });
    }
    expect(textsOf(await log.read("t", kept[9] ?? "", 10))[0]).toBe("other 0");
    // Before or after the others were written.
    expect(["future", "unknown"]).toContain((await tail.failure).reason);
    expect(tail.texts).toEqual(numbers(5));
  });

  test("a stream is lost, and nothing is written to it: the tail still fails", async () => {
    const { redis } = await startServer();
    const log = openLog({ client: redis });
    const [cursor = ""] = await append(log, "one");
    const tail = await follow(log, cursor);
    await until(async () => String(await redis.client("LIST")).includes("cmd=xread"));
    await redis.del(stream);
    expect(await tail.failure).toMatchObject({ code: 11, reason: "future" });
  });

  test("entries that are trimmed before the tail has read them end the tail", async () => {
    const { redis } = await startServer();
    const log = openLog({ client: redis });
    const [cursor = ""] = await append(log, "one");
    const tail = await follow(log, cursor);
    await until(async () => String(await redis.client("LIST")).includes("cmd=xread"));
    await redis.multi().incrby("{sse:t}:n", 5).xadd(stream, "*", "n", "7", "d", "seven").exec();
    expect(await tail.failure).toMatchObject({ code: 11, reason: "behind" });
    expect(tail.texts).toEqual([]);
  });
});

describeWith("redis-server", "a log on Redis", () => {
  test("needs two connections, whatever the number of topics", async () => {
    const { redis } = await startServer();
    const admin = connect(redis.options.port ?? 0);
    const log = openLog({ client: redis });
    const counts = async () =>
      String(await admin.client("LIST"))
        .trim()
        .split("\n").length - 1;
    const stops: (() => void)[] = [];
    for (let n = 0; n < 200; n++) {
      stops.push(await log.tail(`t${n}`, await log.tip(`t${n}`), { entries: () => {}, failed: () => {} }));
    }
    expect(await counts()).toBe(2);
    for (const stop of stops) {
      stop();
    }
    await until(async () => (await counts()) === 1);
  });

  test("sends appends that are made together in one write", async () => {
    const { redis } = await startServer();
    const log = openLog({ client: redis });
    await append(log, "first"); // Now Redis knows the script.
    const together = vi.spyOn(redis.stream, "_writev");
    await Promise.all(numbers(10).map((text) => append(log, text)));
    expect(together.mock.calls.map(([commands]) => commands.length)).toEqual([10]);
    expect(redis.stream.writableCorked).toBe(0);
  });

  test("trims by age, but never the last entry", async () => {
    const { redis } = await startServer();
    const cursors = await append(openLog({ client: redis, keep: { ms: 1000 } }), ...numbers(300));
    await until(async () => Number((await redis.time())[0]) * 1000 - Number.parseInt(cursors[299] ?? "", 10) > 1100);
    // Another node, as one trims a topic once a minute.
    const log = openLog({ client: redis, keep: { ms: 1000 } });
    await append(log, "new");
    expect(await redis.xlen(stream)).toBeLessThanOrEqual(101);
    await expect(log.read("t", cursors[0] ?? "", 10)).rejects.toMatchObject({ reason: "trimmed" });
    expect(textsOf(await log.read("t", cursors[299] ?? "", 10))).toEqual(["new"]);
  });

  test("confirms with replicas, and rejects where they are too few", { timeout: 30_000 }, async () => {
    const { server, redis } = await startServer("--repl-diskless-sync-delay", "0");
    const replica = await startRedisServer(["--replicaof", "127.0.0.1", String(server.port)]);
    onTestFinished(() => replica.close());
    await until(async () => /state=online/.test(await redis.info("replication")));
    const log = openLog({ client: redis, keep: { replicas: 1 } });
    await Promise.all(numbers(100).map((text) => append(log, text)));
    expect(await connect(replica.port).xlen(stream)).toBe(100);
    await replica.stop("SIGKILL");
    await expect(append(log, "alone")).rejects.toThrow("0 replicas have the entry, 1 must have it");
  });

  test("works with a prefix of the client", async () => {
    const { server } = await startServer();
    const client = new Redis(server.port, "127.0.0.1", { keyPrefix: "app:" });
    onTestFinished(() => client.disconnect());
    const log = openLog({ client });
    const tail = await follow(log, await log.tip("t"));
    await append(log, "one", "two");
    await until(() => tail.texts.length === 2);
    expect(await client.keys("*")).toContain(`app:${stream}`);
  });

  test("waits on the connection that it is given", async () => {
    const { redis } = await startServer();
    const blocking = redis.duplicate();
    onTestFinished(() => blocking.disconnect());
    const log = openLog({ client: redis, blocking });
    const tail = await follow(log, await log.tip("t"));
    await append(log, "one");
    await until(() => tail.texts.length === 1);
    expect(
      String(await redis.client("LIST"))
        .trim()
        .split("\n"),
    ).toHaveLength(2);
  });

  test.each(["ioredis", "redis"])(
    "gives up a connection that stays silent, with %s",
    { timeout: 30_000 },
    async (library) => {
      const { redis } = await startServer();
      const sockets: Socket[] = [];
      let isSilent = false;
      const proxy = createServer((socket) => {
        sockets.push(socket.on("error", () => {}));
        if (!isSilent) {
          const upstream = connectTo(redis.options.port ?? 0, "127.0.0.1").on("error", () => {});
          socket.pipe(upstream).pipe(socket);
          socket.on("close", () => upstream.destroy());
        }
      }).listen(0, "127.0.0.1");
      await once(proxy, "listening");
      onTestFinished(() => {
        proxy.close();
        for (const socket of sockets) {
          socket.destroy();
        }
      });
      const { port } = proxy.address() as AddressInfo;
      const client =
        library === "ioredis" ? connect(port) : await createClient({ socket: { port, host: "127.0.0.1" } }).connect();
      if ("destroy" in client) {
        onTestFinished(() => client.destroy());
      }
      const log = openLog({ client: client as RedisClient });
      const tail = await follow(log, await log.tip("t"));
      await append(log, "one");
      await until(() => tail.texts.length === 1);
      // The first connection is for commands. The next ones are accepted, and no more.
      isSilent = true;
      sockets[1]?.destroy();
      await until(() => sockets.length === 3);
      isSilent = false;
      await append(log, "two");
      await until(() => tail.texts.length === 2);
      expect(sockets).toHaveLength(4);
    },
  );

  test("survives a restart of the server, which forgets scripts", async () => {
    const { redis } = await startServer();
    const log = openLog({ client: redis });
    await append(log, "one");
    await redis.script("FLUSH");
    await append(log, "two");
  });

  test("refuses wrong options", () => {
    const client = {} as RedisClient;
    expect(() => createRedisEventLog({ client })).toThrow("option client is no Redis client: give a client of ioredis");
    const redis = new Redis({ lazyConnect: true });
    expect(() => createRedisEventLog({ client: redis, keep: { events: 0 } })).toThrow("option keep.events is 0");
    expect(() => createRedisEventLog({ client: redis, keep: { ms: Number.NaN } })).toThrow("option keep.ms is NaN");
    const cluster = new Cluster([{ port: 1 }], { lazyConnect: true });
    expect(() => createRedisEventLog({ client: cluster, blocking: redis })).toThrow(
      "option blocking is not for a cluster: leave it out",
    );
  });
});

describeWith("redis-server", "the suite on a cluster", () => {
  describe.each(["ioredis", "redis"])("with %s", (library) => {
    test("of three primaries", { timeout: 120_000 }, async () => {
      const servers = await startCluster();
      const address = { host: "127.0.0.1", port: servers[0]?.port ?? 0 };
      const { client, close } = library === "ioredis" ? openIoRedis(address) : await openNodeRedis(address);
      onTestFinished(close);
      const cases = testEventLog(({ store, keep }) => createRedisEventLog({ client, prefix: `${store}:`, keep }), {
        shared: true,
      });
      for (const { name, run } of cases) {
        await run().catch((cause) => {
          throw new Error(name, { cause });
        });
      }
    });

    test("that loses a primary: the tail goes on at its replica", { timeout: 60_000 }, async () => {
      const servers = await startCluster();
      const address = { host: "127.0.0.1", port: servers[1]?.port ?? 0 };
      const { client, close } = library === "ioredis" ? openIoRedis(address) : await openNodeRedis(address);
      onTestFinished(close);
      const log = openLog({ client });
      const [first = ""] = await append(log, "first");
      const nodes = servers.map(({ port }) => connect(port));
      const counts = await Promise.all(nodes.map((node) => node.dbsize()));
      const owner = counts.findIndex((count) => count > 0);
      const replica = await startReplica(servers, owner);
      const tail = await follow(log, first);
      await append(log, "second");
      await until(() => tail.texts.length === 1);
      await until(async () => (await replica.info("replication")).includes("master_link_status:up"));
      const offset = async (node: Redis | undefined) =>
        /master_repl_offset:\d+/.exec((await node?.info("replication")) ?? "")?.[0];
      await until(async () => (await offset(replica)) === (await offset(nodes[owner])));
      await servers[owner]?.stop("SIGKILL");
      await replica.call("cluster", "failover", "takeover");
      await until(() => append(log, "third").then(Boolean, () => false));
      await until(() => tail.texts.includes("third"));
      expect(tail.texts[0]).toBe("second");
    });
  });
});

function openIoRedis(address: { host: string; port: number }) {
  const client = new Cluster([address]);
  return { client, close: () => client.disconnect() };
}

async function openNodeRedis(address: { host: string; port: number }) {
  const client = createCluster({ rootNodes: [{ socket: address }] });
  await client.connect();
  return { client, close: () => client.destroy() };
}

/** One more server of a cluster, which copies one of its primaries. */
async function startReplica(servers: readonly BackendServer[], owner: number): Promise<Redis> {
  const server = await startRedisServer(["--cluster-enabled", "yes", "--repl-diskless-sync-delay", "0"]);
  onTestFinished(() => server.close());
  const replica = connect(server.port);
  const primary = connect(servers[owner]?.port ?? 0);
  await replica.call("cluster", "meet", "127.0.0.1", servers[owner]?.port ?? 0);
  const id = String(await primary.call("cluster", "myid"));
  await until(() => replica.call("cluster", "replicate", id).then(Boolean, () => false));
  return replica;
}

/** Three primaries, which share the slots. */
async function startCluster(): Promise<BackendServer[]> {
  const servers = await Promise.all([1, 2, 3].map(() => startRedisServer(["--cluster-enabled", "yes"])));
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });
  const nodes = servers.map(({ port }) => connect(port));
  for (const [i, node] of nodes.entries()) {
    const [from, to] = [Math.ceil((16_384 * i) / 3), Math.ceil((16_384 * (i + 1)) / 3) - 1];
    await node.call("cluster", "addslotsrange", from, to);
    await node.call("cluster", "set-config-epoch", i + 1);
  }
  for (const { port } of servers.slice(1)) {
    await nodes[0]?.call("cluster", "meet", "127.0.0.1", port);
  }
  await until(async () => {
    const infos = await Promise.all(nodes.map((node) => node.call("cluster", "info")));
    return infos.every((info) => /cluster_state:ok/.test(String(info)) && /known_nodes:3/.test(String(info)));
  });
  return servers;
}

test("a tail that was rejected is forgotten", async () => {
  const client: RedisClient = {
    status: "ready",
    slots: [],
    nodes: () => [],
    callBuffer: async (command) => (/range$/.test(command) ? [] : null),
  };
  const log = createRedisEventLog({ client });
  const failures: unknown[] = [];
  const listener = { entries: () => {}, failed: (error: unknown) => void failures.push(error) };
  await expect(log.tail("t", await log.tip("t"), listener)).rejects.toThrow("has no server");
  await log.close();
  expect(failures).toEqual([]);
});

test("a clock that is set does not end calls that wait", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const calls = new RedisCalls({} as RedisAccess);
  const call = calls.within(new Promise(() => {}));
  let error: unknown;
  call.catch((cause) => {
    error = cause;
  });
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(4000);
  expect(error).toBeUndefined();
  vi.setSystemTime(Date.now() - 7_200_000);
  await vi.advanceTimersByTimeAsync(2000);
  expect(error).toMatchObject({
    message: "Redis did not answer within 5000 ms: the command may have been carried out",
  });
});

test("the types of clients are those of the libraries", () => {
  const clients: readonly RedisClient[] = [
    new Redis({ lazyConnect: true }),
    createClient(),
    createClient({ RESP: 2 }),
    createCluster({ rootNodes: [] }),
  ];
  expect(clients).toHaveLength(4);
});
