import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type AskEvent,
  type AskRequestSchema,
  type GetQuoteRequestSchema,
  MarketService,
  type Quote,
  type Trade,
  type WatchTradesRequestSchema,
} from "../../../test/gen/market/v1/market_pb.js";
import type { CallOptions, ClientOptions, EventStream, StreamOptions } from "../client.js";
import { callStream, callUnary, defineMethod } from "../client.js";

/** What is generated for test/proto/market/v1/market.proto, for the tests of the runtime. */
export class MarketServiceClient {
  static readonly #methods = {
    getQuote: defineMethod(MarketService, "getQuote", {
      bindings: [{ method: "GET", path: "/v1/quotes/{symbol}", variables: [{ field: ["symbol"] }] }],
    }),
    watchTrades: defineMethod(MarketService, "watchTrades", {
      bindings: [{ method: "GET", path: "/v1/trades/{symbol}:watch", variables: [{ field: ["symbol"] }] }],
      stream: { resumable: true, id: "sequence" },
    }),
    ask: defineMethod(MarketService, "ask", {
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

  getQuote(request: MessageInitShape<typeof GetQuoteRequestSchema>, options?: CallOptions): Promise<Quote> {
    return callUnary(this.#options, MarketServiceClient.#methods.getQuote, request, options);
  }

  watchTrades(request: MessageInitShape<typeof WatchTradesRequestSchema>, options?: StreamOptions): EventStream<Trade> {
    return callStream(this.#options, MarketServiceClient.#methods.watchTrades, request, options);
  }

  ask(request: MessageInitShape<typeof AskRequestSchema>, options?: StreamOptions): EventStream<AskEvent> {
    return callStream(this.#options, MarketServiceClient.#methods.ask, request, options);
  }
}
