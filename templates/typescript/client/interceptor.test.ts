import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { DeltaSchema, type Quote, QuoteSchema } from "../../../test/gen/market/v1/market_pb.js";
import { type Interceptor, StatusError, type StreamResponse, type UnaryResponse } from "../client.js";
import type { Interceptor as JsonInterceptor } from "../client-json.js";
import { json, startServer } from "../testing/http-server.js";
import { MarketServiceClient } from "../testing/market-client.js";
import { MarketServiceClient as JsonClient } from "../testing/market-json-client.js";

/** A server that answers unary calls, and streams with the trades after the cursor: two in each response. */
async function serveMarket(unary = (attempt: number) => ({ status: 200, body: { price: attempt } as unknown })) {
  let calls = 0;
  return startServer(({ line, headers }, response) => {
    if (line.includes("/v1/quotes/")) {
      const { status, body } = unary(++calls);
      return json(response, body, status);
    }
    response.writeHead(200, { "content-type": "text/event-stream" }).write("retry: 1\n:sse/1 end\n");
    if (line.includes("/v1/ask")) {
      response.write(
        'event: delta\ndata: {"text":"a"}\n\nevent: delta\ndata: {"text":"b"}\n\nevent: done\ndata: {}\n\n',
      );
      return response.end(":end\n");
    }
    const after = Number(headers["last-event-id"] ?? 0);
    for (const id of [after + 1, after + 2]) {
      response.write(`id: ${id}\ndata: {"sequence":"${id}"}\n\n`);
    }
    response.end(after < 4 ? "" : ":end\n");
  });
}

