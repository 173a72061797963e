"""Streams in the cells of a notebook, through a kernel."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from testing.run import trade
from testing.server import Peer, Server

SETUP = """
import asyncio

async def tick():
    while True:
        await asyncio.sleep(0.02)

# Where another thread of the kernel gets the signal, a loop that only waits does not see it.
ticking = asyncio.ensure_future(tick())

from market.v1 import market_pb2
from testing.market import AsyncMarketServiceClient, MarketServiceClient

request = market_pb2.WatchTradesRequest(symbol="A")
client, blocking = AsyncMarketServiceClient("URL"), MarketServiceClient("URL")
"""


class Kernel:
    """A kernel of the Python that runs the tests."""

    def __init__(self) -> None:
        self.manager = KernelManager()
        self.manager.kernel_spec.argv[0] = sys.executable
        folders = [str(Path(__file__).parents[2]), *sys.path]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
        self.manager.start_kernel(env=env)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def start(self, code: str) -> str:
        """Send a cell, and return the id of its request."""
        return self.client.execute(code)

    def finish(self, request: str) -> tuple[str, str]:
        """Wait for a cell; return what it printed and showed, and the name of its error."""
        shown, error = "", ""
        while True:
            message: dict[str, Any] = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                shown += content["text"]
            elif kind == "execute_result":
                shown += content["data"]["text/plain"]
            elif kind == "error":
                error = content["ename"]
            elif kind == "status" and content["execution_state"] == "idle":
                return shown, error

    def run(self, code: str) -> tuple[str, str]:
        return self.finish(self.start(code))


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


def feed(peer: Peer) -> None:
    peer.stream(trade(1), trade(2))
    peer.wait_closed()


LOOP = "async for trade in client.watch_trades(request):\n    print(trade.sequence)\n"
CELLS = {
    "async for": LOOP,
    "async with": (
        "async with client.watch_trades(request) as trades:\n"
        "    async for trade in trades:\n        print(trade.sequence)\n"
    ),
    "for": "for trade in blocking.watch_trades(request):\n    print(trade.sequence)\n",
}


@pytest.mark.parametrize("name", list(CELLS))
def test_interrupted_cell_closes_the_connection(kernel: Kernel, name: str) -> None:
    with Server(feed) as server:
        assert kernel.run(SETUP.replace("URL", server.url)) == ("", "")
        cell = kernel.start(CELLS[name])
        # When both events are printed, it waits for the third.
        shown = ""
        while shown.count("\n") < 2:
            message: dict[str, Any] = kernel.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "stream":
                shown += message["content"]["text"]
        kernel.manager.interrupt_kernel()
        _, error = kernel.finish(cell)
        assert shown == "1\n2\n"
        assert error in ("KeyboardInterrupt", "CancelledError")
        server.wait_closed()


def test_break_at_the_top_level_closes_the_connection(kernel: Kernel) -> None:
    with Server(feed) as server:
        kernel.run(SETUP.replace("URL", server.url))
        assert kernel.run(LOOP + "    break\n") == ("1\n", "")
        server.wait_closed()


def test_what_a_cell_shows(kernel: Kernel) -> None:
    with Server(feed, lambda peer: peer.json('{"code":5,"message":"no"}', 404)) as server:
        kernel.run(SETUP.replace("URL", server.url))
        shown, _ = kernel.run("stream = client.watch_trades(request)\nawait anext(stream)\nstream")
        assert shown == "<AsyncStream of market.v1.MarketService.WatchTrades: open, attempt 1>"
        kernel.run("await stream.aclose()")
        shown, _ = kernel.run(
            "try:\n    next(blocking.watch_trades(request))\n"
            "except Exception as e:\n    error = e\nerror"
        )
        assert shown.startswith("StatusError('no', phase='open', attempt=1, status=404, code=")
