"""The client for the terminal with asyncio: `python async_client.py <url> [symbol] [number of trades to watch]`."""

import asyncio
import sys

from market.v1.market_client import AsyncMarketServiceClient, handle_ask_event
from market.v1.market_pb2 import AskRequest, GetQuoteRequest, WatchTradesRequest
from tally import Tally


async def main(base_url: str, symbol: str = "AAPL", count: str = "80") -> int:
    """Ask a question while trades arrive."""
    async with AsyncMarketServiceClient(base_url) as client:
        quote = await client.get_quote(GetQuoteRequest(symbol=symbol))
        print(f"quote    {quote.symbol} ${quote.price}")

        tally = Tally()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ask(client, f"How is {symbol}?"))
            tasks.create_task(watch(client, symbol, int(count), tally))
    print(tally.verdict())
    return 1 if tally.wrong else 0


async def ask(client: AsyncMarketServiceClient, question: str) -> None:
    """Print the answer to a question when it is complete."""
    events = client.ask(AskRequest(question=question))
    texts = [handle_ask_event(event, delta=lambda delta: delta.text) async for event in events]
    print(f"answer   {''.join(text for text in texts if text is not None)}")


async def watch(client: AsyncMarketServiceClient, symbol: str, count: int, tally: Tally) -> None:
    """Count trades, also over a lost connection."""
    async with client.watch_trades(
        WatchTradesRequest(symbol=symbol),
        on_reconnect=lambda next_attempt: tally.lost_connection(next_attempt.delay),
    ) as trades:
        async for trade in trades:
            tally.add(trade)
            if tally.seen == count:
                break


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
