import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type AskEvent,
  type AskRequest,
  type GetQuoteRequest,
  MarketService,
  type QuoteSchema,
  type Trade,
  type WatchTradesRequest,
} from "../../../test/gen/market/v1/market_pb.js";
import {
  type Awaitable,
  defineService,
  type Service,
  type StreamContext,
  type StreamSource,
  type UnaryContext,
} from "../server.js";

// What the plugin prints for test/proto/market/v1/market.proto, by hand: the tests of the runtime come before it.

/** Market data. */
export interface MarketServiceHandlers<C = unknown> {
  /** The price of a symbol, now. `GET /v1/quotes/{symbol}` */
  getQuote(request: GetQuoteRequest, context: UnaryContext<C>): Awaitable<MessageInitShape<typeof QuoteSchema>>;
  /** Every trade of a symbol as it happens. `GET /v1/trades/{symbol}:watch` · server-sent events */
  watchTrades(request: WatchTradesRequest, context: StreamContext<C>): Awaitable<StreamSource<Trade>>;
  /** The answer to a question, word by word. `POST /v1/ask` · server-sent events */
  ask(request: AskRequest, context: StreamContext<C>): Awaitable<StreamSource<AskEvent>>;
}

export function createMarketService<C = unknown>(handlers: MarketServiceHandlers<C>): Service<C>;
export function createMarketService<C = unknown>(
  handlers: Partial<MarketServiceHandlers<C>>,
  options: { unimplemented: "501" },
): Service<C>;
export function createMarketService<C = unknown>(handlers: Partial<MarketServiceHandlers<C>>): Service<C> {
  return defineService(MarketService, handlers, {
    getQuote: {
      bindings: [{ method: "GET", path: "/v1/quotes/{symbol}", variables: [{ field: ["symbol"] }] }],
    },
    watchTrades: {
      bindings: [{ method: "GET", path: "/v1/trades/{symbol}:watch", variables: [{ field: ["symbol"] }] }],
      stream: { resumable: true, id: "sequence" },
    },
    ask: {
      bindings: [{ method: "POST", path: "/v1/ask", body: "*" }],
      stream: {
        events: {
          delta: { field: "delta" },
          "tool.call": { field: "toolCall" },
          done: { field: "done", terminal: true },
        },
      },
    },
  });
}
