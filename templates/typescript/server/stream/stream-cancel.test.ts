import { connect } from "node:http2";
import { describe, expect, test, vi } from "vitest";
import type { Trade } from "../../../../test/gen/market/v1/market_pb.js";
import { createServer, type Init } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { type MarketOptions, opening, startMarketServer, watch } from "../../testing/market-server.js";
import { createMarketService, type MarketServiceHandlers } from "../../testing/market-service.js";
import { rawRequest } from "../../testing/raw-client.js";

const never = new Promise<never>(() => {});

describe.each(["http/1.1", "h2"] as const)("a client that goes away, over %s", (protocol) => {
  async function open(handlers: Partial<MarketServiceHandlers>, options: MarketOptions = {}) {
    const { port, url } = await startMarketServer(handlers, options, protocol);
    if (protocol === "h2") {
      const session = connect(url);
      const stream = session.request({ ":path": watch });
      stream.on("error", () => {});
      stream.resume();
      await new Promise((resolve) => stream.once("response", resolve));
      return () => {
        stream.close(8); // CANCEL
        stream.once("close", () => session.destroy());
      };
    }
    const exchange = rawRequest(port, [`GET ${watch} HTTP/1.1`]);
    await exchange.until(opening);
    return () => exchange.socket.destroy();
  }

  test("ends a handler that is idle", async () => {
    const ended = createFlag<unknown>();
    const leave = await open({
      async *watchTrades(_request, context) {
        try {
          await context.sleep(3_600_000);
          yield {};
        } finally {
          ended.raise(context.signal.reason);
        }
      },
    });
    leave();
    expect(await ended.raised).toMatchObject({ name: "AbortError", reason: "client" });
  });

  test("ends a handler that ticks", async () => {
    const ended = createFlag<unknown>();
    const leave = await open({
      async *watchTrades(_request, context) {
        try {
          for (let sequence = 0n; ; sequence++) {
            yield { sequence };
            await new Promise((resolve) => setTimeout(resolve, 5)); // deaf to the signal
          }
        } finally {
          ended.raise(context.signal.reason);
        }
      },
    });
    leave();
    expect(await ended.raised).toMatchObject({ reason: "client" });
  });

  test("cancels a ReadableStream", async () => {
    const cancelled = createFlag<unknown>();
    const leave = await open({
      watchTrades: () => new ReadableStream<Init<Trade>>({ cancel: (reason) => cancelled.raise(reason) }),
    });
    leave();
    expect(await cancelled.raised).toMatchObject({ reason: "client" });
  });

  test("returns an iterator that is still on its way", async () => {
    const returned = createFlag();
    const go = createFlag();
    const leave = await open({
      async watchTrades(_request, context) {
        context.signal.addEventListener("abort", () => go.raise());
        await go.raised;
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => never,
            return: async () => {
              returned.raise();
              return { done: true as const, value: undefined };
            },
          }),
        };
      },
    });
    leave();
    await returned.raised;
  });

  test("reports a handler that is deaf to its signal", async () => {
    const leaked = createFlag<string | undefined>();
    const closed = createFlag<string>();
    const leave = await open(
      {
        async *watchTrades() {
          await never;
          yield {};
        },
      },
      {
        leakMs: 1,
        onLeak: ({ method }) => leaked.raise(method?.name),
        onCallEnd: ({ reason }) => closed.raise(reason),
      },
    );
    leave();
    expect(await closed.raised).toBe("client");
    expect(await leaked.raised).toBe("WatchTrades");
  });

  test("a failure while cleaning up is reported, an abort is not", async () => {
    const reported = createFlag<unknown>();
    const leave = await open(
      {
        async *watchTrades(_request, context) {
          try {
            await context.sleep(3_600_000);
            yield {};
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: what is tested
            throw new Error("cannot close the feed");
          }
        },
      },
      { onError: (error) => reported.raise(error) },
    );
    leave();
    expect(await reported.raised).toMatchObject({ message: "cannot close the feed" });
  });
});

describe("each way to learn that nobody reads, by itself", () => {
  function create(options: MarketOptions = {}) {
    const ended = createFlag<unknown>();
    const service = createMarketService(
      {
        async *watchTrades(_request, context) {
          try {
            yield { sequence: 1n };
            await context.sleep(3_600_000);
          } finally {
            ended.raise(context.signal.reason);
          }
        },
      },
      { unimplemented: "501" },
    );
    return { ended, server: createServer({ services: [service], ...options }) };
  }

  test("the body is cancelled", async () => {
    const { ended, server } = create();
    const { body } = await server.fetch(new Request(`http://localhost${watch}`));
    await body?.cancel();
    expect(await ended.raised).toMatchObject({ reason: "client" });
  });

  test("the request is aborted, before and after the head", async () => {
    const { ended, server } = create();
    const abort = new AbortController();
    const response = await server.fetch(new Request(`http://localhost${watch}`, { signal: abort.signal }));
    abort.abort();
    expect(await ended.raised).toMatchObject({ reason: "client" });
    expect(await response.text()).toBe("");
    const late = await server.fetch(new Request(`http://localhost${watch}`, { signal: abort.signal }));
    expect(late.status).toBe(499);
  });

  test("a heartbeat fails", async () => {
    // A runtime that breaks the stream without a word; what a body is made of is its own.
    let controller: ReadableStreamDefaultController<unknown> | undefined;
    class Tapped extends ReadableStream<unknown> {
      constructor(source: UnderlyingDefaultSource<unknown>, strategy: QueuingStrategy<unknown>) {
        const start = (own: ReadableStreamDefaultController<unknown>) => {
          controller = own;
          return source.start?.(own);
        };
        super({ ...source, start }, strategy);
      }
    }
    vi.stubGlobal("ReadableStream", Tapped);
    const { ended, server } = create({ heartbeatMs: 5 });
    const { body } = await server.fetch(new Request(`http://localhost${watch}`));
    vi.unstubAllGlobals();
    const reader = body?.getReader();
    await reader?.read();
    const read = reader?.read().catch((error: unknown) => error);
    controller?.error(new Error("broken pipe"));
    await read;
    expect(await ended.raised).toMatchObject({ reason: "client" });
  });

  test("no listener stays on a signal that outlives the call", async () => {
    const { signal } = new AbortController();
    const request = { url: `http://localhost/v1/quotes/A`, method: "GET", headers: new Headers(), body: null, signal };
    const add = vi.spyOn(signal, "addEventListener");
    const remove = vi.spyOn(signal, "removeEventListener");
    const service = createMarketService(
      {
        getQuote: () => ({}),
        async *watchTrades() {
          yield { sequence: 1n };
        },
      },
      { unimplemented: "501" },
    );
    const server = createServer({ services: [service] });
    const answer = await server.fetch(request as unknown as Request); // a Request makes a signal of its own
    await answer.text();
    const response = await server.fetch({ ...request, url: `http://localhost${watch}` } as unknown as Request);
    await response.text();
    expect(add).toHaveBeenCalledTimes(2);
    expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(add.mock.calls.map(([, listener]) => listener));
  });
});
