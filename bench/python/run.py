"""Measures the Python runtime beside its peers: `python bench/python/run.py`.

All rows of a table run in turn, in one process, over the same bytes: trades of about 110 bytes in
16 KiB chunks, through a transport in memory, so that no socket is measured. The figure is CPU time
for an event, the best of the rounds, after one round to warm up. "Untyped" peers give what
`json.loads` returns; ours gives messages. Take the ratios, not the figures.
"""

import asyncio
import gc
import importlib.metadata
import json
import platform
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "templates/python"))

import conftest  # noqa: E402, F401 - generates the messages
import httpx  # noqa: E402
import httpx2  # noqa: E402
import httpx_sse  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from market.v1 import market_pb2  # noqa: E402
from openai._streaming import SSEDecoder  # noqa: E402
from py_gen import clients  # noqa: E402
from py_gen.market.v1 import market_pb  # noqa: E402

from sse.runtime import google_messages, py_messages  # noqa: E402
from sse.runtime.sse_decoder import SseDecoder  # noqa: E402
from testing import market  # noqa: E402

COUNT, ROUNDS, CHUNK = 20_000, 7, 16 * 1024


def trade(number: int) -> str:
    return f'{{"sequence":"{number}","symbol":"AAPL","price":187.25,"size":{number % 900 + 100}}}'


BODY = "".join(f"id: {n}\ndata: {trade(n)}\n\n" for n in range(1, COUNT + 1)).encode()
CHUNKS = [BODY[at : at + CHUNK] for at in range(0, len(BODY), CHUNK)]
TEXTS = [trade(n) for n in range(1, COUNT + 1)]
BIG = b"data: " + b"a" * (4 << 20) + b"\n\n"

Row = tuple[str, Callable[[], object]]


def table(title: str, unit: float, rows: list[Row], base: int = 0) -> dict[str, float]:
    """Run all rows in turn, and print the best time of each, and its ratio to the first."""
    best = dict.fromkeys((name for name, _ in rows), float("inf"))
    for round in range(ROUNDS + 1):
        for name, work in rows:
            gc.collect()
            start = time.process_time()
            work()
            if round > 0:
                best[name] = min(best[name], time.process_time() - start)
    print(f"\n{title}")
    first = best[rows[base][0]]
    for name, _ in rows:
        print(f"  {name:44} {best[name] / unit * 1e6:10.2f} µs {best[name] / first:8.2f} ×")
    return best


def ours(chunks: list[bytes]) -> int:
    found: list[Any] = []
    decoder = SseDecoder(found, 16 << 20)
    count = 0
    for chunk in chunks:
        decoder.feed(chunk)
        count += len(found)
        found.clear()
    return count


class Body(
    httpx.SyncByteStream, httpx.AsyncByteStream, httpx2.SyncByteStream, httpx2.AsyncByteStream
):  # type: ignore[misc]
    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk


def respond(library: Any, chunks: list[bytes]) -> Any:
    return library.MockTransport(
        lambda _: library.Response(
            200, headers={"content-type": "text/event-stream"}, stream=Body(chunks)
        )
    )


def sse_of_httpx(chunks: list[bytes]) -> int:
    response = httpx.Response(
        200, headers={"content-type": "text/event-stream"}, stream=Body(chunks)
    )
    return sum(1 for _ in httpx_sse.EventSource(response).iter_sse())


def sse_of_openai(chunks: list[bytes]) -> int:
    return sum(1 for _ in SSEDecoder().iter_bytes(iter(chunks)))


def untyped() -> int:
    with httpx.Client(transport=respond(httpx, CHUNKS)) as http:
        with httpx_sse.connect_sse(http, "GET", "http://a/") as source:
            return sum(1 for event in source.iter_sse() if json.loads(event.data))


def client(api: Any, messages: Any) -> Callable[[], int]:
    def run() -> int:
        with httpx2.Client(transport=respond(httpx2, CHUNKS)) as http:
            market = api.MarketServiceClient("http://a", http_client=http)
            with market.watch_trades(messages.WatchTradesRequest(symbol="A")) as trades:
                return sum(1 for _ in trades)

    return run


