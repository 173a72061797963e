import { describe, expect, test } from "vitest";
import { HeadlineSchema } from "../../../../test/gen/news/v1/news_pb.js";
import {
  createLogTopic,
  createMemoryEventLog,
  createTopic,
  type EventLog,
  type MemoryRetention,
  type StreamContext,
} from "../../server.js";
import { createNewsServer, watchNews } from "../../testing/news.js";
import { rawRequest } from "../../testing/raw-client.js";
import { serve } from "../../testing/serve.js";
import { startTcpProxy } from "../../testing/tcp-proxy.js";
import { WatchedLog } from "../../testing/watched-log.js";

const path = "/v1/topics/AAPL/headlines";

/** A node over a log: what its topics are called, clients name. */
async function startNode(log: EventLog) {
  const server = createNewsServer(({ topic }, { signal, lastEventId }) =>
    createLogTopic(HeadlineSchema, { log, name: topic }).subscribe({ signal, after: lastEventId }),
  );
  return { server, ...(await serve(server)) };
}

function createNews(keep: MemoryRetention = {}) {
  const log = new WatchedLog(createMemoryEventLog({ keep }));
  return { log, topic: createLogTopic(HeadlineSchema, { log, name: "AAPL" }) };
}

/** The bytes that a stream begins with. */
async function begin(port: number, until: string, headers: readonly string[] = []): Promise<string> {
  const exchange = rawRequest(port, [`GET ${path} HTTP/1.1`, ...headers]);
  await exchange.until(until);
  exchange.socket.destroy();
  return exchange.text();
}