describe("an interceptor", () => {
  test("sets headers of calls and of every attempt of a stream", async () => {
    const { baseUrl, received } = await serveMarket();
    let token = 0;
    const auth: Interceptor = (next) => async (request) => {
      request.headers.set("Authorization", `Bearer ${++token}`);
      return next(request);
    };
    const client = new MarketServiceClient({ baseUrl, interceptors: [auth], headers: { authorization: "none" } });
    await client.getQuote({ symbol: "A" });
    expect((await client.watchTrades({ symbol: "A" }).collect({ max: 100 })).length).toBe(6);
    expect(received.map(({ headers }) => headers.authorization)).toEqual([1, 2, 3, 4].map((n) => `Bearer ${n}`));
  });

  test("sees the method, the message, and of a stream the attempt, the cursor and the stream", async () => {
    const { baseUrl } = await serveMarket();
    const log: unknown[] = [];
    const logging: Interceptor = (next) => async (request) => {
      const { method, message } = request;
      log.push([
        method.parent.typeName,
        method.name,
        method.output.typeName,
        message.$typeName,
        request.headers.get("x-call"),
      ]);
      if (request.kind === "stream") {
        log.push([request.attempt, request.lastEventId, request.stream.state]);
      }
      const response = await next(request);
      log.push(response.kind === "unary" ? [response.status, response.message.$typeName] : [response.response.status]);
      return response;
    };
    const client = new MarketServiceClient({ baseUrl, interceptors: [logging] });
    await client.getQuote({ symbol: "A" }, { headers: { "x-call": "1" } });
    const stream = client.watchTrades({ symbol: "A" });
    for await (const { sequence } of stream) {
      if (sequence === 3n) {
        break;
      }
    }
    const trades = ["market.v1.MarketService", "WatchTrades", "market.v1.Trade", "market.v1.WatchTradesRequest", null];
    expect(log).toEqual([
      ["market.v1.MarketService", "GetQuote", "market.v1.Quote", "market.v1.GetQuoteRequest", "1"],
      [200, "market.v1.Quote"],
      trades,
      [1, undefined, "connecting"],
      [200],
      trades,
      [2, "2", "connecting"],
      [200],
    ]);
  });

  test("sends a unary call again", async () => {
    const { baseUrl, received } = await serveMarket((attempt) =>
      attempt < 3 ? { status: 503, body: { code: 14, message: "busy" } } : { status: 200, body: { price: 3 } },
    );
    const retry: Interceptor = (next) => async (request) => {
      for (let left = 3; ; left--) {
        try {
          return await next(request);
        } catch (error) {
          if (!(error instanceof StatusError && error.status === 503 && left > 0)) {
            throw error;
          }
        }
      }
    };
    const client = new MarketServiceClient({ baseUrl, interceptors: [retry] });
    expect((await client.getQuote({ symbol: "A" })).price).toBe(3);
    expect(received.length).toBe(3);
  });

  test("counts, changes and leaves out events", async () => {
    const { baseUrl } = await serveMarket();
    const seen: (string | undefined)[] = [];
    const filter: Interceptor = (next) => async (request) => {
      const response = await next(request);
      if (response.kind === "unary") {
        return response;
      }
      const decode: StreamResponse["decode"] = (event, place) => {
        seen.push(`${event.event}/${place.attempt}`);
        return event.data.includes("a") ? undefined : response.decode(event, place);
      };
      return { ...response, decode };
    };
    const client = new MarketServiceClient({ baseUrl, interceptors: [filter] });
    const events = await client.ask({ question: "?" }).collect({ max: 100 });
    expect(events.map(({ event }) => event.case)).toEqual(["delta", "done"]);
    expect(events[0]?.event.value).toEqual(create(DeltaSchema, { text: "b" }));
    expect(seen).toEqual(["delta/1", "delta/1", "done/1"]);
  });

  test("may change the request, and the response", async () => {
    const { baseUrl, received } = await serveMarket();
    const change: Interceptor = (next) => async (request) => {
      if (request.kind === "stream") {
        return next(request);
      }
      const response = (await next({
        ...request,
        message: { ...request.message, symbol: "B" } as Quote,
      })) as UnaryResponse;
      return { ...response, message: create(QuoteSchema, { symbol: "changed" }) };
    };
    const client = new MarketServiceClient({ baseUrl, interceptors: [change] });
    expect((await client.getQuote({ symbol: "A" })).symbol).toBe("changed");
    expect(received[0]?.line).toBe("GET /v1/quotes/B");
  });

  test("may answer in place of the server", async () => {
    const fake: Interceptor = () => async (request) => {
      if (request.kind === "unary") {
        return { kind: "unary", status: 200, headers: new Headers(), message: create(QuoteSchema, { price: 1 }) };
      }
      const response = new Response("data: {}\n\n", { headers: { "content-type": "text/event-stream" } });
      return { kind: "stream", response, decode: () => create(QuoteSchema, { price: 2 }) };
    };
    const client = new MarketServiceClient({ baseUrl: "http://127.0.0.1:1", interceptors: [fake] });
    expect((await client.getQuote({ symbol: "A" })).price).toBe(1);
    expect((await client.watchTrades({ symbol: "A" }).next()).value).toMatchObject({ price: 2 });
  });

  test("rejects the call with what it throws", async () => {
    const reason = new Error("not today");
    const refuse: Interceptor = () => async () => {
      throw reason;
    };
    const client = new MarketServiceClient({ baseUrl: "http://127.0.0.1:1", interceptors: [refuse] });
    await expect(client.getQuote({ symbol: "A" })).rejects.toBe(reason);
    await expect(client.watchTrades({ symbol: "A" }).next()).rejects.toBe(reason);
  });

  test("that hangs does not keep an abort from being heard", async () => {
    const controller = new AbortController();
    const hang: Interceptor = () => () => {
      controller.abort("enough");
      return new Promise(() => {});
    };
    const client = new MarketServiceClient({ baseUrl: "http://127.0.0.1:1", interceptors: [hang] });
    const { signal } = controller;
    await expect(client.getQuote({ symbol: "A" }, { signal })).rejects.toBe("enough");
  });

  test("wraps those behind it: the first is the outermost", async () => {
    const { baseUrl } = await serveMarket();
    const log: string[] = [];
    const named =
      (name: string): Interceptor =>
      (next) =>
      async (request) => {
        log.push(`${name} in`);
        const response = await next(request);
        log.push(`${name} out`);
        return response;
      };
    const client = new MarketServiceClient({ baseUrl, interceptors: [named("a"), named("b")] });
    await client.getQuote({ symbol: "A" });
    expect(log).toEqual(["a in", "b in", "b out", "a out"]);
  });

  test("of a client of JSON types sees JSON and the method's name", async () => {
    const { baseUrl } = await serveMarket();
    const log: unknown[] = [];
    const logging: JsonInterceptor = (next) => async (request) => {
      log.push([request.method, request.message]);
      return next(request);
    };
    await new JsonClient({ baseUrl, interceptors: [logging] }).getQuote({ symbol: "A" });
    expect(log).toEqual([[{ name: "GetQuote", parent: { typeName: "market.v1.MarketService" } }, { symbol: "A" }]]);
  });
});
