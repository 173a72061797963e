/** A node in Go and a node in TypeScript over one Redis: the same events, in the same order, with the same cursors. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { Redis } from "ioredis";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { createRedisEventLog } from "../../templates/typescript/redis-event-log.js";
import { createLogTopic, type EventLog } from "../../templates/typescript/server.js";
import { createNewsServer, watchNews } from "../../templates/typescript/testing/news.js";
import { rawRequest } from "../../templates/typescript/testing/raw-client.js";
import { serve } from "../../templates/typescript/testing/serve.js";
import { HeadlineSchema } from "../gen/news/v1/news_pb.js";
import { runGo, writeGoCode } from "../go/go.js";
import { compile, root } from "../golden.js";
import { cacheFolder } from "../golden-code.js";
import { describeIfInstalled, isCommand } from "../is-command.js";
import { type BackendServer, startRedisServer } from "./servers.js";

const cache = cacheFolder("event-log-go");
const program = join(cache, "node");

/** What a user does: the plugin's output with `event_log=redis`, that of protoc-gen-go, and a program. */
function buildGoNode(): void {
  const protoFile = compile(["proto", "test/proto"]).filter(
    ({ name }) => /^(news|sse)\//.test(name) || /^google/.test(name),
  );
  const request = create(CodeGeneratorRequestSchema, { fileToGenerate: ["news/v1/news.proto"], protoFile });
  writeGoCode(cache, "example.com/shared", request, ["event_log=redis+test"]);
  cpSync(join(import.meta.dirname, "go"), cache, { recursive: true });
  runGo(["build", "-race", "-o", program, "."], cache);
}

interface Node {
  readonly url: string;
  readonly port: number;
  publish(topic: string, text: string, key?: string): Promise<string>;
}

interface Nodes {
  readonly redis: BackendServer;
  readonly go: Node;
  readonly ts: Node;
  /** The log as the node in TypeScript has it. */
  readonly log: EventLog;
}

async function startNodes(events = 100_000): Promise<Nodes> {
  const redis = await startRedisServer();
  onTestFinished(() => redis.close());
  const client = new Redis(redis.port, "127.0.0.1");
  onTestFinished(() => client.disconnect());
  const log = createRedisEventLog({ client, keep: { events } });
  onTestFinished(() => log.close());
  const topic = (name: string) => createLogTopic(HeadlineSchema, { log, name });
  const server = createNewsServer((request, { signal, lastEventId }) =>
    topic(request.topic).subscribe({ signal, after: lastEventId }),
  );
  const { url, port } = await serve(server);
  const publish: Node["publish"] = (name, text, key) => topic(name).publish({ text }, key === undefined ? {} : { key });
  return { redis, log, go: await startGo(redis.port, events), ts: { url, port, publish } };
}

