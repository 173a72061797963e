import { getOption } from "@bufbuild/protobuf";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { MarketService } from "../../../../test/gen/market/v1/market_pb.js";
import { stream } from "../../../../test/gen/sse/v1/annotations_pb.js";
import { Code, createServer, type Interceptor, type Next, StatusError, type Validator } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { createMarketServer, type MarketOptions } from "../../testing/market-server.js";
import { createMarketService, type MarketServiceHandlers } from "../../testing/market-service.js";
import { serve } from "../../testing/serve.js";

interface Env {
  readonly user: string;
}

const onError = vi.fn();
const handlers: MarketServiceHandlers<Env> = {
  getQuote: ({ symbol }) => ({ symbol }),
  async *watchTrades({ symbol }) {
    yield { sequence: 1n, symbol };
    yield { sequence: 2n, symbol };
  },
  async *ask() {
    yield { event: { case: "done", value: {} } };
  },
};

async function start(interceptors: readonly Interceptor<Env>[], validator?: Validator): Promise<string> {
  const server = createServer({ services: [createMarketService(handlers)], interceptors, validator, onError });
  const { url } = await serve({ fetch: (request) => server.fetch(request, { user: "ada" }) });
  return url;
}

test("wraps calls, the first outermost, with the method in sight", async () => {
  const log: string[] = [];
  const logger =
    (name: string): Interceptor<Env> =>
    (next) =>
    async (request) => {
      expectTypeOf(request.context.value).toEqualTypeOf<Env>();
      log.push(`${name} ${request.kind} ${request.method.name} ${request.context.value.user}`);
      const response = await next(request);
      log.push(`${name} ${response.kind}`);
      return response;
    };
  const url = await start([logger("a"), logger("b")]);
  await (await fetch(`${url}/v1/quotes/A`)).text();
  await (await fetch(`${url}/v1/trades/A:watch`)).text();
  expect(log).toEqual([
    "a unary GetQuote ada",
    "b unary GetQuote ada",
    "b unary",
    "a unary",
    "a stream WatchTrades ada",
    "b stream WatchTrades ada",
    "b stream",
    "a stream",
  ]);
});

test("refuses calls, with headers of its own", async () => {
  const url = await start([
    (next) => async (request) => {
      request.context.responseHeaders.set("X-Seen", "1");
      if (!request.context.request.headers.has("authorization")) {
        throw new StatusError(Code.Unauthenticated, "send a token", { headers: { "WWW-Authenticate": "Bearer" } });
      }
      return next(request);
    },
  ]);
  for (const path of ["/v1/quotes/A", "/v1/trades/A:watch"]) {
    const refused = await fetch(url + path);
    expect([refused.status, refused.headers.get("www-authenticate"), refused.headers.get("x-seen")]).toEqual([
      401,
      "Bearer",
      "1",
    ]);
    const allowed = await fetch(url + path, { headers: { Authorization: "Bearer x" } });
    expect([allowed.status, allowed.headers.get("x-seen")]).toEqual([200, "1"]);
    await allowed.text();
  }
});

test("limits the rate of what an option of the proto names", async () => {
  const left = new Map([["ada", 1]]);
  const limit: Interceptor<Env> = (next) => async (request) => {
    if (getOption(request.method, stream).resumable) {
      const calls = left.get(request.context.value.user) ?? 0;
      if (calls === 0) {
        throw new StatusError(Code.ResourceExhausted, "later", { headers: { "Retry-After": "30" } });
      }
      left.set(request.context.value.user, calls - 1);
    }
    return next(request);
  };
  const url = await start([limit]);
  const get = async (path: string) => {
    const response = await fetch(url + path);
    await response.text();
    return [response.status, response.headers.get("retry-after")];
  };
  expect(await get("/v1/trades/A:watch")).toEqual([200, null]);
  expect(await get("/v1/trades/A:watch")).toEqual([429, "30"]);
  expect(await get("/v1/quotes/A")).toEqual([200, null]);
});

test("one that throws before it returns a promise is a failure like another", async () => {
  const url = await start([
    () => () => {
      throw new StatusError(Code.PermissionDenied, "no");
    },
  ]);
  expect((await fetch(`${url}/v1/quotes/A`)).status).toBe(403);
  expect((await fetch(`${url}/v1/trades/A:watch`)).status).toBe(403);
});

