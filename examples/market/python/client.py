"""A client for the terminal: `python client.py <url> [symbol] [number of trades to watch]`."""

import sys

from market.v1.market_client import MarketServiceClient, handle_ask_event
from market.v1.market_pb2 import (
    AskRequest,
    Delta,
    Done,
    GetQuoteRequest,
    ToolCall,
    WatchTradesRequest,
)
from tally import Tally


def main(base_url: str, symbol: str = "AAPL", count: str = "80") -> int:
    """Ask for a price, ask a question, and watch trades."""
    with MarketServiceClient(base_url) as client:
        quote = client.get_quote(GetQuoteRequest(symbol=symbol))
        print(f"quote    {quote.symbol} ${quote.price}")

        ask(client, f"How is {symbol}?")

        tally = Tally()
        with client.watch_trades(
            WatchTradesRequest(symbol=symbol),
            on_reconnect=lambda next_attempt: tally.lost_connection(next_attempt.delay),
        ) as trades:
            for trade in trades:
                tally.add(trade)
                if tally.seen == int(count):
                    break  # the end of the `with` closes the connection
    print(tally.verdict())
    return 1 if tally.wrong else 0


def ask(client: MarketServiceClient, question: str) -> None:
    """Print the answer to a question, word by word."""
    answer = ""

    def on_delta(delta: Delta) -> None:
        nonlocal answer
        answer += delta.text
        print(f"delta    {delta.text!r}")

    def on_tool_call(call: ToolCall) -> None:
        print(f"tool     {call.name}")

    def on_done(done: Done) -> None:
        print(f"answer   {answer} ({done.deltas} deltas)")

    for event in client.ask(AskRequest(question=question)):
        handle_ask_event(event, delta=on_delta, tool_call=on_tool_call, done=on_done)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