def async_client(api: Any, messages: Any) -> Callable[[], int]:
    async def run() -> int:
        async with httpx2.AsyncClient(transport=respond(httpx2, CHUNKS)) as http:
            market = api.AsyncMarketServiceClient("http://a", http_client=http)
            count = 0
            async with market.watch_trades(messages.WatchTradesRequest(symbol="A")) as trades:
                async for _ in trades:
                    count += 1
            return count

    return lambda: asyncio.run(run())


def goal(name: str, reached: bool) -> None:
    print(f"{'Reached' if reached else 'Not reached'}: {name}")


def main() -> None:
    decoders = table(
        "decoder, 16 KiB chunks, per event",
        COUNT,
        [
            ("SseDecoder", lambda: ours(CHUNKS)),
            ("httpx-sse", lambda: sse_of_httpx(CHUNKS)),
            ("openai-python", lambda: sse_of_openai(CHUNKS)),
        ],
    )
    own = decoders["SseDecoder"]
    goal("1.2 × as fast as httpx-sse", decoders["httpx-sse"] >= 1.2 * own)
    goal("3 × as fast as openai-python", decoders["openai-python"] >= 3 * own)

    parts = [BIG[at : at + 1400] for at in range(0, len(BIG), 1400)]
    cr = BIG.replace(b"\n", b"\r")
    parts_cr = [cr[at : at + 1400] for at in range(0, len(cr), 1400)]
    big = table(
        "one event of 4 MiB",
        1,
        [
            ("SseDecoder, one chunk", lambda: ours([BIG])),
            ("SseDecoder, 1,400 bytes a chunk", lambda: ours(parts)),
            ("SseDecoder, one chunk, CR", lambda: ours([cr])),
            ("SseDecoder, 1,400 bytes a chunk, CR", lambda: ours(parts_cr)),
            ("openai-python, 1,400 bytes a chunk", lambda: sse_of_openai(parts)),
        ],
    )
    goal(
        "chunks of 1,400 bytes take 2 × of one chunk, or less",
        big["SseDecoder, 1,400 bytes a chunk"] <= 2 * big["SseDecoder, one chunk"]
        and big["SseDecoder, 1,400 bytes a chunk, CR"] <= 2 * big["SseDecoder, one chunk, CR"],
    )

    def each(read: Callable[[str], object]) -> Callable[[], object]:
        return lambda: [read(text) for text in TEXTS]

    google, py = market_pb2.Trade, market_pb.Trade
    rows: list[Row] = [
        ("google, with the table", each(lambda t: google_messages.from_json(google, t))),
        (
            "google, json_format.Parse",
            each(lambda t: json_format.Parse(t, google(), ignore_unknown_fields=True)),
        ),
        ("protobuf-py", each(lambda t: py_messages.from_json(py, t))),
        ("json.loads", each(json.loads)),
    ]
    messages = table("messages, per event", COUNT, rows)
    goal(
        "the table takes a quarter of json_format.Parse, or less",
        messages["google, json_format.Parse"] >= 4 * messages["google, with the table"],
    )

    timings = table(
        "whole client, per event",
        COUNT,
        [
            ("httpx-sse and json.loads, untyped", untyped),
            ("client, protobuf-py", client(clients, market_pb)),
            ("client, google", client(market, market_pb2)),
            ("asynchronous client, protobuf-py", async_client(clients, market_pb)),
            ("asynchronous client, google", async_client(market, market_pb2)),
        ],
    )
    goal(
        "protobuf-py takes no longer than httpx-sse untyped",
        timings["client, protobuf-py"] <= timings["httpx-sse and json.loads, untyped"],
    )
    goal(
        "google takes 1.5 × of httpx-sse untyped, or less",
        timings["client, google"] <= 1.5 * timings["httpx-sse and json.loads, untyped"],
    )
    names = ("httpx", "httpx2", "httpx-sse", "openai", "protobuf", "protobuf-py")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"\nPython {platform.python_version()}; {versions}.")


main()
