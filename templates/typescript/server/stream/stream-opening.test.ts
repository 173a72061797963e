import { describe, expect, test } from "vitest";
import type { Trade } from "../../../../test/gen/market/v1/market_pb.js";
import { Code, type Init, StatusError } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { getStream, opening, startMarketServer, watch } from "../../testing/market-server.js";
import type { MarketServiceHandlers } from "../../testing/market-service.js";
import { rawRequest } from "../../testing/raw-client.js";

/** For generators that yield nothing. */
const none: Init<Trade>[] = [];

describe("the commit window", () => {
  test("the head and the opening comment come before the first event", async () => {
    const go = createFlag();
    const { port } = await startMarketServer({
      async *watchTrades() {
        await go.raised;
        yield { sequence: 1n };
      },
    });
    const exchange = rawRequest(port, [`GET ${watch} HTTP/1.1`]);
    await exchange.until(opening);
    go.raise();
    await exchange.until(":end\n");
    exchange.socket.destroy();
  });

  test("also while the handler works on its answer", async () => {
    const go = createFlag();
    const { port } = await startMarketServer({
      async watchTrades() {
        await go.raised;
        return new ReadableStream<Init<Trade>>({ start: (controller) => controller.close() });
      },
    });
    const exchange = rawRequest(port, [`GET ${watch} HTTP/1.1`]);
    await exchange.until(opening);
    go.raise();
    await exchange.until(":end\n");
    exchange.socket.destroy();
  });

  test.each<[string, MarketServiceHandlers["watchTrades"]]>([
    [
      "a generator",
      async function* () {
        yield* none;
        throw new StatusError(Code.NotFound, "no such symbol", { headers: { "X-Why": "typo" } });
      },
    ],
    [
      "a handler that throws at once",
      () => {
        throw new StatusError(Code.NotFound, "no such symbol", { headers: { "X-Why": "typo" } });
      },
    ],
    [
      "a promise",
      async () => {
        throw new StatusError(Code.NotFound, "no such symbol", { headers: { "X-Why": "typo" } });
      },
    ],
    [
      "a stream",
      () =>
        new ReadableStream({
          pull() {
            throw new StatusError(Code.NotFound, "no such symbol", { headers: { "X-Why": "typo" } });
          },
        }),
    ],
  ])("an early failure of %s is a status", async (_name, watchTrades) => {
    const { url } = await startMarketServer({ watchTrades });
    const { response, text } = await getStream(url + watch);
    expect([response.status, response.headers.get("content-type"), response.headers.get("x-why"), text]).toEqual([
      404,
      "application/json",
      "typo",
      '{"code":5,"message":"no such symbol"}',
    ]);
  });

  test("a failure after the window is a frame", async () => {
    const go = createFlag();
    const { port } = await startMarketServer({
      async *watchTrades() {
        await go.raised;
        yield* none;
        throw new StatusError(Code.NotFound, "no such symbol");
      },
    });
    const exchange = rawRequest(port, [`GET ${watch} HTTP/1.1`]);
    await exchange.until(opening);
    go.raise();
    await exchange.until('event: error\ndata: {"code":5,"message":"no such symbol"}\n\n');
    expect(exchange.text()).not.toContain(":end");
    exchange.socket.destroy();
  });

  test("Infinity waits for the first event", async () => {
    const { url } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          await context.sleep(60);
          yield* none;
          throw new StatusError(Code.NotFound, "no such symbol");
        },
      },
      { commitWindowMs: Number.POSITIVE_INFINITY },
    );
    const { status, headers } = (await getStream(url + watch)).response;
    expect([status, headers.get("cache-control")]).toEqual([404, "no-store"]);
  });

  test("a failure may say itself how long it may be kept; what was meant for the answer does not count", async () => {
    const { url } = await startMarketServer({
      getQuote({ symbol }, { responseHeaders }) {
        responseHeaders.set("Cache-Control", "max-age=60");
        const headers = { "Cache-Control": "max-age=5" };
        throw new StatusError(Code.NotFound, "no such symbol", symbol === "A" ? { headers } : {});
      },
    });
    const cached = async (symbol: string) => (await fetch(`${url}/v1/quotes/${symbol}`)).headers.get("cache-control");
    expect([await cached("A"), await cached("B")]).toEqual(["max-age=5", "no-store"]);
  });

  test("a cursor that is lost is 410 before the head, and code 11 after it", async () => {
    const { url } = await startMarketServer({
      async *watchTrades(_request, { lastEventId }) {
        if (lastEventId === "2") {
          yield { sequence: 3n };
        }
        throw new StatusError(Code.OutOfRange, "the events after the cursor are gone");
      },
    });
    const lost = (await getStream(url + watch, { "Last-Event-ID": "1" })).response;
    expect([lost.status, lost.headers.get("cache-control"), lost.headers.get("vary")]).toEqual([
      410,
      "no-store",
      "Accept",
    ]);
    expect((await getStream(url + watch)).response.status).toBe(400);
    expect((await getStream(url + watch, { "Last-Event-ID": "2" })).text).toContain('event: error\ndata: {"code":11,');
  });
});
