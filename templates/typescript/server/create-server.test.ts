import { createRegistry } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { MarketService, ToolCallSchema } from "../../../test/gen/market/v1/market_pb.js";
import { Code, createServer, defineService, type Server, StatusError } from "../server.js";
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
    expect(() => defineService(MarketService, {}, { getBid: { bindings: [{ verb: "GET", path: "/" }] } })).toThrow(
      'service market.v1.MarketService has no method "getBid"',
    );
  });

  test("the value that fetch takes is what all handlers ask for", () => {
    interface Env {
      readonly user: string;
    }
    const plain = createMarketService(quote, { unimplemented: "501" });
    expectTypeOf(createServer({ services: [plain] }).fetch).toEqualTypeOf<
      (request: Request, value?: unknown) => Promise<Response>
    >();
    const mixed = createServer({
      services: [createMarketService<Env>({}, { unimplemented: "501" })],
      interceptors: [(next) => next],
    });
    expectTypeOf(mixed.fetch).toEqualTypeOf<(request: Request, value: Env) => Promise<Response>>();
    const services = [defineService<Env>(MarketService, {}, {}), defineService(MarketService, {}, {})];
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
