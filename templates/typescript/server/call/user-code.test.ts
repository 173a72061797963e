/** Code of the user that throws, rejects, or gives nonsense, wherever the server calls it: `fetch` answers, and nothing stays. */
import { createRegistry } from "@bufbuild/protobuf";
import { describe, expect, test, vi } from "vitest";
import { type CallEndInfo, Code, StatusError } from "../../server.js";
import { createMarketServer, type MarketOptions, watch } from "../../testing/market-server.js";
import type { MarketServiceHandlers } from "../../testing/market-service.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";

expectNoUnhandledRejections();

const mistake = (): never => {
  throw new Error("a mistake");
};
const rejection = () => Promise.reject(new Error("a mistake"));
const handlers: Partial<MarketServiceHandlers> = {
  getQuote: () => ({}),
  async *watchTrades() {
    yield { sequence: 1n };
  },
};
const badStream = (next: () => unknown) => ({
  watchTrades: () => ({ [Symbol.asyncIterator]: () => ({ next }) }) as never,
});

test.each<[string, MarketOptions, Partial<MarketServiceHandlers>?]>([
  ["cors.origins that throws", { cors: { origins: mistake } }],
  ["cors.origins that returns a promise", { cors: { origins: rejection as never } }],
  ["createContext that throws", { createContext: mistake }],
  ["createContext that rejects", { createContext: rejection }],
  ["a validator that throws", { validator: { validate: mistake } }],
  ["a validator that returns nothing", { validator: { validate: () => undefined as never } }],
  ["an interceptor that throws", { interceptors: [() => mistake] }],
  ["an interceptor that rejects", { interceptors: [() => rejection] }],
  ["an interceptor that returns nothing", { interceptors: [() => async () => undefined as never] }],
  ["an interceptor that throws for undefined", { interceptors: [() => () => Promise.reject(undefined)] }],
  [
    "jsonOptions that throw",
    {
      jsonOptions: {
        get enumAsInteger(): boolean {
          return mistake();
        },
      },
    },
  ],
  ["a handler that throws", {}, { getQuote: mistake, watchTrades: mistake }],
  ["a handler that rejects", {}, { getQuote: rejection, watchTrades: rejection }],
  [
    "an answer whose getter throws",
    {},
    {
      getQuote: () => ({
        get symbol(): string {
          return mistake();
        },
      }),
    },
  ],
  ["an iterator whose next throws", {}, badStream(mistake)],
  ["an iterator that gives no promise", {}, badStream(() => undefined)],
  ["an iterator that gives no result", {}, badStream(async () => undefined)],
  [
    "an iterator whose result throws",
    {},
    badStream(async () => ({
      get done() {
        return mistake();
      },
    })),
  ],
  ["an iterator that is none", {}, { watchTrades: () => ({ [Symbol.asyncIterator]: mistake }) as never }],
])("%s", async (name, options, own) => {
  const onError = vi.fn();
  const ends: CallEndInfo[] = [];
  let server: ReturnType<typeof createMarketServer>;
  try {
    server = createMarketServer({ ...handlers, ...own }, { ...options, onError, onCallEnd: (info) => ends.push(info) });
  } catch (error) {
    // Options are read when the server is created.
    expect([name, error]).toEqual(["jsonOptions that throw", new Error("a mistake")]);
    return;
  }
  const statuses: number[] = [];
  for (const path of ["/v1/quotes/A", watch]) {
    const request = new Request(`http://localhost${path}`, { headers: { Origin: "https://a.test" } });
    const response = await server.fetch(request);
    const text = await response.text();
    expect(text).not.toContain("mistake");
    statuses.push(response.status);
    expect(server.match(request)).toBe(true);
  }
  expect(statuses).toContain(500);
  expect(ends.map(({ status }) => status)).toEqual(statuses);
  expect(onError).toHaveBeenCalledTimes(statuses.filter((status) => status === 500).length);
  await server.drain({ graceMs: 3_600_000 });
});

test("a registry that throws fails only the call that needs it", async () => {
  const registry = { ...createRegistry(), getMessage: mistake, getExtensionFor: mistake };
  const server = createMarketServer(handlers, { registry, onError: () => {} });
  expect((await server.fetch(new Request("http://localhost/v1/quotes/A"))).status).toBe(200);
});

test("a detail that is no JSON is an internal error, before the head of a stream and after it", async () => {
  const onError = vi.fn();
  const detail = { "@type": "a", circular: {} };
  detail.circular = detail;
  const error = new StatusError(Code.Aborted, "no", { details: [detail] });
  const server = createMarketServer(
    {
      getQuote: () => Promise.reject(error),
      async *watchTrades() {
        yield { sequence: 1n };
        throw error;
      },
    },
    { onError },
  );
  expect((await server.fetch(new Request("http://localhost/v1/quotes/A"))).status).toBe(500);
  const stream = await server.fetch(new Request(`http://localhost${watch}`));
  expect(await stream.text()).toContain('event: error\ndata: {"code":13,"message":"internal error"}');
  expect(onError).toHaveBeenCalledTimes(2);
});

