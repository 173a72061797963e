import { expect, test } from "vitest";
import { TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { type CallEndInfo, createTopic } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { MarketServiceClient } from "../../testing/market-client.js";
import { createMarketServer, opening, startMarketServer } from "../../testing/market-server.js";
import { rawRequest } from "../../testing/raw-client.js";
import { serve } from "../../testing/serve.js";

const hour = 3_600_000;

test("a drain hands resumable streams over at once, however long the grace", async () => {
  const closed = createFlag<CallEndInfo>();
  const cleanedUp = createFlag<unknown>();
  const { server, port, url } = await startMarketServer(
    {
      async *watchTrades(_request, context) {
        try {
          yield { sequence: 1n };
          await context.sleep(hour);
        } finally {
          await new Promise((resolve) => setTimeout(resolve, 20));
          cleanedUp.raise(context.signal.reason);
        }
      },
      getQuote: () => ({ price: 1 }),
    },
    { onCallEnd: (info) => closed.raise(info) },
  );
  const exchange = rawRequest(port, ["GET /v1/trades/A:watch HTTP/1.1", "Connection: close"]);
  await exchange.until("data: ");
  const drained = server.drain({ graceMs: hour });
  await exchange.closed;
  const retry = /retry: (\d+)\n\r\n0\r\n\r\n$/.exec(exchange.text());
  expect(Number(retry?.[1])).toBeGreaterThanOrEqual(1000);
  expect(Number(retry?.[1])).toBeLessThanOrEqual(3000);
  expect(exchange.text()).not.toContain(":end");
  await drained; // and not before the handler has cleaned up
  expect(await Promise.race([cleanedUp.raised, undefined])).toMatchObject({ reason: "shutdown" });
  expect((await closed.raised).reason).toBe("shutdown");

  const refused = await fetch(`${url}/v1/trades/A:watch`);
  expect([refused.status, refused.headers.get("retry-after"), await refused.json()]).toEqual([
    503,
    "1",
    { code: 14, message: "the server is shutting down" },
  ]);
  expect((await fetch(`${url}/v1/quotes/A`)).status).toBe(200);
});

test("a client goes on where the next server is, and loses nothing", async () => {
  const topic = createTopic(TradeSchema);
  const create = () =>
    createMarketServer({
      watchTrades: (_request, { signal, lastEventId }) => topic.subscribe({ signal, after: lastEventId }),
    });
  const [first, second] = [create(), create()];
  const [old, next] = [await serve(first), await serve(second)];
  let drained: Promise<void> | undefined;
  const client = new MarketServiceClient({
    baseUrl: "http://market.test",
    // What a balancer does, once a server is drained.
    fetch: (url, init) => fetch(url.replace("http://market.test", (drained ? next : old).url), init),
  });
  const stream = client.watchTrades({ symbol: "A" }, { reconnect: { maxDelayMs: 1 } });
  await stream.opened;
  const sequences: bigint[] = [];
  let sequence = 0n;
  topic.publish({ sequence: ++sequence });
  for await (const trade of stream) {
    sequences.push(trade.sequence);
    if (sequences.length === 3) {
      drained = first.drain({ graceMs: hour });
      await drained;
    }
    if (sequences.length === 9) {
      break;
    }
    topic.publish({ sequence: ++sequence });
    if (sequences.length === 4) {
      topic.publish({ sequence: ++sequence });
    }
  }
  expect(sequences).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
});

test("other calls have the grace to end by themselves", async () => {
  const go = createFlag();
  const { server, port } = await startMarketServer({
    async *ask() {
      await go.raised;
      yield { event: { case: "done", value: { tokens: 1 } } };
    },
  });
  const head = ["POST /v1/ask HTTP/1.1", "Content-Type: application/json", "Connection: close"];
  const exchange = rawRequest(port, head, "{}");
  await exchange.until(opening);
  const drained = server.drain({ graceMs: hour });
  go.raise();
  await drained;
  await exchange.closed;
  expect(exchange.text()).toContain(":end\n");
});

test("and are cut after it, deaf handlers or not", async () => {
  const aborted = createFlag<unknown>();
  const opened = [createFlag(), createFlag(), createFlag()] as const;
  let streams = 0;
  const { server, port } = await startMarketServer(
    {
      async *ask(_request, { signal }) {
        signal.addEventListener("abort", () => aborted.raise(signal.reason));
        await new Promise(() => {});
        yield {};
      },
      getQuote(_request, { sleep }) {
        opened[2].raise();
        return sleep(hour).then(() => ({}));
      },
    },
    { onCallStart: () => opened[streams++]?.raise() },
  );
  const post = ["POST /v1/ask HTTP/1.1", "Content-Type: application/json", "Connection: close"];
  const stream = rawRequest(port, post, "{}");
  const lines = rawRequest(port, [...post, "Accept: application/jsonl"], "{}");
  const unary = rawRequest(port, ["GET /v1/quotes/A HTTP/1.1", "Connection: close"]);
  await Promise.all(opened.map(({ raised }) => raised));
  await server.drain({ graceMs: 50 });
  await Promise.all([stream.closed, lines.closed, unary.closed]);
  expect(await aborted.raised).toMatchObject({ reason: "shutdown" });
  expect(stream.text()).toMatch(/retry: \d+\n\r\n0\r\n\r\n$/);
  expect(lines.text()).toContain('{"@error":{"code":14,"message":"the server is shutting down"}}\n');
  expect(unary.text()).toMatch(/^HTTP\/1.1 503 /);
});

test("a drain waits for no call that has ended", async () => {
  const { server, url } = await startMarketServer({
    getQuote: () => ({}),
    async *watchTrades() {
      yield {};
    },
  });
  await server.drain({ graceMs: hour });
  await (await fetch(`${url}/v1/quotes/A`)).text();
  await (await fetch(`${url}/v1/trades/A:watch`)).text();
  await server.drain({ graceMs: hour });
});
