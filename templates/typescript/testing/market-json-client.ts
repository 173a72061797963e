import type {
  AskEventJson,
  AskRequestJson,
  GetQuoteRequestJson,
  QuoteJson,
  TradeJson,
  WatchTradesRequestJson,
} from "../../../test/gen/market/v1/market_pb.js";
import type { CallOptions, ClientOptions, EventStream, StreamOptions } from "../client-json.js";
import { callStream, callUnary, defineMethod } from "../client-json.js";

/** What is generated for test/proto/market/v1/market.proto with `messages=json`, for the tests of the runtime. */
export class MarketServiceClient {
  static readonly #methods = {
    getQuote: defineMethod<GetQuoteRequestJson, QuoteJson>("market.v1.MarketService.GetQuote", {
      bindings: [{ method: "GET", path: "/v1/quotes/{symbol}", variables: [{ field: ["symbol"] }] }],
    }),
    watchTrades: defineMethod<WatchTradesRequestJson, TradeJson>("market.v1.MarketService.WatchTrades", {
      bindings: [{ method: "GET", path: "/v1/trades/{symbol}:watch", variables: [{ field: ["symbol"] }] }],
      stream: { resumable: true, id: "sequence" },
    }),
    ask: defineMethod<AskRequestJson, AskEventJson>("market.v1.MarketService.Ask", {
      bindings: [{ method: "POST", path: "/v1/ask", body: "*" }],
      stream: {
        events: {
          delta: { field: "delta" },
          "tool.call": { field: "toolCall" },
          done: { field: "done", terminal: true },
        },
      },
    }),
  };
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  getQuote(request: GetQuoteRequestJson, options?: CallOptions): Promise<QuoteJson> {
    return callUnary(this.#options, MarketServiceClient.#methods.getQuote, request, options);
  }

  watchTrades(request: WatchTradesRequestJson, options?: StreamOptions): EventStream<TradeJson> {
    return callStream(this.#options, MarketServiceClient.#methods.watchTrades, request, options);
  }

  ask(request: AskRequestJson, options?: StreamOptions): EventStream<AskEventJson> {
    return callStream(this.#options, MarketServiceClient.#methods.ask, request, options);
  }
}
