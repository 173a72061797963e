"""Counts trades, and says whether one was lost or repeated."""

from market.v1.market_pb2 import Trade


class Tally:
    """The trades of one symbol, whose numbers have no gap."""

    def __init__(self) -> None:
        """Begin with none."""
        self.first = self.last = self.seen = self.wrong = self.reconnects = 0

    def add(self, trade: Trade) -> None:
        """Count a trade, and print it."""
        if self.seen == 0:
            self.first = trade.sequence
        elif trade.sequence != self.last + 1:
            self.wrong += 1
        self.last = trade.sequence
        self.seen += 1
        print(
            f"trade    {trade.sequence} {trade.symbol} {trade.size} at ${trade.price}", flush=True
        )

    def lost_connection(self, delay: float) -> None:
        """Count a reconnection, and print it."""
        self.reconnects += 1
        text = f"connection lost after trade {self.last}, reconnecting in {delay:.1f} s"
        print(f"         {text}", flush=True)

    def verdict(self) -> str:
        """What there is to say in the end."""
        wrong = f"{self.wrong} LOST OR REPEATED" if self.wrong else "none lost, none repeated"
        trades = f"{self.seen} trades, {self.first} to {self.last}: {wrong}"
        return f"summary  {trades}, {self.reconnects} attempts to reconnect"