describe("hooks", () => {
  test.each([
    ["throw", mistake],
    ["reject", rejection],
  ])("that %s disturb no call", async (_name, hook) => {
    const options = { onError: hook, onLeak: hook, onCallStart: hook, onCallEnd: hook };
    const server = createMarketServer({ ...handlers, getQuote: mistake }, options as MarketOptions);
    expect((await server.fetch(new Request("http://localhost/v1/quotes/A"))).status).toBe(500);
    expect(await (await server.fetch(new Request(`http://localhost${watch}`))).text()).toContain(":end");
  });

  test("may call the server again, and drain it", async () => {
    const nested: Promise<unknown>[] = [];
    const server = createMarketServer(handlers, {
      onCallStart: ({ request }) => {
        if (!request.url.endsWith("/inner")) {
          nested.push(server.fetch(new Request("http://localhost/v1/quotes/inner")));
        }
      },
      onCallEnd: () => nested.push(server.drain()),
    });
    expect((await server.fetch(new Request("http://localhost/v1/quotes/A"))).status).toBe(200);
    await server.drain({ graceMs: 1 });
    expect(nested.length).toBeGreaterThan(0);
  });
});

describe("a listener of the signal", () => {
  test("that ends the call again, from inside", async () => {
    const ends: CallEndInfo[] = [];
    const abort = new AbortController();
    let body: ReadableStream<Uint8Array> | null = null;
    const server = createMarketServer(
      {
        watchTrades(_request, { signal }) {
          signal.addEventListener("abort", () => {
            abort.abort();
            body?.cancel().catch(() => {});
            server.drain().catch(() => {});
          });
          return new ReadableStream();
        },
      },
      { maxDurationMs: 40, onCallEnd: (info) => ends.push(info) },
    );
    const response = await server.fetch(new Request(`http://localhost${watch}`, { signal: abort.signal }));
    body = response.body;
    await vi.waitFor(() => expect(ends).toHaveLength(1));
    expect(ends[0]).toMatchObject({ reason: "deadline", code: 4 });
    await server.drain({ graceMs: 3_600_000 });
  });
});

describe("the URL of a request", () => {
  test("can be a path: Bun has no host for HTTP/1.0", async () => {
    const server = createMarketServer(handlers);
    const request = {
      url: "/v1/quotes/A?x=1",
      method: "GET",
      headers: new Headers(),
      body: null,
    } as unknown as Request;
    expect(server.match(request)).toBe(true);
    expect((await server.fetch(request)).status).toBe(200);
    expect(server.match({ ...request, url: "//v1/quotes/A" })).toBe(false);
  });

  test.each<[string, object]>([
    ["can be invalid", { url: "no url" }],
    [
      "can throw",
      {
        get url() {
          return mistake();
        },
      },
    ],
  ])("%s", async (_name, request) => {
    const server = createMarketServer(handlers, { onError: () => {} });
    Object.defineProperties(request, { method: { value: "GET" }, headers: { value: new Headers() } });
    expect(server.match(request as Request)).toBe(false);
    const response = await server.fetch(request as Request);
    expect(response.status).toBeGreaterThanOrEqual(400);
    await response.text();
    await server.drain({ graceMs: 3_600_000 });
  });
});

/** Options and handlers under which `act` is called at one place, each time that it is reached. */
type Place = (act: () => unknown) => {
  readonly options?: MarketOptions;
  readonly own?: Partial<MarketServiceHandlers>;
};

const places: Readonly<Record<string, Place>> = {
  "cors.origins": (act) => ({
    options: {
      cors: {
        origins: () => {
          act();
          return true;
        },
      },
    },
  }),
  onCallStart: (act) => ({ options: { onCallStart: act } }),
  createContext: (act) => ({ options: { createContext: act } }),
  "createContext that resolves later": (act) => ({
    options: { createContext: () => new Promise(setImmediate).then(act) },
  }),
  "an interceptor before it calls next": (act) => ({
    options: {
      interceptors: [
        (next) => (request) => {
          act();
          return next(request);
        },
      ],
    },
  }),
  "the validator": (act) => ({
    options: {
      validator: {
        validate() {
          act();
          return { kind: "valid" };
        },
      },
    },
  }),
  // From here on the handler has been called.
  "a handler": (act) => ({
    own: {
      getQuote() {
        act();
        return {};
      },
      watchTrades() {
        act();
        return endless();
      },
    },
  }),
  "an interceptor after it called next": (act) => ({
    options: {
      interceptors: [
        (next) => async (request) => {
          const response = await next(request);
          act();
          return response;
        },
      ],
    },
  }),
  "a getter of the message": (act) => ({
    own: {
      getQuote: () => message(act),
      async *watchTrades() {
        yield message(act);
        yield* endless();
      },
    },
  }),
  "an iterator": (act) => ({
    own: {
      getQuote: () => {
        act();
        return {};
      },
      async *watchTrades() {
        yield { sequence: 1n };
        act();
        yield* endless();
      },
    },
  }),
  "the pull of a ReadableStream": (act) => ({
    own: {
      getQuote: () => {
        act();
        return {};
      },
      watchTrades: () =>
        new ReadableStream({
          pull(controller) {
            act();
            controller.enqueue({ sequence: 1n });
          },
        }),
    },
  }),
  "a listener of the signal": (act) => ({
    options: { maxDurationMs: 20, unaryTimeoutMs: 20 },
    own: {
      async getQuote(_request, { signal }) {
        signal.addEventListener("abort", act);
        await new Promise(() => {});
        return {};
      },
      async *watchTrades(_request, { signal }) {
        signal.addEventListener("abort", act);
        yield { sequence: 1n };
        await new Promise(() => {});
      },
    },
  }),
  "an iterator's return()": (act) => ({
    options: { maxDurationMs: 20 },
    own: {
      getQuote: () => {
        act();
        return {};
      },
      async *watchTrades(_request, { sleep }) {
        try {
          yield { sequence: 1n };
          await sleep(60_000);
        } finally {
          act();
        }
      },
    },
  }),
  "the cancel of a ReadableStream": (act) => ({
    options: { maxDurationMs: 20 },
    own: {
      getQuote: () => {
        act();
        return {};
      },
      watchTrades: () => new ReadableStream({ cancel: () => void act() }),
    },
  }),
  onError: (act) => ({
    options: { onError: act },
    own: { getQuote: mistake, watchTrades: mistake },
  }),
  onCallEnd: (act) => ({ options: { onCallEnd: act }, own: { watchTrades: () => one() } }),
};

