"""Calls a method on every combination of client, HTTP library and event loop."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import httpx2
from market.v1 import market_pb2

from sse.runtime.client import StreamInfo

from .market import AsyncMarketServiceClient, MarketServiceClient

KINDS = ["sync httpx2", "sync httpx", "asyncio httpx2", "asyncio httpx", "trio httpx2"]
FAST = {"initial_delay": 0.001, "max_delay": 0.002}
"""Delays of a reconnection."""


@dataclass
class Outcome:
    """What came of a stream, or of a unary call."""

    events: list[Any] = field(default_factory=list[Any])
    error: BaseException | None = None
    last_event_id: str | None = None
    state: str = ""
    info: StreamInfo | None = None
    shown: str = ""

    @property
    def ids(self) -> list[int]:
        return [event.sequence for event in self.events]


class Runner:
    """One combination."""

    def __init__(self, kind: str) -> None:
        self.mode, library = kind.split(" ")
        self.library: Any = httpx2 if library == "httpx2" else httpx
        self.is_async = self.mode != "sync"

    def call(
        self,
        url: str,
        method: str,
        request: Any,
        *,
        stop_after: int | None = None,
        opened: bool = False,
        client: dict[str, Any] | None = None,
        transport: Any = None,
        **options: Any,
    ) -> Outcome:
        """Call a method, and read all events."""
        outcome = Outcome()
        if not self.is_async:
            http: Any = self.library.Client(transport=transport)
            with http, MarketServiceClient(url, http_client=http, **(client or {})) as market:
                call: Callable[..., Any] = getattr(market, method)
                try:
                    stream = call(request, **options)
                    if method not in ("watch_trades", "ask"):
                        outcome.events.append(stream)
                        return outcome
                    with stream:
                        try:
                            if opened:
                                outcome.info = stream.opened()
                            for event in stream:
                                outcome.events.append(event)
                                if len(outcome.events) == stop_after:
                                    break
                        finally:
                            self.note(outcome, stream)
                except Exception as error:
                    outcome.error = error
            return outcome
        anyio.run(
            functools.partial(
                self._call_async,
                outcome,
                url,
                method,
                request,
                stop_after=stop_after,
                opened=opened,
                client=client,
                transport=transport,
                **options,
            ),
            backend=self.mode,
        )
        return outcome

    async def _call_async(
        self,
        outcome: Outcome,
        url: str,
        method: str,
        request: Any,
        *,
        stop_after: int | None,
        opened: bool,
        client: dict[str, Any] | None,
        transport: Any,
        **options: Any,
    ) -> None:
        http: Any = self.library.AsyncClient(transport=transport)
        async with (
            http,
            AsyncMarketServiceClient(url, http_client=http, **(client or {})) as market,
        ):
            call: Callable[..., Any] = getattr(market, method)
            try:
                if method not in ("watch_trades", "ask"):
                    outcome.events.append(await call(request, **options))
                    return
                async with call(request, **options) as stream:
                    try:
                        if opened:
                            outcome.info = await stream.opened()
                        async for event in stream:
                            outcome.events.append(event)
                            if len(outcome.events) == stop_after:
                                break
                    finally:
                        self.note(outcome, stream)
            except Exception as error:
                outcome.error = error

    @staticmethod
    def note(outcome: Outcome, stream: Any) -> None:
        outcome.last_event_id = stream.last_event_id
        outcome.state = stream.state
        outcome.shown = repr(stream)

    def watch(self, url: str, **options: Any) -> Outcome:
        return self.call(url, "watch_trades", market_pb2.WatchTradesRequest(symbol="A"), **options)

    def ask(self, url: str, **options: Any) -> Outcome:
        return self.call(url, "ask", market_pb2.AskRequest(question="?"), **options)

    def quote(self, url: str, **options: Any) -> Outcome:
        return self.call(url, "get_quote", market_pb2.GetQuoteRequest(symbol="A"), **options)

    def set_quote(self, url: str, **options: Any) -> Outcome:
        return self.call(url, "set_quote", market_pb2.Quote(symbol="A"), **options)


def trade(sequence: int, *, id: bool = True) -> str:
    """A trade as an event."""
    return (f"id: {sequence}\n" if id else "") + f'data: {{"sequence":"{sequence}"}}\n\n'
