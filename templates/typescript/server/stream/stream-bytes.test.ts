import { describe, expect, test } from "vitest";
import { MarketService, type Trade } from "../../../../test/gen/market/v1/market_pb.js";
import {
  CancelledError,
  Code,
  createServer,
  defineService,
  type Init,
  StatusError,
  type StreamContext,
} from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { getStream, opening, postAsk, startMarketServer, watch } from "../../testing/market-server.js";
import { rawRequest } from "../../testing/raw-client.js";
import { serve } from "../../testing/serve.js";

const never = new Promise<never>(() => {});

/** For generators that yield nothing. */
const none: Init<Trade>[] = [];

describe("bytes", () => {
  test("a stream of messages with ids", async () => {
    const { url } = await startMarketServer({
      async *watchTrades({ symbol }) {
        yield { sequence: 41n, symbol, price: 1.5, size: 2 };
        yield { sequence: 42n, symbol };
      },
    });
    const { response, text } = await getStream(url + watch);
    expect(response.status).toBe(200);
    expect(text).toBe(
      `${opening}id: 41\ndata: {"sequence":"41","symbol":"AAPL","price":1.5,"size":2}\n\nid: 42\ndata: {"sequence":"42","symbol":"AAPL"}\n\n:end\n`,
    );
  });

  test("the head", async () => {
    const { port } = await startMarketServer({
      async *watchTrades(_request, context) {
        context.responseHeaders.set("X-Feed", "a");
        context.responseHeaders.set("Connection", "upgrade");
        context.responseHeaders.set("Content-Length", "3");
        yield* none;
      },
    });
    const exchange = rawRequest(port, [`GET ${watch} HTTP/1.1`, "Connection: close"]);
    await exchange.closed;
    const [head = ""] = exchange.text().split("\r\n\r\n");
    const [status, ...headers] = head.split("\r\n").filter((line) => !line.startsWith("date:") && !/^Date:/.test(line));
    expect(status).toMatch(/^HTTP\/1.1 200 /);
    expect(headers.map((line) => line.toLowerCase()).sort()).toEqual([
      "cache-control: no-cache, no-transform",
      "connection: close",
      "content-type: text/event-stream",
      "transfer-encoding: chunked",
      "vary: accept",
      "x-accel-buffering: no",
      "x-feed: a",
    ]);
  });

  test("a oneof of events ends with its terminal event, and nothing is asked after it", async () => {
    const finished = createFlag<string>();
    const { url } = await startMarketServer({
      async *ask() {
        try {
          yield { event: { case: "delta", value: { text: "a\nb" } } };
          yield { event: { case: "toolCall", value: { name: "search" } } };
          yield { event: { case: "done", value: { tokens: 2 } } };
          finished.raise("asked on");
        } finally {
          finished.raise("returned");
        }
      },
    });
    const response = await fetch(`${url}/v1/ask`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"question":"?"}',
    });
    expect(await response.text()).toBe(
      `${opening}event: delta\ndata: {"text":"a\\nb"}\n\nevent: tool.call\ndata: {"name":"search"}\n\nevent: done\ndata: {"tokens":2}\n\n:end\n`,
    );
    expect(await finished.raised).toBe("returned");
  });

  test("an id that the handler gives goes before the field", async () => {
    const { url } = await startMarketServer({
      async *watchTrades(_request, context) {
        yield context.tracked("-7", { sequence: 1n });
        yield { sequence: 0n };
      },
    });
    expect((await getStream(url + watch)).text).toBe(
      `${opening}id: -7\ndata: {"sequence":"1"}\n\nid: 0\ndata: {}\n\n:end\n`,
    );
  });

  test("JSON Lines, as whole messages", async () => {
    const { url } = await startMarketServer({
      async *ask() {
        yield { event: { case: "delta", value: { text: "a" } } };
        throw new StatusError(Code.Unavailable, "gone");
      },
    });
    for (const type of ["application/jsonl", "application/x-ndjson"]) {
      const response = await fetch(`${url}/v1/ask`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: type },
        body: "{}",
      });
      expect(response.headers.get("content-type")).toBe(type);
      expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
      expect(await response.text()).toBe(`{"delta":{"text":"a"}}\n{"@error":{"code":14,"message":"gone"}}\n`);
    }
  });

  test("JSON Lines with control frames for those who ask for them", async () => {
    const beaten = createFlag();
    const { url } = await startMarketServer(
      {
        async *watchTrades({ symbol }) {
          if (symbol === "QUIET") {
            await beaten.raised;
          }
          if (symbol === "BAD") {
            throw new StatusError(Code.Unavailable, "gone");
          }
          yield { sequence: 1n };
        },
        async *ask() {
          yield { event: { case: "done", value: {} } };
        },
      },
      { heartbeatMs: 10, commitWindowMs: 0 },
    );
    const Accept = "application/jsonl; profile=sse-1";
    const get = async (symbol: string) => {
      const { response, text } = await getStream(`${url}/v1/trades/${symbol}:watch`, { Accept });
      expect(response.headers.get("content-type")).toBe("application/jsonl; profile=sse-1");
      expect(response.headers.get("vary")).toBe("Accept");
      return text;
    };
    expect(await get("A")).toBe('\n{"sequence":"1"}\n{"@end":{}}\n');
    const quiet = await fetch(`${url}/v1/trades/QUIET:watch`, { headers: { Accept } });
    let text = "";
    for await (const chunk of quiet.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (text.length > 1) {
        beaten.raise(); // the opening and a heartbeat are there
      }
    }
    expect(text).toMatch(/^\n\n+\{"sequence":"1"\}\n\{"@end":\{\}\}\n$/);
    const answer = await postAsk(url, "{}", { Accept });
    expect(await answer.text()).toBe('\n{"done":{}}\n{"@end":{}}\n');
  });

  test("plain JSON Lines have their head at once, and nothing but messages", async () => {
    const asked = createFlag();
    const { url } = await startMarketServer({
      async *watchTrades() {
        await asked.raised;
        yield { sequence: 1n };
      },
    });
    const response = await fetch(url + watch, { headers: { Accept: "application/jsonl" } });
    asked.raise();
    expect(await response.text()).toBe('{"sequence":"1"}\n');
  });

  test("an empty stream", async () => {
    const { url } = await startMarketServer({
      async *watchTrades() {
        yield* none;
      },
    });
    expect((await getStream(url + watch)).text).toBe(`${opening}:end\n`);
  });

  test("a resumed stream with nothing left is 204", async () => {
    const cursors: (string | undefined)[] = [];
    const { url } = await startMarketServer({
      async *watchTrades(_request, { lastEventId }) {
        cursors.push(lastEventId);
        yield* none;
      },
    });
    const { response, text } = await getStream(url + watch, { "Last-Event-ID": "41" });
    expect([response.status, text]).toEqual([204, ""]);
    expect([response.headers.get("cache-control"), response.headers.get("vary")]).toEqual(["no-store", "Accept"]);
    expect((await getStream(`${url}${watch}?last_event_id=42`)).response.status).toBe(204);
    expect((await getStream(`${url}${watch}?last_event_id=42`, { "Last-Event-ID": "43" })).response.status).toBe(204);
    expect(cursors).toEqual(["41", "42", "43"]);
  });

  test("a cursor of text is UTF-8", async () => {
    const cursors: (string | undefined)[] = [];
    const handlers = {
      async *watchTrades(_request: unknown, { lastEventId }: StreamContext) {
        cursors.push(lastEventId);
        yield* none;
      },
    };
    const service = defineService(MarketService, handlers, {
      watchTrades: { bindings: [{ method: "GET", path: "/watch" }], stream: { id: "symbol" } },
    });
    const { url } = await serve(createServer({ services: [service] }));
    // The header's bytes are UTF-8, of which fetch takes a character each.
    await getStream(`${url}/watch`, { "Last-Event-ID": Buffer.from("é日").toString("latin1") });
    expect(cursors).toEqual(["é日"]);
  });

  test("HEAD has the head of GET, and ends the handler", async () => {
    const ended = createFlag<unknown>();
    const { url } = await startMarketServer({
      async *watchTrades(_request, context) {
        try {
          yield {};
          await never;
        } finally {
          ended.raise(context.signal.reason);
        }
      },
    });
    const response = await fetch(url + watch, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "text/event-stream",
      "",
    ]);
    expect(await ended.raised).toBeInstanceOf(CancelledError);
  });

  test("every way to hand over a stream", async () => {
    const trades: Init<Trade>[] = [{ sequence: 1n }, { sequence: 2n }];
    const stream = () =>
      new ReadableStream<Init<Trade>>({
        start(controller) {
          for (const trade of trades) {
            controller.enqueue(trade);
          }
          controller.close();
        },
      });
    const generator = async function* () {
      yield* trades;
    };
    const byHand = {
      [Symbol.asyncIterator]: () => {
        let index = 0;
        return {
          next: async () => {
            const value = trades[index++];
            return value ? { done: false as const, value } : { done: true as const, value: undefined };
          },
        };
      },
    };
    const sources = [stream, generator, () => byHand, async () => stream(), async () => generator()];
    for (const source of sources) {
      const { url } = await startMarketServer({ watchTrades: source });
      expect((await getStream(url + watch)).text).toBe(
        `${opening}id: 1\ndata: {"sequence":"1"}\n\nid: 2\ndata: {"sequence":"2"}\n\n:end\n`,
      );
    }
  });
});