async function startGo(redisPort: number, events: number): Promise<Node> {
  const child: ChildProcess = spawn(program, [`127.0.0.1:${redisPort}`, String(events)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, "exit");
    }
    expect(errors).toBe(""); // above all no report of the race detector
  });
  const [line] = await once(child.stdout ?? child, "data");
  const url = String(line).trim();
  return {
    url,
    port: Number(new URL(url).port),
    async publish(topic, text, key = "") {
      const query = new URLSearchParams({ topic, text, key });
      const response = await fetch(`${url}/publish?${query}`, { method: "POST" });
      const answer = await response.text();
      expect([response.status, answer]).toEqual([200, answer]);
      return answer;
    },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

/** Reads all events, and goes to the other node after every few of them. */
async function hop(nodes: readonly Node[], topic: string, after: string, total: number, step: number) {
  const seen: { readonly id: string; readonly text: string }[] = [];
  const options = { lastEventId: after };
  let visits = 0;
  while (seen.length < total) {
    const { url: baseUrl = "" } = nodes[visits % nodes.length] ?? {};
    visits++;
    let left = step + (visits % 3);
    for await (const { id, text } of watchNews({ baseUrl }, { topic }, options)) {
      seen.push({ id, text });
      options.lastEventId = id;
      left--;
      if (left === 0 || seen.length === total) {
        break;
      }
    }
  }
  return { seen, visits };
}

/** What a node answers to a client that resumes. */
async function resume({ url }: Node, topic: string, cursor: string): Promise<unknown> {
  const response = await fetch(`${url}/v1/topics/${encodeURIComponent(topic)}/headlines`, {
    headers: { "Last-Event-ID": cursor },
  });
  return { status: response.status, body: await response.json() };
}

const isInstalled = isCommand("go") && isCommand("redis-server");

describeIfInstalled(isInstalled, "Go or redis-server is not installed", "a node in Go and one in TypeScript", () => {
  beforeAll(buildGoNode, 600_000);

  test("what is emitted beside the runtime passes go vet", () => {
    expect(runGo(["vet", "./..."], cache)).toBe("");
  }, 300_000);

  test("give every client all events, once and in one order, wherever they were published", async () => {
    const { go, ts, log } = await startNodes();
    const nodes = [go, ts];
    const beginning = await log.tip("load");
    const published = Promise.all(
      numbers(4).map(async (publisher, i) => {
        const cursors: [text: string, cursor: string][] = [];
        for (const n of numbers(150)) {
          const text = `${publisher} ${n}`;
          // Each publisher uses both nodes in turn.
          const node = nodes[(i + Number(n)) % 2] ?? go;
          cursors.push([text, await node.publish("load", text)]);
        }
        return cursors;
      }),
    );
    const clients = numbers(10).map((_, i) => hop(i % 2 ? [go, ts] : [ts, go], "load", beginning, 600, 5 + 7 * i));
    const all = new Map((await published).flat());
    const entries = await log.read("load", beginning, 1000);
    const order = entries.map(({ cursor }) => cursor);
    expect(order).toHaveLength(600);
    for (const { seen, visits } of await Promise.all(clients)) {
      expect(seen.map(({ id }) => id)).toEqual(order);
      expect(seen.every(({ id, text }) => all.get(text) === id)).toBe(true);
      expect(visits).toBeGreaterThan(7);
    }
    for (const publisher of numbers(4)) {
      const own = [...all].filter(([text]) => text.startsWith(`${publisher} `)).map(([, cursor]) => cursor);
      expect(order.filter((cursor) => own.includes(cursor))).toEqual(own);
    }
  }, 120_000);

  test("begin streams at the same cursor, and recognize a key that the other has seen", async () => {
    const { go, ts, log } = await startNodes();
    const begin = async ({ port }: Node) => {
      const exchange = rawRequest(port, ["GET /v1/topics/news/headlines HTTP/1.1"]);
      await exchange.until("\n:sse/1");
      await exchange.until(" end cursor=");
      await exchange.until("\n");
      exchange.socket.destroy();
      return / end cursor=(\S+)/.exec(exchange.text())?.[1];
    };
    expect(await begin(go)).toBe(await log.tip("news"));
    expect(await begin(ts)).toBe(await log.tip("news"));
    const first = await go.publish("news", "one", "k1");
    expect(await ts.publish("news", "one again", "k1")).toBe(first);
    const second = await ts.publish("news", "two", "k2");
    expect(await go.publish("news", "two again", "k2")).toBe(second);
    expect([await begin(go), await begin(ts)]).toEqual([second, second]);
  }, 60_000);

  test("have the same keys for every name of a topic", async () => {
    const { redis, go, ts } = await startNodes();
    const names = ["a", "a b", "{a}", "a}b", "a:b", "é", "日本", "🙂", "a%2Eb", "!~*'()"];
    for (const name of names) {
      const cursor = await go.publish(name, "one");
      const next = await ts.publish(name, "two");
      expect(next.split("-")[2]).toBe(cursor.split("-")[2]);
    }
    const admin = new Redis(redis.port, "127.0.0.1");
    onTestFinished(() => admin.disconnect());
    expect(await admin.dbsize()).toBe(2 * names.length);
    expect(await admin.xlen("{sse:a b}:log")).toBe(2);
  }, 60_000);

  test("refuse the same cursors, for the same reasons", async () => {
    const { go, ts, log } = await startNodes(10);
    const beginning = await log.tip("news");
    const first = await go.publish("news", "first");
    let last = first;
    for (const text of numbers(300)) {
      last = await (Number(text) % 2 ? go : ts).publish("news", text);
    }
    const other = await ts.publish("other", "one");
    const future = `9${last}`;
    const refused = {
      [beginning]: "are no longer kept",
      [first]: "are no longer kept",
      [future]: "cannot be known: the log ends before it",
      [other]: "cannot be known: the log has no such event",
      garbage: "cannot be known: the log has no such event",
    };
    for (const [cursor, reason] of Object.entries(refused)) {
      const answer = {
        status: 410,
        body: { code: 11, message: `the events after ${JSON.stringify(cursor)} ${reason}: start over` },
      };
      expect(await resume(go, "news", cursor)).toEqual(answer);
      expect(await resume(ts, "news", cursor)).toEqual(answer);
    }
  }, 60_000);

  test("end their streams with code 11 when the log is lost", async () => {
    const { redis, go, ts } = await startNodes();
    const admin = new Redis(redis.port, "127.0.0.1");
    onTestFinished(() => admin.disconnect());
    const cursor = await go.publish("news", "one");
    const ends = [go, ts].map(async ({ port }) => {
      const exchange = rawRequest(port, ["GET /v1/topics/news/headlines HTTP/1.1", "Connection: close"]);
      await exchange.until(" end cursor=");
      return exchange;
    });
    const exchanges = await Promise.all(ends);
    await admin.flushall();
    for (const exchange of exchanges) {
      await exchange.closed;
      expect(exchange.text()).toMatch(
        /event: error\ndata: \{"code":11, ?"message":"the events after .* cannot be known/,
      );
      expect(exchange.text()).toContain(cursor);
    }
  }, 60_000);

  test("append with one script", () => {
    const script = (path: string) => /`\n(if KEYS\[3\] then.*?)`/s.exec(readFileSync(join(root, path), "utf8"))?.[1];
    const typescript = script("templates/typescript/redis/redis-log.ts");
    expect(typescript).toContain("XADD");
    expect(script("templates/go/redislog/redislog.go")).toBe(typescript);
  });
});
