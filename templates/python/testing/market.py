"""Clients of the market as the plugin generates them, for the messages of google.protobuf."""

from typing import Unpack

from market.v1 import market_pb2

from sse.runtime.client import (
    AsyncClient,
    AsyncStream,
    BaseCallOptions,
    Binding,
    CallOptions,
    Client,
    Event,
    Method,
    Stream,
    StreamOptions,
    StreamRule,
)

GET_QUOTE = Method(
    name="market.v1.MarketService.GetQuote",
    request=market_pb2.GetQuoteRequest,
    response=market_pb2.Quote,
    bindings=(Binding(verb="GET", path="/v1/quotes/{symbol}", variables=(("symbol",),)),),
)
SET_QUOTE = Method(
    name="market.v1.MarketService.SetQuote",
    request=market_pb2.Quote,
    response=market_pb2.Quote,
    bindings=(Binding(verb="POST", path="/v1/quotes", body="*"),),
)
WATCH_TRADES = Method(
    name="market.v1.MarketService.WatchTrades",
    request=market_pb2.WatchTradesRequest,
    response=market_pb2.Trade,
    bindings=(Binding(verb="GET", path="/v1/trades/{symbol}:watch", variables=(("symbol",),)),),
    stream=StreamRule(resumable=True, id="sequence"),
)
ASK = Method(
    name="market.v1.MarketService.Ask",
    request=market_pb2.AskRequest,
    response=market_pb2.AskEvent,
    bindings=(Binding(verb="POST", path="/v1/ask", body="*"),),
    stream=StreamRule(
        events={
            "delta": Event(field="delta"),
            "tool.call": Event(field="toolCall"),
            "done": Event(field="done", terminal=True),
        }
    ),
)


class MarketServiceClient(Client):
    def get_quote(
        self, request: market_pb2.GetQuoteRequest, **options: Unpack[CallOptions]
    ) -> market_pb2.Quote:
        return self._unary(GET_QUOTE, request, options)

    def set_quote(
        self, request: market_pb2.Quote, **options: Unpack[CallOptions]
    ) -> market_pb2.Quote:
        return self._unary(SET_QUOTE, request, options)

    def watch_trades(
        self, request: market_pb2.WatchTradesRequest, **options: Unpack[StreamOptions]
    ) -> Stream[market_pb2.Trade]:
        return self._stream(WATCH_TRADES, request, options)

    def ask(
        self, request: market_pb2.AskRequest, **options: Unpack[StreamOptions]
    ) -> Stream[market_pb2.AskEvent]:
        return self._stream(ASK, request, options)


class AsyncMarketServiceClient(AsyncClient):
    async def get_quote(
        self, request: market_pb2.GetQuoteRequest, **options: Unpack[CallOptions]
    ) -> market_pb2.Quote:
        return await self._unary(GET_QUOTE, request, options)

    async def set_quote(
        self, request: market_pb2.Quote, **options: Unpack[CallOptions]
    ) -> market_pb2.Quote:
        return await self._unary(SET_QUOTE, request, options)

    def watch_trades(
        self, request: market_pb2.WatchTradesRequest, **options: Unpack[StreamOptions]
    ) -> AsyncStream[market_pb2.Trade]:
        return self._stream(WATCH_TRADES, request, options)

    def ask(
        self, request: market_pb2.AskRequest, **options: Unpack[StreamOptions]
    ) -> AsyncStream[market_pb2.AskEvent]:
        return self._stream(ASK, request, options)


__all__ = ["AsyncMarketServiceClient", "BaseCallOptions", "MarketServiceClient"]