/** Waits for what another part of the process does, however long that takes. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe("the opening of a stream over a log", () => {
  test("tells where it begins", async () => {
    const { log, topic } = createNews();
    const { port } = await startNode(log);
    const beginning = await log.tip("AAPL");
    expect(await begin(port, "\n:sse/1")).toContain(`\n:sse/1 heartbeat=15000 end cursor=${beginning}\n`);
    const first = await topic.publish({ text: "one" });
    expect(await begin(port, "\n:sse/1")).toContain(`\n:sse/1 heartbeat=15000 end cursor=${first}\n`);
    await topic.publish({ text: "two" });
    const resumed = await begin(port, '"two"', [`Last-Event-ID: ${first}`]);
    expect(resumed).toContain(`\n:sse/1 heartbeat=15000 end cursor=${first}\nid: `);
  });

  test("waits for a log that is slower than the commit window", async () => {
    const { log } = createNews();
    log.before = () => new Promise((resolve) => setTimeout(resolve, 100));
    const { port } = await startNode(log);
    expect(await begin(port, "\n:sse/1")).toMatch(/\n:sse\/1 heartbeat=15000 end cursor=\S+\n/);
  });

  test("comes again with the cursor when the handler was slower than the commit window", async () => {
    const { log, topic } = createNews();
    const server = createNewsServer(
      async (_request, { signal, sleep }: StreamContext) => {
        await sleep(50);
        return topic.subscribe({ signal });
      },
      { commitWindowMs: 0 },
    );
    const { port } = await serve(server);
    const text = await begin(port, "cursor=");
    const beginning = await log.tip("AAPL");
    expect(text).toContain("\n:sse/1 heartbeat=15000 end\n");
    expect(text).toContain(`\n:sse/1 heartbeat=15000 end cursor=${beginning}\n`);
  });

  test("promises nothing for events that a handler passes on itself, unless they say where they begin", async () => {
    const { log, topic } = createNews();
    async function* wrap(context: StreamContext) {
      yield* topic.subscribe({ signal: context.signal });
    }
    const wrapped = await serve(createNewsServer((_request, context) => wrap(context)));
    expect(await begin(wrapped.port, "\n:sse/1")).toContain("\n:sse/1 heartbeat=15000 end\n");
    const placed = createNewsServer((_request, context) => Object.assign(wrap(context), { cursor: log.tip("AAPL") }));
    const { port } = await serve(placed);
    expect(await begin(port, "\n:sse/1")).toContain(`end cursor=${await log.tip("AAPL")}\n`);
    for (const cursor of ["a b", "a\nb", "", 5]) {
      const invalid = createNewsServer((_request, context) =>
        Object.assign(wrap(context), { cursor: Promise.resolve(cursor) }),
      );
      const { port } = await serve(invalid);
      expect(await begin(port, "\n:sse/1")).toContain("\n:sse/1 heartbeat=15000 end\n");
    }
    const plain = createTopic(HeadlineSchema);
    const topicServer = await serve(createNewsServer((_request, { signal }) => plain.subscribe({ signal })));
    expect(await begin(topicServer.port, "\n:sse/1")).toContain("\n:sse/1 heartbeat=15000 end\n");
  });

  test("is an empty line in JSON Lines, which have no ids", async () => {
    const { log } = createNews();
    const { port } = await startNode(log);
    const text = await begin(port, "\r\n\r\n1\r\n\n", ["Accept: application/jsonl; profile=sse-1"]);
    expect(text).not.toContain("cursor");
  });
});

describe("a client that resumes", () => {
  test("gets 410 before the head when its cursor is not kept", async () => {
    const { log, topic } = createNews({ events: 5 });
    log.before = (call) => (call === "read" ? new Promise((resolve) => setTimeout(resolve, 60)) : undefined);
    const { url } = await startNode(log);
    const first = await topic.publish({ text: "one" });
    for (let n = 0; n < 10; n++) {
      await topic.publish({ text: "more" });
    }
    for (const cursor of [first, "garbage"]) {
      const response = await fetch(url + path, { headers: { "Last-Event-ID": cursor } });
      expect(response.status).toBe(410);
      expect(await response.json()).toMatchObject({ code: 11, message: /start over/ });
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("gets 503 when the log does not answer, and 200 afterwards", async () => {
    const { log } = createNews();
    await log.close();
    const { url } = await startNode(log);
    const response = await fetch(url + path);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 14 });
  });

  test("which was cut before its first event gets what was published meanwhile, at another node", async () => {
    const { log, topic } = createNews();
    const [a, b] = [await startNode(log), await startNode(log)];
    const proxy = await startTcpProxy(a.port);
    const stream = watchNews({ baseUrl: proxy.url }, { topic: "AAPL" }, { reconnect: { initialDelayMs: 5 } });
    const next = stream.next();
    await stream.opened;
    // The opening is a part of the body.
    await until(() => stream.lastEventId !== undefined);
    expect(stream.lastEventId).toBe(await log.tip("AAPL"));
    proxy.port = undefined;
    proxy.cut();
    await until(() => stream.state === "waiting");
    const cursor = await topic.publish({ text: "meanwhile" });
    proxy.port = b.port;
    expect((await next).value).toMatchObject({ id: cursor, text: "meanwhile" });
    await topic.publish({ text: "afterwards" });
    expect((await stream.next()).value).toMatchObject({ text: "afterwards" });
    await stream.return();
  });

  test("through many cuts gets every event once, in order", async () => {
    const { log, topic } = createNews();
    const nodes = [await startNode(log), await startNode(log)];
    const proxy = await startTcpProxy(nodes[0]?.port ?? 0);
    const events = 2000;
    const stream = watchNews(
      { baseUrl: proxy.url },
      { topic: "AAPL" },
      { reconnect: { initialDelayMs: 1, maxDelayMs: 5 } },
    );
    await stream.opened;
    const publishing = (async () => {
      for (let n = 0; n < events; n++) {
        await topic.publish({ text: String(n) });
        if (n % 100 === 50) {
          await until(() => texts.length > n - 100);
          proxy.port = nodes[((n - 50) / 100) % 2]?.port;
          proxy.cut();
        }
      }
    })();
    const attempts = new Set<number>();
    const texts: string[] = [];
    for await (const { value, attempt } of stream.withMeta()) {
      attempts.add(attempt);
      texts.push(value.text);
      if (texts.length === events) {
        break;
      }
    }
    await publishing;
    expect(texts).toEqual(Array.from({ length: events }, (_, n) => String(n)));
    expect(attempts.size).toBeGreaterThan(5);
  });

  test("an EventSource has its cursor in every event, so drain hands it over without a loss", async () => {
    const { log, topic } = createNews();
    const node = await startNode(log);
    const exchange = rawRequest(node.port, [`GET ${path} HTTP/1.1`]);
    await exchange.until("cursor=");
    const cursor = await topic.publish({ text: "one" });
    await exchange.until(`id: ${cursor}\n`);
    await node.server.drain({ graceMs: 100 });
    await exchange.closed;
    expect(exchange.text()).toMatch(/retry: \d+\n/);
    expect(exchange.text()).not.toContain(":end");
  });
});
