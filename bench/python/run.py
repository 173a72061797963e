"""Measures the Python runtime beside its peers. bench/rows/python.js starts it.

Each line of its input is the name of a subject. It does the work of the subject once, and answers with
the CPU time, in microseconds, as JSON. All subjects read the same bytes: trades of about 110 bytes in
16 KiB chunks, through a transport in memory, so that no socket is measured. "Untyped" peers give what
`json.loads` returns; ours gives messages.
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
sys.path.append(str(ROOT / ".cache/bench-python"))  # the peers

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

COUNT, CHUNK = 20_000, 16 * 1024


def trade(number: int) -> str:
    return f'{{"sequence":"{number}","symbol":"AAPL","price":187.25,"size":{number % 900 + 100}}}'


BODY = "".join(f"id: {n}\ndata: {trade(n)}\n\n" for n in range(1, COUNT + 1)).encode()
CHUNKS = [BODY[at : at + CHUNK] for at in range(0, len(BODY), CHUNK)]
TEXTS = [trade(n) for n in range(1, COUNT + 1)]
BIG = b"data: " + b"a" * (4 << 20) + b"\n\n"


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


def in_parts(data: bytes) -> list[bytes]:
    return [data[at : at + 1400] for at in range(0, len(data), 1400)]


BIG_CR = BIG.replace(b"\n", b"\r")
PARTS, PARTS_CR = in_parts(BIG), in_parts(BIG_CR)


def each(read: Callable[[str], object]) -> Callable[[], object]:
    return lambda: [read(text) for text in TEXTS]


def parse(text: str) -> market_pb2.Trade:
    return json_format.Parse(text, market_pb2.Trade(), ignore_unknown_fields=True)


# The work of each subject, and how many events it has.
SUBJECTS: dict[str, tuple[int, Callable[[], object]]] = {
    "decoder: ours": (COUNT, lambda: ours(CHUNKS)),
    "decoder: httpx-sse": (COUNT, lambda: sse_of_httpx(CHUNKS)),
    "decoder: openai-python": (COUNT, lambda: sse_of_openai(CHUNKS)),
    "4 MiB, LF: ours": (1, lambda: ours(PARTS)),
    "4 MiB, LF: one chunk": (1, lambda: ours([BIG])),
    "4 MiB, LF: openai-python": (1, lambda: sse_of_openai(PARTS)),
    "4 MiB, CR: ours": (1, lambda: ours(PARTS_CR)),
    "4 MiB, CR: one chunk": (1, lambda: ours([BIG_CR])),
    "messages, google: ours": (
        COUNT,
        each(lambda text: google_messages.from_json(market_pb2.Trade, text)),
    ),
    "messages, google: json_format": (COUNT, each(parse)),
    "messages, protobuf-py: ours": (
        COUNT,
        each(lambda text: py_messages.from_json(market_pb.Trade, text)),
    ),
    "json.loads": (COUNT, each(json.loads)),
    "client, google": (COUNT, client(market, market_pb2)),
    "client, protobuf-py": (COUNT, client(clients, market_pb)),
    "asynchronous client, google": (COUNT, async_client(market, market_pb2)),
    "asynchronous client, protobuf-py": (COUNT, async_client(clients, market_pb)),
    "untyped": (COUNT, untyped),
}


def measure(name: str) -> dict[str, float]:
    events, work = SUBJECTS[name]
    gc.collect()
    start = time.process_time()
    work()
    return {"time": (time.process_time() - start) / events * 1e6}


def versions() -> list[str]:
    names = ("httpx", "httpx2", "httpx-sse", "openai", "protobuf", "protobuf-py")
    return [
        f"Python {platform.python_version()}",
        *(f"{name} {importlib.metadata.version(name)}" for name in names),
    ]


for line in sys.stdin:
    name = line.strip()
    print(json.dumps(versions() if name == "versions" else measure(name)), flush=True)