type Events = Extract<Awaited<ReturnType<Next>>, { kind: "stream" }>["events"];

/** An interceptor around the events of streams. */
function around<C = unknown>(wrap: (events: Events) => Events): Interceptor<C> {
  return (next) => async (request) => {
    const response = await next(request);
    return response.kind === "stream" ? { ...response, events: wrap(response.events) } : response;
  };
}

test("sees and changes the events of a stream", async () => {
  let counted = 0;
  const url = await start([
    around(async function* (events) {
      for await (const event of events) {
        counted++;
        if (counted > 1) {
          yield event;
        }
      }
    }),
  ]);
  expect(await (await fetch(`${url}/v1/trades/A:watch`)).text()).toBe(
    ':sse/1 heartbeat=15000 end\nid: 2\ndata: {"sequence":"2","symbol":"A"}\n\n:end\n',
  );
  expect(counted).toBe(2);
});

describe("an interceptor that waits for the next event of a handler", () => {
  const never = new Promise<never>(() => {});

  /** Cancels a call that sends nothing, once an interceptor waits. Returns what the interceptor and the hooks saw. */
  async function cancel(watchTrades: MarketServiceHandlers["watchTrades"], options: MarketOptions = {}) {
    const waiting = createFlag();
    const seen = createFlag<unknown>();
    const interceptor = around(async function* (events) {
      try {
        waiting.raise();
        for await (const event of events) {
          yield event;
        }
      } catch (error) {
        seen.raise(error);
        throw error;
      }
    });
    const interceptors = [interceptor, around((events) => events), interceptor];
    const server = createMarketServer({ watchTrades }, { interceptors, onError, ...options });
    const response = await server.fetch(new Request("http://localhost/v1/trades/A:watch"));
    await waiting.raised;
    await response.body?.cancel();
    expect(await seen.raised).toMatchObject({ name: "AbortError", reason: "client" });
    return server;
  }

  test("is rejected when the call is cancelled, and a ReadableStream is cancelled", async () => {
    const cancelled = createFlag<unknown>();
    const server = await cancel(() => new ReadableStream({ cancel: (reason) => cancelled.raise(reason) }));
    expect(await cancelled.raised).toMatchObject({ reason: "client" });
    await server.drain({ graceMs: 3_600_000 });
  });

  test("and an iterator is returned", async () => {
    const returned = createFlag();
    const iterator: AsyncIterator<never> = {
      next: () => never,
      return: async () => {
        returned.raise();
        return { done: true, value: undefined };
      },
    };
    await cancel(() => ({ [Symbol.asyncIterator]: () => iterator }));
    await returned.raised;
  });

  test("and a handler that is deaf is reported, once", async () => {
    const onLeak = vi.fn();
    await cancel(
      async function* () {
        await never;
        yield {};
      },
      { onLeak, leakMs: 1 },
    );
    await vi.waitFor(() => expect(onLeak).toHaveBeenCalled());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(onLeak).toHaveBeenCalledOnce();
    expect(onLeak.mock.calls[0]?.[0].method.name).toBe("WatchTrades");
  });

  test("and what a handler fails with then is reported", async () => {
    const reported = createFlag<unknown>();
    await cancel(
      async function* (_request, { sleep }) {
        try {
          await sleep(3_600_000);
          yield {};
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: what is tested
          throw new Error("cannot close the feed");
        }
      },
      { onError: (error) => reported.raise(error) },
    );
    expect(await reported.raised).toMatchObject({ message: "cannot close the feed" });
  });
});

test("events that are ready together are written together, through several interceptors", async () => {
  const pass = around(async function* (events) {
    for await (const event of events) {
      yield event;
    }
  });
  const server = createMarketServer({ watchTrades: handlers.watchTrades as never }, { interceptors: [pass, pass] });
  const { body } = await server.fetch(new Request("http://localhost/v1/trades/A:watch"));
  const first = await body?.getReader().read();
  expect(new TextDecoder().decode(first?.value)).toContain('"sequence":"2"');
});