/** A message whose field is read by code of the user. */
const message = (act: () => unknown) => ({
  get price(): number {
    act();
    return 1;
  },
});

async function* one() {
  yield { sequence: 1n };
}

/** Ends only when it is made to. */
async function* endless() {
  for (let sequence = 1n; ; sequence++) {
    await new Promise(setImmediate);
    yield { sequence };
  }
}

interface Setting {
  readonly server: ReturnType<typeof createMarketServer>;
  readonly abort: AbortController;
  readonly reader: () => ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly nested: Promise<unknown>[];
}

const ways: Readonly<Record<string, (setting: Setting) => unknown>> = {
  "an abort of the request": ({ abort }) => abort.abort(),
  "a cancel of the response's body": ({ abort, reader }) => {
    const current = reader();
    // Before there is a response, this is how a client leaves.
    if (current) {
      current.cancel().catch(() => {});
    } else {
      abort.abort();
    }
  },
  "drain()": ({ server, nested }) => nested.push(server.drain({ graceMs: 0 })),
  "another request": ({ server, abort, nested }) => {
    const inner = new Request("http://localhost/v1/quotes/inner", { headers: { Origin: "https://a.test" } });
    nested.push(server.fetch(inner).then((response) => response.text()));
    abort.abort();
  },
};

describe.each(Object.entries(places))("code of the user in %s", (name, place) => {
  describe.each(Object.entries(ways))("may end its call by %s", (way, end) => {
    test.each(["/v1/quotes/A", watch])("of %s: the call ends once, and nothing stays", async (path) => {
      let acted = false;
      let handled = 0;
      const starts: Request[] = [];
      const ends: CallEndInfo[] = [];
      const abort = new AbortController();
      const nested: Promise<unknown>[] = [];
      let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
      const { options, own } = place(() => {
        if (acted) {
          return;
        }
        acted = true;
        end({ server, abort, reader: () => reader, nested });
      });
      const all = { getQuote: () => ({}), watchTrades: () => endless(), ...own } as MarketServiceHandlers;
      const server = createMarketServer(
        {
          getQuote: (...args) => {
            handled++;
            return all.getQuote(...args);
          },
          watchTrades: (...args) => {
            handled++;
            return all.watchTrades(...args);
          },
        },
        {
          onError: () => {},
          ...options,
          onCallStart: (info) => {
            starts.push(info.request);
            options?.onCallStart?.(info);
          },
          onCallEnd: (info) => {
            ends.push(info);
            options?.onCallEnd?.(info);
          },
        },
      );
      const headers = { Origin: "https://a.test" };
      const request = new Request(`http://localhost${path}`, { headers, signal: abort.signal });
      const response = await server.fetch(request);
      reader = response.body?.getReader();
      const read = async () => {
        // A client of a stream that goes on has read enough some time.
        for (let chunks = 0; reader && chunks < 200; chunks++) {
          if ((await reader.read()).done) {
            return;
          }
        }
      };
      await read().catch(() => {});
      await reader?.cancel().catch(() => {});
      await Promise.all(nested);
      await server.drain({ graceMs: 3_600_000 });
      expect(acted).toBe(true);
      expect(ends.filter((info) => info.request === request)).toHaveLength(1);
      expect(ends).toHaveLength(starts.length);
      const before = Object.keys(places).indexOf(name) < Object.keys(places).indexOf("a handler");
      if (before && /abort|cancel/.test(way)) {
        expect(handled).toBe(0);
      }
    });
  });
});
