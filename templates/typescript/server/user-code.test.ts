/** Code of the user that throws, rejects, or gives nonsense, wherever the server calls it: `fetch` answers, and nothing stays. */
import { createRegistry } from "@bufbuild/protobuf";
import { describe, expect, test, vi } from "vitest";
import type { CallEndInfo } from "../server.js";
import { createMarketServer, type MarketOptions, watch } from "../testing/market-server.js";
import type { MarketServiceHandlers } from "../testing/market-service.js";
import { expectNoUnhandledRejections } from "../testing/unhandled.js";

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
        if (!request.url.endsWith("/inner")) nested.push(server.fetch(new Request("http://localhost/v1/quotes/inner")));
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

describe("a request that a runtime cannot tell the URL of", () => {
  test("is served by its path: Bun has no host for HTTP/1.0", async () => {
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
    ["is not one", { url: "no url" }],
    [
      "throws",
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