test("a handler is not called any more once its call is over", async () => {
  const getQuote = vi.fn(() => ({}));
  const held = createFlag();
  const passed = createFlag<unknown>();
  const interceptor: Interceptor = (next) => async (request) => {
    await held.raised; // and not the signal
    const response = next(request);
    response.catch((error: unknown) => passed.raise(error));
    return response;
  };
  const server = createMarketServer({ getQuote }, { interceptors: [interceptor], unaryTimeoutMs: 5 });
  expect((await server.fetch(new Request("http://localhost/v1/quotes/A"))).status).toBe(504);
  held.raise();
  expect(await passed.raised).toMatchObject({ reason: "deadline" });
  expect(getQuote).not.toHaveBeenCalled();
});

test("a validator runs after the interceptors, and before the handler", async () => {
  const symbol = MarketService.method.getQuote.input.field.symbol;
  const validator: Validator = {
    validate: (schema, message) =>
      schema.typeName === "market.v1.GetQuoteRequest" && "symbol" in message && message.symbol === "bad"
        ? { kind: "invalid", violations: [{ field: [symbol], message: "must be a symbol", ruleId: "symbol" }] }
        : message.$typeName === "market.v1.AskRequest"
          ? { kind: "error", error: new Error("cannot compile") }
          : { kind: "valid" },
  };
  const order: string[] = [];
  const url = await start(
    [
      (next) => async (request) => {
        order.push("in");
        return next(request).finally(() => order.push("out"));
      },
    ],
    validator,
  );
  expect((await fetch(`${url}/v1/quotes/good`)).status).toBe(200);
  const invalid = await fetch(`${url}/v1/quotes/bad`);
  expect([invalid.status, await invalid.json()]).toEqual([
    400,
    {
      code: 3,
      message: "symbol: must be a symbol",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "symbol", description: "must be a symbol" }],
        },
      ],
    },
  ]);
  expect(order).toEqual(["in", "out", "in", "out"]);
  // Rules that cannot be run are the server's mistake.
  const ask = { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } };
  expect((await fetch(`${url}/v1/ask`, ask)).status).toBe(500);
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: "cannot compile" }), expect.anything());
});

test("an interceptor can turn a missing terminal event into an error; without it, onCallEnd reports it", async () => {
  const complete: Interceptor = (next) => async (request) => {
    const response = await next(request);
    return response.kind === "unary" ? response : { ...response, events: untilDone(response.events) };
  };
  async function* untilDone<T>(events: AsyncIterable<T>) {
    let last: T | undefined;
    for await (const event of events) {
      last = event;
      yield event;
    }
    const { event } = (last ?? {}) as { event?: { case?: string } };
    if (event?.case !== "done") {
      throw new StatusError(Code.Internal, "the answer has no end");
    }
  }
  const ask = async (isDone: boolean, interceptors: Interceptor[]) => {
    const terminal = createFlag<unknown>();
    const handlers = {
      async *ask() {
        yield { event: { case: "delta", value: {} } } as const;
        if (isDone) {
          yield { event: { case: "done", value: {} } } as const;
        }
      },
    };
    const onCallEnd = (info: { terminal: unknown }) => terminal.raise(info.terminal);
    const { fetch } = createMarketServer(handlers, { interceptors, onCallEnd });
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    const text = await (await fetch(new Request("http://localhost/v1/ask", init))).text();
    return [/event: error|:end/.exec(text)?.[0], await terminal.raised];
  };
  expect(await ask(true, [complete])).toEqual([":end", true]);
  expect(await ask(false, [complete])).toEqual(["event: error", false]);
  expect(await ask(false, [])).toEqual([":end", false]);
});

test("a copy of the context has the signal and the headers of the call", async () => {
  const copying: Interceptor<Env> = (next) => (request) =>
    request.kind === "unary"
      ? next({ ...request, context: { ...request.context, value: { user: "eve" } } })
      : next(request);
  const service = createMarketService<Env>(
    {
      getQuote(_request, { signal, responseHeaders, value }) {
        responseHeaders.set("X-User", value.user);
        return { symbol: String(signal.aborted) };
      },
    },
    { unimplemented: "501" },
  );
  const server = createServer({ services: [service], interceptors: [copying] });
  const response = await server.fetch(new Request("http://localhost/v1/quotes/A"), { user: "ada" });
  expect([response.headers.get("x-user"), await response.json()]).toEqual(["eve", { symbol: "false" }]);
});
