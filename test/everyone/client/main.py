"""What every client does, one line for each thing that it gets: `python main.py sync|asyncio <url>`."""

import asyncio
import sys

from market.v1.market_client import AsyncMarketServiceClient, MarketServiceClient
from market.v1.market_pb2 import AskEvent, AskRequest, GetQuoteRequest, Trade, WatchTradesRequest
from sse.runtime.client import Reconnect, Reconnection, StatusError

QUOTE = GetQuoteRequest(symbol="BRK/B ü")
ASK = AskRequest(question="Wie geht’s? 👋")
UNKNOWN_QUOTE = GetQuoteRequest(symbol="NONE")
UNKNOWN_TRADES = WatchTradesRequest(symbol="NONE")
TRADES = WatchTradesRequest(symbol="AAPL")
RECONNECT = Reconnect(initial_delay=0.02, max_delay=0.02, max_attempts=3000)


def show_event(event: AskEvent) -> None:
    """Print a part of an answer."""
    match event.WhichOneof("event"):
        case "tool_call":
            print(f"tool {event.tool_call.name}")
        case "delta":
            print(f"delta {event.delta.text}")
        case "done":
            print(f"done {event.done.deltas}")


def show_error(error: StatusError) -> None:
    """Print an early error."""
    print(f"error {error.status} {error.code:d} {error}")


def show_trade(trade: Trade) -> bool:
    """Print a trade; whether it is the last."""
    print(f"trade {trade.sequence} {trade.symbol} {trade.price} {trade.size} {trade.time_ms}")
    return trade.sequence == 1000


def show_lost(reconnection: Reconnection) -> None:
    """Print where a stream continues."""
    print(f"lost {reconnection.last_event_id}")


def run(base_url: str) -> None:
    """Call everything with the synchronous client."""
    with MarketServiceClient(base_url) as client:
        quote = client.get_quote(QUOTE)
        print(f"quote {quote.symbol} {quote.price}")
        for event in client.ask(ASK):
            show_event(event)
        try:
            client.get_quote(UNKNOWN_QUOTE)
        except StatusError as error:
            show_error(error)
        try:
            next(client.watch_trades(UNKNOWN_TRADES))
        except StatusError as error:
            show_error(error)
        with client.watch_trades(TRADES, reconnect=RECONNECT, on_reconnect=show_lost) as trades:
            for trade in trades:
                if show_trade(trade):
                    break


async def run_async(base_url: str) -> None:
    """Call everything with the asynchronous client."""
    async with AsyncMarketServiceClient(base_url) as client:
        quote = await client.get_quote(QUOTE)
        print(f"quote {quote.symbol} {quote.price}")
        async for event in client.ask(ASK):
            show_event(event)
        try:
            await client.get_quote(UNKNOWN_QUOTE)
        except StatusError as error:
            show_error(error)
        try:
            await anext(client.watch_trades(UNKNOWN_TRADES))
        except StatusError as error:
            show_error(error)
        async with client.watch_trades(
            TRADES, reconnect=RECONNECT, on_reconnect=show_lost
        ) as trades:
            async for trade in trades:
                if show_trade(trade):
                    break


if __name__ == "__main__":
    mode, url = sys.argv[1:]
    if mode == "sync":
        run(url)
    else:
        asyncio.run(run_async(url))
