/** The life of a call: from the arrival of its request until the body of its response was read, or the client left. */
import { describe, expect, test, vi } from "vitest";
import type { Trade } from "../../../../test/gen/market/v1/market_pb.js";
import { type CallEndInfo, Code, createServer, type Init, StatusError } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { createMarketServer, type MarketOptions, startMarketServer, watch } from "../../testing/market-server.js";
import { createMarketService, type MarketServiceHandlers } from "../../testing/market-service.js";
import { rawRequest } from "../../testing/raw-client.js";
import { serve } from "../../testing/serve.js";

const hour = 3_600_000;
const never = new Promise<never>(() => {});
const url = (path: string) => `http://localhost${path}`;
const ask = ["POST /v1/ask HTTP/1.1", "Content-Type: application/json", "Connection: close"];

/** Whether a promise is settled once everything that can happen by itself has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.finally(() => {
    settled = true;
  });
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return settled;
}

describe("a drain", () => {
  test("waits until the body of a unary answer was read", async () => {
    const server = createMarketServer({ getQuote: () => ({ price: 1 }) });
    const read = await server.fetch(new Request(url("/v1/quotes/A")));
    const cancelled = await server.fetch(new Request(url("/v1/quotes/A")));
    const refused = await server.fetch(new Request(url("/v1/quote")));
    const drained = server.drain({ graceMs: hour });
    expect(await isSettled(drained)).toBe(false);
    expect(await read.json()).toEqual({ price: 1 });
    await cancelled.body?.cancel();
    expect(await isSettled(drained)).toBe(false);
    expect(refused.status).toBe(404);
    await refused.text();
    await drained;
  });

  test("loses no unary response that a handler has returned, even if the server closes then", async () => {
    const go = createFlag();
    let running = 0;
    const server = createMarketServer({
      async getQuote() {
        running++;
        await go.raised;
        return { price: 1 };
      },
    });
    const served = await serve(server);
    const answers = Array.from({ length: 8 }, async () => (await fetch(`${served.url}/v1/quotes/A`)).json());
    await vi.waitFor(() => expect(running).toBe(8));
    const closed = server.drain({ graceMs: hour }).then(served.close);
    go.raise();
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 8 }, () => ({ price: 1 })));
    await closed;
  });

  test("does not wait for a HEAD of a stream, whose handler is ended", async () => {
    const ended = createFlag<unknown>();
    const { server, url } = await startMarketServer({
      async *watchTrades(_request, context) {
        try {
          await context.sleep(hour);
          yield {};
        } finally {
          ended.raise(context.signal.reason);
        }
      },
    });
    expect((await fetch(url + watch, { method: "HEAD" })).status).toBe(200);
    expect(await ended.raised).toMatchObject({ reason: "client" });
    await server.drain({ graceMs: hour });
  });

  test("counts calls whose body is still on its way", async () => {
    const arrived = createFlag();
    const { server, port } = await startMarketServer(
      {
        async *ask() {
          yield { event: { case: "done", value: { tokens: 1 } } };
        },
      },
      { onCallStart: () => arrived.raise() },
    );
    const exchange = rawRequest(port, [...ask, "Content-Length: 2"]);
    await arrived.raised;
    const drained = server.drain({ graceMs: hour });
    expect(await isSettled(drained)).toBe(false);
    exchange.socket.write("{}");
    await exchange.until("data: ");
    await drained;
    await exchange.closed;
    expect(exchange.text()).toContain(":end\n");
  });

  test("cuts a body that does not arrive, after the grace", async () => {
    const arrived = createFlag();
    const { server, port } = await startMarketServer({}, { onCallStart: () => arrived.raise() });
    const exchange = rawRequest(port, [...ask, "Content-Length: 2"]);
    await arrived.raised;
    await server.drain({ graceMs: 1 });
    await exchange.until('{"code":14,"message":"the server is shutting down"}');
    expect(exchange.text()).toMatch(/^HTTP\/1.1 503 /);
    expect(exchange.text().toLowerCase()).toContain("retry-after: 1");
    exchange.socket.destroy();
  });

  test("answers new unary calls, and waits for them", async () => {
    const go = createFlag();
    const refused = createFlag<CallEndInfo>();
    const server = createMarketServer(
      { getQuote: () => go.raised.then(() => ({})) },
      { onCallEnd: (info) => info.kind === "stream" && refused.raise(info) },
    );
    const first = server.fetch(new Request(url("/v1/quotes/A")));
    const drained = server.drain({ graceMs: hour });
    const second = server.fetch(new Request(url("/v1/quotes/B")));
    const stream = await server.fetch(new Request(url(watch)));
    expect([stream.status, stream.headers.get("retry-after")]).toEqual([503, "1"]);
    await stream.text();
    expect(await refused.raised).toMatchObject({ status: 503, code: 14, reason: "shutdown" });
    go.raise();
    await (await first).text();
    expect(await isSettled(drained)).toBe(false);
    await (await second).text();
    await drained;
  });

  test("waits for a deaf handler no longer than a second", async () => {
    const server = createMarketServer({ watchTrades: () => new ReadableStream<Init<Trade>>({ cancel: () => never }) });
    const response = await server.fetch(new Request(url(watch)));
    await response.body?.cancel();
    await server.drain({ graceMs: hour });
  });

  test("refuses a grace that is no number", async () => {
    await expect(createMarketServer({}).drain({ graceMs: -1 })).rejects.toThrow(
      "graceMs of drain is -1: give a number of milliseconds, 0 or more",
    );
  });
});

describe("a unary body", () => {
  test("is sent on request, with its length", async () => {
    const ends = vi.fn();
    const server = createMarketServer({ getQuote: () => ({ symbol: "é" }) }, { onCallEnd: ends });
    const response = await server.fetch(new Request(url("/v1/quotes/A")));
    expect(response.headers.get("content-length")).toBe("15");
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.byteLength).toBe(15);
    expect(ends).not.toHaveBeenCalled(); // it may not be written yet
    expect((await reader?.read())?.done).toBe(true);
    expect(ends).toHaveBeenCalledOnce();
  });

  test("of an adapter's request is handed over if it is short, and streamed otherwise", async () => {
    class AdapterRequest extends Request {}
    const ended: CallEndInfo[] = [];
    const server = createMarketServer(
      { getQuote: ({ symbol }) => ({ symbol: symbol.repeat(symbol === "A" ? 1 : 20_000) }) },
      { onCallEnd: (info) => ended.push(info) },
    );
    const short = await server.fetch(new AdapterRequest(url("/v1/quotes/A")));
    expect(ended).toMatchObject([{ reason: "end", status: 200, bytes: 14 }]);
    expect(short.headers.get("content-length")).toBe("14");
    expect(await short.json()).toEqual({ symbol: "A" });
    const long = await server.fetch(new AdapterRequest(url("/v1/quotes/B")));
    expect(ended).toHaveLength(1);
    await long.text();
    expect(ended).toHaveLength(2);
  });

  test("of a HEAD has a length and is empty", async () => {
    const ended = vi.fn();
    const { url } = await startMarketServer({ getQuote: () => ({ symbol: "A" }) }, { onCallEnd: ended });
    const response = await fetch(`${url}/v1/quotes/A`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-length")]).toEqual([200, "14"]);
    expect(ended).toHaveBeenCalledWith(expect.objectContaining({ reason: "end", status: 200, bytes: 0 }));
  });

  test("that nobody reads is cut off with slowConsumer: disconnect", async () => {
    const ended = createFlag<CallEndInfo>();
    const options: MarketOptions = {
      slowConsumer: "disconnect",
      slowConsumerMs: 1,
      onCallEnd: (info) => ended.raise(info),
    };
    const server = createMarketServer({ getQuote: () => ({ symbol: "A" }) }, options);
    const response = await server.fetch(new Request(url("/v1/quotes/A")));
    expect(await ended.raised).toMatchObject({ reason: "slow-consumer", code: Code.ResourceExhausted, bytes: 0 });
    await expect(response.text()).rejects.toThrow("slow consumer");
  });
});

describe("unaryTimeoutMs", () => {
  test("answers 504 for a handler that takes longer, aborts its signal, and reports it when it is deaf", async () => {
    const aborted = createFlag<unknown>();
    const leaked = createFlag<string | undefined>();
    const ended = createFlag<CallEndInfo>();
    const { url } = await startMarketServer(
      {
        getQuote(_request, { signal }) {
          signal.addEventListener("abort", () => aborted.raise(signal.reason));
          return never;
        },
      },
      {
        unaryTimeoutMs: 5,
        leakMs: 1,
        onLeak: ({ method }) => leaked.raise(method?.name),
        onCallEnd: (info) => ended.raise(info),
      },
    );
    const response = await fetch(`${url}/v1/quotes/A`);
    expect([response.status, await response.json()]).toEqual([
      504,
      { code: 4, message: "the call reached its time limit" },
    ]);
    expect(await aborted.raised).toMatchObject({ name: "AbortError", reason: "deadline" });
    expect(await leaked.raised).toBe("GetQuote");
    expect(await ended.raised).toMatchObject({ status: 504, code: 4, reason: "deadline" });
  });

  test("counts from the arrival of the request, and is not for streams", async () => {
    const options: MarketOptions = {
      unaryTimeoutMs: 5,
      createContext: ({ method }) => (method.name === "GetQuote" ? never : 1),
    };
    const { url } = await startMarketServer(
      {
        getQuote: () => ({}),
        async *watchTrades(_request, { sleep }) {
          await sleep(30);
          yield { sequence: 1n };
        },
      },
      options,
    );
    expect((await fetch(`${url}/v1/quotes/A`)).status).toBe(504);
    expect(await (await fetch(url + watch)).text()).toContain(":end");
  });

  test("reports what a handler fails with after it", async () => {
    const reported = createFlag<unknown>();
    const { url } = await startMarketServer(
      {
        async getQuote(_request, { sleep }) {
          await sleep(hour).catch(() => {});
          throw new Error("cannot roll back");
        },
      },
      { unaryTimeoutMs: 5, onError: (error) => reported.raise(error) },
    );
    expect((await fetch(`${url}/v1/quotes/A`)).status).toBe(504);
    expect(await reported.raised).toMatchObject({ message: "cannot roll back" });
  });

  test("is a time", () => {
    expect(() => createMarketServer({}, { unaryTimeoutMs: 0 })).toThrow(
      "option unaryTimeoutMs is 0: give a number of milliseconds, 1 or more",
    );
    expect(() => createMarketServer({}, { maxDurationMs: Number.NaN })).toThrow("option maxDurationMs is NaN");
    expect(() => createMarketServer({}, { maxBodyBytes: "1mb" as never })).toThrow("option maxBodyBytes is string");
    createMarketServer({}, { unaryTimeoutMs: Number.POSITIVE_INFINITY, heartbeatMs: 0 });
  });
});

describe("onCallStart and onCallEnd", () => {
  const handlers: Partial<MarketServiceHandlers> = {
    getQuote({ symbol }) {
      if (symbol === "X") {
        throw new StatusError(Code.NotFound, "no such symbol");
      }
      if (symbol === "Y") {
        throw new Error("a mistake");
      }
      return { symbol };
    },
    async *watchTrades({ symbol }) {
      yield { sequence: 1n };
      yield { sequence: 2n };
      if (symbol === "X") {
        throw new StatusError(Code.DataLoss, "the disk is gone");
      }
    },
    async *ask({ question }) {
      yield { event: { case: "delta", value: { text: "a" } } };
      if (question === "") {
        yield { event: { case: "done", value: { tokens: 1 } } };
      }
    },
  };
  const json = { "Content-Type": "application/json" };

  test.each<[string, string, RequestInit, Partial<CallEndInfo>]>([
    ["a unary answer", "/v1/quotes/A", {}, { kind: "unary", status: 200, code: 0, reason: "end", bytes: 14 }],
    ["a HEAD", "/v1/quotes/A", { method: "HEAD" }, { kind: "unary", status: 200, reason: "end", bytes: 0 }],
    ["a status error", "/v1/quotes/X", {}, { kind: "unary", status: 404, code: 5, reason: "error" }],
    ["another error", "/v1/quotes/Y", {}, { kind: "unary", status: 500, code: 13, reason: "error" }],
    ["no route", "/v1/quote/A", {}, { kind: undefined, method: undefined, status: 404, code: 5, reason: "error" }],
    [
      "another HTTP method",
      "/v1/quotes/A",
      { method: "PUT" },
      { kind: undefined, status: 405, code: 12, reason: "error" },
    ],
    ["not acceptable", watch, { headers: { Accept: "text/html" } }, { kind: "stream", status: 406, events: 0 }],
    ["too large", "/v1/ask", { method: "POST", body: "x".repeat(101) }, { kind: "stream", status: 413, code: 8 }],
    ["another content type", "/v1/ask", { method: "POST", body: "x" }, { kind: "stream", status: 415 }],
    ["a bad body", "/v1/ask", { method: "POST", body: "x", headers: json }, { kind: "stream", status: 400, code: 3 }],
    ["a stream", watch, {}, { kind: "stream", status: 200, code: 0, reason: "end", events: 2, terminal: undefined }],
    ["a HEAD of a stream", watch, { method: "HEAD" }, { kind: "stream", status: 200, reason: "end", bytes: 0 }],
    [
      "a stream that fails",
      "/v1/trades/X:watch",
      {},
      { kind: "stream", status: 200, code: 15, reason: "error", events: 2 },
    ],
    ["a terminal event", "/v1/ask", { method: "POST" }, { status: 200, reason: "end", events: 2, terminal: true }],
    [
      "an end without one",
      "/v1/ask",
      { method: "POST", body: '{"question":"?"}', headers: json },
      { reason: "end", events: 1, terminal: false },
    ],
  ])("%s", async (_name, path, init, wanted) => {
    const starts = vi.fn();
    const ended = createFlag<CallEndInfo>();
    const onError = vi.fn();
    const options: MarketOptions = {
      maxBodyBytes: 100,
      onError,
      onCallStart: starts,
      onCallEnd: (info) => ended.raise(info),
    };
    const server = createMarketServer(handlers, options);
    const request = new Request(url(path), init);
    const response = await server.fetch(request);
    const text = await response.text();
    const info = await ended.raised;
    expect(info).toMatchObject({ ...wanted, request, bytes: text.length, status: response.status });
    expect(starts.mock.calls).toEqual([[{ request, method: info.method, kind: info.kind }]]);
    expect(info.durationMs).toBeGreaterThanOrEqual(info.firstEventMs ?? 0);
    expect(info.firstEventMs === undefined).toBe(info.events === 0);
    expect(info.method?.name).toBe(info.kind && { q: "GetQuote", t: "WatchTrades", a: "Ask" }[path.charAt(4)]);
  });

  test.each<[string, (response: Response, abort: AbortController) => unknown]>([
    ["cancels the body", ({ body }) => body?.cancel()],
    ["aborts the request", (_response, abort) => abort.abort()],
  ])("a client that %s, of a unary answer and of a stream", async (_name, leave) => {
    for (const path of ["/v1/quotes/A", watch]) {
      const ended = createFlag<CallEndInfo>();
      const server = createMarketServer(
        { ...handlers, watchTrades: () => new ReadableStream<Init<Trade>>() },
        { onCallEnd: (info) => ended.raise(info) },
      );
      const abort = new AbortController();
      const response = await server.fetch(new Request(url(path), { signal: abort.signal }));
      leave(response, abort);
      expect(await ended.raised).toMatchObject({ reason: "client", code: Code.Cancelled, status: 200, bytes: 0 });
      await server.drain({ graceMs: hour });
    }
  });

  test("a preflight is no call", async () => {
    const hook = vi.fn();
    const server = createMarketServer({}, { cors: { origins: "*" }, onCallStart: hook, onCallEnd: hook });
    const headers = { Origin: "https://a.test", "Access-Control-Request-Method": "GET" };
    expect((await server.fetch(new Request(url(watch), { method: "OPTIONS", headers }))).status).toBe(204);
    expect(hook).not.toHaveBeenCalled();
    await server.drain({ graceMs: hour });
  });
});

test("nothing stays of a call, however it went", async () => {
  const ends = { starts: 0, ends: 0 };
  const server = createServer({
    services: [
      createMarketService(
        {
          getQuote: ({ symbol }) => (symbol === "X" ? Promise.reject(new StatusError(5, "no")) : { symbol }),
          async *watchTrades(_request, { sleep }) {
            yield { sequence: 1n };
            await sleep(hour);
          },
        },
        { unimplemented: "501" },
      ),
    ],
    interceptors: [(next) => (request) => next(request)],
    createContext: async () => 1,
    unaryTimeoutMs: hour,
    maxDurationMs: hour,
    slowConsumer: "disconnect",
    slowConsumerMs: hour,
    onCallStart: () => ends.starts++,
    onCallEnd: () => ends.ends++,
  });
  const { signal } = new AbortController();
  const listeners = { add: vi.spyOn(signal, "addEventListener"), remove: vi.spyOn(signal, "removeEventListener") };
  const timers = () => process.getActiveResourcesInfo().filter((type) => type === "Timeout").length;
  const before = timers();
  const call = (path: string, method = "GET") =>
    server.fetch({ url: url(path), method, headers: new Headers(), body: null, signal } as unknown as Request);
  for (let round = 0; round < 100; round++) {
    await (await call("/v1/quotes/A")).text();
    await (await call("/v1/quotes/X")).text();
    await (await call("/v1/quotes/A")).body?.cancel();
    await (await call("/v1/nothing")).text();
    await call("/v1/quotes/A", "HEAD");
    await call(watch, "HEAD");
    await (await call(watch)).body?.cancel();
    const aborted = new AbortController();
    const request = new Request(url(watch), { signal: aborted.signal });
    const stream = server.fetch(request);
    if (round % 2 === 0) {
      await stream;
    }
    aborted.abort();
    await stream;
  }
  expect(ends).toEqual({ starts: 800, ends: 800 });
  expect(listeners.remove).toHaveBeenCalledTimes(listeners.add.mock.calls.length);
  await server.drain({ graceMs: hour });
  expect(timers()).toBeLessThanOrEqual(before);
});
