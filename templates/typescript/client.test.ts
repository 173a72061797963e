import type { DescMethod, Message } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, expectTypeOf, test } from "vitest";
import type {
  AskEvent,
  AskEventJson,
  Delta,
  Done,
  Quote,
  QuoteJson,
  QuoteSchema,
  ToolCall,
  Trade,
  TradeJson,
} from "../../test/gen/market/v1/market_pb.js";
import { ParamsSchema } from "../../test/gen/vectors/v1/http_rule_pb.js";
import * as client from "./client.js";
import * as clientJson from "./client-json.js";
import { MarketServiceClient } from "./testing/market-client.js";
import { MarketServiceClient as JsonClient } from "./testing/market-json-client.js";
import { createMethod } from "./testing/methods.js";

test("both entries export the same names", () => {
  expect(Object.keys(clientJson).sort()).toEqual(Object.keys(client).sort());
});

// Types are checked by the compiler; what stands in these functions is never run.
describe("the types", () => {
  const market = (): MarketServiceClient => new MarketServiceClient({ baseUrl: "" });
  const json = (): JsonClient => new JsonClient({ baseUrl: "" });

  test("of results", () => {
    expectTypeOf(market().getQuote).returns.toEqualTypeOf<Promise<Quote>>();
    expectTypeOf(market().watchTrades).returns.toEqualTypeOf<client.EventStream<Trade>>();
    expectTypeOf(json().getQuote).returns.toEqualTypeOf<Promise<QuoteJson>>();
    expectTypeOf(json().watchTrades).returns.toEqualTypeOf<clientJson.EventStream<TradeJson>>();
    expectTypeOf<client.EventStream<Trade>>().toExtend<AsyncIterable<Trade>>();
    expectTypeOf<client.EventStream<Trade>>().toExtend<AsyncGenerator<Trade, void, undefined>>();
    expectTypeOf<client.EventStream<Trade>>().toExtend<AsyncDisposable>();
  });

  test("narrow an event by the case of its oneof", () => {
    const read = ({ event }: AskEvent) => {
      switch (event.case) {
        case "delta":
          return expectTypeOf(event.value).toEqualTypeOf<Delta>();
        case "toolCall":
          return expectTypeOf(event.value).toEqualTypeOf<ToolCall>();
        case "done":
          return expectTypeOf(event.value).toEqualTypeOf<Done>();
        default:
          return expectTypeOf(event.case).toEqualTypeOf<undefined>();
      }
    };
    expectTypeOf(read).toBeFunction();
    expectTypeOf<AskEventJson["delta"]>().toExtend<object | undefined>();
  });

  test("of requests are the init shapes of their messages", () => {
    const calls = () => [
      market().getQuote({}),
      market().watchTrades({ symbol: "A", minSize: 5 }),
      // @ts-expect-error: a symbol is text
      market().getQuote({ symbol: 5 }),
      // @ts-expect-error: there is no such field
      market().getQuote({ symbl: "A" }),
      // @ts-expect-error: an optional field is left out, not undefined
      json().watchTrades({ symbol: "A", minSize: undefined }),
      // @ts-expect-error: a request is not optional
      market().getQuote(),
    ];
    expectTypeOf(calls).toBeFunction();
    const method = createMethod(ParamsSchema, ParamsSchema, { bindings: [{ method: "POST", path: "/", body: "*" }] });
    const transport = () => new client.Transport({ baseUrl: "" });
    const nested = () => [
      transport().unary(method, { nested: { inner: { amount: 1 } }, ts: timestampFromMs(0), rNested: [{ on: true }] }),
      transport().unary(method, { choice: { case: "cNested", value: { name: "n" } }, mNested: { a: { name: "n" } } }),
      // @ts-expect-error: the member of the oneof is a Nested
      transport().unary(method, { choice: { case: "cNested", value: "n" } }),
    ];
    expectTypeOf(nested).toBeFunction();
  });

  test("of options accept undefined for an option that is not set", () => {
    const signal: AbortSignal | undefined = undefined;
    expectTypeOf({
      signal,
      headers: undefined,
      timeoutMs: undefined,
      fetch: undefined,
      onResponse: undefined,
      connectTimeoutMs: undefined,
      idleTimeoutMs: false as const,
      deadlineMs: undefined,
      lastEventId: undefined,
      reconnect: undefined,
      onReconnect: undefined,
      onComment: undefined,
      maxEventBytes: undefined,
      unknownEvents: "throw" as const,
      onUnknownEvent: undefined,
      invalidEvents: "skip" as const,
      format: "jsonl" as const,
    }).toExtend<client.StreamOptions>();
    expectTypeOf<typeof globalThis.fetch>().toExtend<client.Fetch>();
    expectTypeOf<HeadersInit>().toExtend<client.HeadersSource>();
    expectTypeOf<() => Promise<Record<string, string>>>().toExtend<client.HeadersSource>();
    expectTypeOf<{
      baseUrl: URL;
      timeoutMs: 5;
      reconnect: false;
      credentials: "include";
    }>().toExtend<client.ClientOptions>();
    expectTypeOf<{ timeoutMs: 5 }>().not.toExtend<client.ClientOptions>();
    expectTypeOf<{ format: "csv" }>().not.toExtend<client.StreamOptions>();
  });

  test("of declared headers", () => {
    type Options = client.WithHeaders<client.StreamOptions, { readonly "X-Count"?: number | undefined }>;
    expectTypeOf<Options>().toExtend<client.StreamOptions>();
    expectTypeOf<{ headers: { "X-Count": number; other: string }; idleTimeoutMs: 5 }>().toExtend<Options>();
    expectTypeOf<{ headers: () => Promise<{ "X-Count": number }> }>().toExtend<Options>();
    expectTypeOf<{ headers: { "X-Count": string } }>().not.toExtend<Options>();
  });

  test("of details are those of their schema", () => {
    const error = {} as client.StatusError;
    expectTypeOf<client.StatusError["statusCode"]>().toEqualTypeOf<client.Code>();
    expectTypeOf(() => error.findDetails({} as typeof QuoteSchema)).returns.toEqualTypeOf<Quote[]>();
    expectTypeOf(() => error.findDetails("google.rpc.BadRequest")).returns.toEqualTypeOf<client.JsonObject[]>();
    expectTypeOf<client.TimeoutError["kind"]>().toEqualTypeOf<"connect" | "idle" | "deadline">();
    expectTypeOf<client.NetworkError["code"]>().toEqualTypeOf<"network">();
  });

  test("of interceptors", () => {
    const interceptor: client.Interceptor = (next) => async (request) => {
      expectTypeOf(request.method).toEqualTypeOf<DescMethod>();
      expectTypeOf(request.message).toEqualTypeOf<Message>();
      if (request.kind === "stream") {
        expectTypeOf(request.stream).toEqualTypeOf<client.EventStream<unknown>>();
      }
      const response = await next(request);
      if (response.kind === "unary") {
        expectTypeOf(response.message).toEqualTypeOf<Message>();
      } else {
        expectTypeOf(response.response).toEqualTypeOf<Response>();
      }
      return response;
    };
    expectTypeOf(interceptor).toExtend<client.Interceptor>();
    expectTypeOf<clientJson.UnaryRequest["message"]>().toBeUnknown();
  });
});
