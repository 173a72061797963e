import { createRegistry } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { MarketService, ToolCallSchema } from "../../../test/gen/market/v1/market_pb.js";
import {
  Code,
  type ContextInit,
  createServer,
  defineService,
  type Server,
  type Service,
  StatusError,
} from "../server.js";
import { MarketServiceClient } from "../testing/market-client.js";
import { createMarketServer, postAsk, startMarketServer } from "../testing/market-server.js";
import { createMarketService, type MarketServiceHandlers } from "../testing/market-service.js";

const quote: Partial<MarketServiceHandlers> = {
  getQuote: ({ symbol }) => ({ symbol, price: 187.2, time: timestampFromMs(0) }),
};

describe("createServer", () => {
  test("lists its routes, and says which requests they take", () => {
    const server = createMarketServer(quote);
    expect(server.routes.map(({ verb, template, method }) => [verb, template, method.name])).toEqual([
      ["GET", "/v1/quotes/{symbol}", "GetQuote"],
      ["GET", "/v1/trades/{symbol}:watch", "WatchTrades"],
      ["POST", "/v1/ask", "Ask"],
    ]);
    const matches = (path: string, method = "GET") => server.match(new Request(`http://localhost${path}`, { method }));
    expect([matches("/v1/quotes/A?x=1"), matches("/v1/quotes/A", "HEAD"), matches("/v1/ask", "POST")]).toEqual([
      true,
      true,
      true,
    ]);
    expect([matches("/"), matches("/v1/quotes/A", "PUT"), matches("/v1/ask", "OPTIONS")]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("refuses two services that take the same requests", () => {
    const service = createMarketService(quote, { unimplemented: "501" });
    expect(() => createServer({ services: [service, service] })).toThrow("take the same requests");
  });

  test("fetch needs no `this`, and does not reject", async () => {
    const { fetch } = createMarketServer(quote, { onError: () => {} });
    expect((await fetch(new Request("http://localhost/v1/quotes/A"))).status).toBe(200);
    expect((await fetch({ url: "no url", method: "GET", headers: new Headers() } as Request)).status).toBe(400);
    expect((await fetch({} as Request)).status).toBe(400);
  });

  test("refuses handlers that are no functions, and methods that are not there", () => {
    expect(() => createMarketService({ getQuote: 3 as never }, { unimplemented: "501" })).toThrow(
      'handler "getQuote" of market.v1.MarketService is number: make it a function',
    );
    const methods: object = { getBid: { bindings: [{ method: "GET", path: "/" }] } };
    expect(() => defineService(MarketService, {}, methods)).toThrow(
      'service market.v1.MarketService has no method "getBid"',
    );
  });

  test("is a client's fetch: calls in process, without a socket", async () => {
    let aborted: unknown;
    const server = createMarketServer({
      ...quote,
      async *watchTrades({ symbol }, { signal }) {
        signal.addEventListener("abort", () => {
          aborted = signal.reason;
        });
        for (let sequence = 1n; ; sequence++) {
          yield { sequence, symbol };
        }
      },
    });
    const client = new MarketServiceClient({ baseUrl: "http://in.process", fetch: server.fetch });
    expect(await client.getQuote({ symbol: "AAPL" })).toMatchObject({ symbol: "AAPL", price: 187.2 });
    const sequences: bigint[] = [];
    for await (const { sequence } of client.watchTrades({ symbol: "AAPL" })) {
      if (sequences.push(sequence) === 3) {
        break;
      }
    }
    expect(sequences).toEqual([1n, 2n, 3n]);
    await expect.poll(() => aborted).toMatchObject({ reason: "client" });
    const relative = new MarketServiceClient({ baseUrl: "/api", fetch: server.fetch });
    await expect(relative.getQuote({ symbol: "AAPL" })).rejects.toMatchObject({ code: "request" });
  });

  test("members of every object are no handlers, and a handler may have the name of one", async () => {
    const { getQuote } = MarketService.method;
    const names = ["hasOwnProperty", "__proto__", "isPrototypeOf"];
    const method = Object.fromEntries(names.map((name) => [name, { ...getQuote, name, localName: name }]));
    const rules = Object.fromEntries(
      names.map((name) => [
        name,
        { bindings: [{ method: "GET", path: `/${name}/{symbol}`, variables: [{ field: ["symbol"] }] }] },
      ]),
    );
    const handlers = { hasOwnProperty: () => ({ symbol: "own" }), ["__proto__"]: () => ({ symbol: "proto" }) };
    const { fetch } = createServer({
      services: [defineService({ ...MarketService, method }, handlers, rules as object)],
    });
    const answers = names.map(async (name) => (await fetch(new Request(`http://test/${name}/a`))).status);
    expect(await Promise.all(answers)).toEqual([200, 200, 501]);
  });

  test("the value that fetch takes is what all handlers ask for", () => {
    interface Env {
      readonly user: string;
    }
    const plain = createMarketService(quote, { unimplemented: "501" });
    expectTypeOf(createServer({ services: [plain] }).fetch).toEqualTypeOf<
      (request: Request | string | URL, value?: unknown) => Promise<Response>
    >();
    const mixed = createServer({
      services: [createMarketService<Env>({}, { unimplemented: "501" })],
      interceptors: [(next) => next],
    });
    expectTypeOf(mixed.fetch).toEqualTypeOf<(request: Request | string | URL, value: Env) => Promise<Response>>();
    const withEnv: Service<Env> = defineService(MarketService, {}, {});
    const services = [withEnv, defineService(MarketService, {}, {})];
    expectTypeOf(createServer({ services })).toEqualTypeOf<Server<Env>>();
  });

  test("jsonOptions and registry", async () => {
    const onError = vi.fn();
    const detail = { desc: ToolCallSchema, value: { name: "x" } };
    const { url } = await startMarketServer(
      {
        getQuote: () => ({ price: 1 }),
        async *watchTrades() {
          yield { sequence: 1n };
        },
        async *ask() {
          yield { event: { case: "toolCall", value: { name: "a" } } };
          throw new StatusError(Code.Aborted, "no", { details: [detail] });
        },
      },
      {
        onError,
        registry: createRegistry(),
        jsonOptions: { alwaysEmitImplicit: true, useProtoFieldName: true },
      },
    );
    expect(await (await fetch(`${url}/v1/quotes/A`)).json()).toEqual({ symbol: "", price: 1 });
    expect(await (await fetch(`${url}/v1/trades/A:watch`)).text()).toContain('"symbol":""');
    expect(await (await postAsk(url, "{}")).text()).toBe(
      ':sse/1 heartbeat=15000 end\nevent: tool.call\ndata: {"name":"a","arguments":""}\n\nevent: error\ndata: {"code":10,"message":"no","details":[{"@type":"type.googleapis.com/market.v1.ToolCall","name":"x","arguments":""}]}\n\n',
    );
    expect(onError).not.toHaveBeenCalled();
  });
});

describe("createContext", () => {
  interface Env {
    readonly users: Readonly<Record<string, string>>;
  }
  interface User {
    readonly name: string;
  }
  const env: Env = { users: { t: "ada" } };
  const handlers: Partial<MarketServiceHandlers<User>> = {
    getQuote: (_request, { value }) => ({ symbol: value.name }),
    async *watchTrades(_request, { value }) {
      yield { symbol: value.name };
    },
    async *ask(_request, { value }) {
      yield { event: { case: "delta", value: { text: value.name } } };
    },
  };
  const seen: unknown[] = [];
  const server = createServer({
    services: [createMarketService<User>(handlers, { unimplemented: "501" })],
    interceptors: [
      (next) => (request) => {
        expectTypeOf(request.context.value.name).toBeString();
        return next(request);
      },
    ],
    createContext: async ({ request, method, kind, value }: ContextInit<Env>) => {
      seen.push([new URL(request.url).pathname, method.name, kind]);
      const name = value.users[request.headers.get("authorization") ?? ""];
      if (name === undefined) {
        throw new StatusError(Code.Unauthenticated, "send a token");
      }
      return { name };
    },
  });
  const authorization = "t";

  test("makes the value of all calls, of the request and the value passed to fetch", async () => {
    expectTypeOf(server).toEqualTypeOf<Server<Env>>();
    const get = async (path: string) => {
      const response = await server.fetch(new Request(`http://localhost${path}`, { headers: { authorization } }), env);
      return response.text();
    };
    expect(await get("/v1/quotes/A")).toBe('{"symbol":"ada"}');
    expect(await get("/v1/trades/A:watch")).toContain('data: {"symbol":"ada"}');
    expect(seen.splice(0)).toEqual([
      ["/v1/quotes/A", "GetQuote", "unary"],
      ["/v1/trades/A:watch", "WatchTrades", "stream"],
    ]);
  });

  test("is not called where there is no method; what it throws is the answer, before the request is read", async () => {
    const ask = (headers: Record<string, string>, path = "/v1/ask") => {
      const body = new ReadableStream<Uint8Array>({ pull: () => void reads++ }, { highWaterMark: 0 });
      let reads = 0;
      const init = { method: "POST", headers, body, duplex: "half" };
      return {
        response: server.fetch(new Request(`http://localhost${path}`, init as RequestInit), env),
        reads: () => reads,
      };
    };
    expect((await ask({}, "/v1/nothing").response).status).toBe(404);
    expect(seen).toEqual([]);
    // What is wrong with the request is neither checked nor reported.
    const { response, reads } = ask({ Accept: "text/html", "Content-Length": "99999999" });
    expect([(await response).status, await (await response).json()]).toEqual([
      401,
      { code: 16, message: "send a token" },
    ]);
    expect(reads()).toBe(0);
    expect((await ask({ Accept: "text/html", authorization }).response).status).toBe(406);
  });

  test("types: what fetch takes is what createContext asks for", () => {
    const services = [createMarketService<User>(handlers, { unimplemented: "501" })];
    const none = createServer({ services, createContext: ({ request }) => ({ name: request.url }) });
    expectTypeOf(none.fetch).parameters.toEqualTypeOf<[Request | string | URL, unknown?]>();
    expectTypeOf(createServer({ services }).fetch).parameters.toEqualTypeOf<[Request | string | URL, User]>();
    expectTypeOf(
      createServer<User, Env>({ services, createContext: ({ value }) => ({ name: value.users["t"] ?? "" }) }),
    ).toEqualTypeOf<Server<Env>>();
    // @ts-expect-error it makes no User
    createServer({ services, createContext: () => ({ id: 1 }) });
    // @ts-expect-error the handlers ask for a User
    createServer<string>({ services });
  });
});
