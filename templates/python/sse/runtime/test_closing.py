"""Every way out of a stream lets go of its connection."""

import functools
import gc
import os
import pickle
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import pytest
import trustme
from market.v1 import market_pb2

from testing.market import AsyncMarketServiceClient, MarketServiceClient
from testing.run import trade
from testing.server import Peer, Script, Server

from .errors import CallTimeoutError, ClientError, DecodeError, StatusError
from .options import Reconnect
from .stream import Stream
from .stream_core import StreamCore

REQUEST = market_pb2.WatchTradesRequest(symbol="A")


def silent(*parts: str) -> Script:
    def script(peer: Peer) -> None:
        peer.stream(*parts)
        peer.wait_closed()

    return script


FEED = silent("".join(map(trade, range(1, 10))))


def test_break_without_with() -> None:
    with Server(FEED) as server, MarketServiceClient(server.url) as client:
        for _ in client.watch_trades(REQUEST):
            break
        server.wait_closed()
        for _ in client.watch_trades(REQUEST).with_meta():
            break
        server.wait_closed()
        for _ in client.watch_trades(REQUEST).batches():
            break
        server.wait_closed()


def test_with_closes_and_break_does_not() -> None:
    with Server(FEED) as server, MarketServiceClient(server.url) as client:
        with client.watch_trades(REQUEST) as stream:
            for _ in stream:
                break
            for meta in stream.with_meta():
                assert (meta.value.sequence, meta.event, meta.id, meta.attempt) == (
                    2,
                    "message",
                    "2",
                    1,
                )
                break
            assert [event.sequence for event in next(stream.batches())] == [*range(3, 10)]
            assert stream.state == "open"
        assert stream.state == "closed"
        server.wait_closed()


def test_states() -> None:
    with Server(FEED) as server, MarketServiceClient(server.url) as client:
        stream = client.watch_trades(REQUEST)
        assert repr(stream) == ("<Stream of market.v1.MarketService.WatchTrades: idle, attempt 0>")
        stream.reconnect()  # does nothing
        assert stream.opened().status == 200
        assert stream.opened().attempt == 1
        assert stream.state == "open"
        assert next(stream).sequence == 1
        assert stream.last_event_id is None
        assert next(stream).sequence == 2
        assert stream.last_event_id == "1"
        assert repr(stream).endswith("open, attempt 1, last_event_id='1'>")
        stream.close()
        stream.close()
        assert list(stream) == []
        server.wait_closed()
        idle = client.watch_trades(REQUEST)
        idle.close()
        with pytest.raises(ClientError, match="closed before it opened"):
            idle.opened()
        with idle:
            assert list(idle) == []
        assert len(server.peers) == 1


def test_collect() -> None:
    with Server(FEED) as server, MarketServiceClient(server.url) as client:
        stream = client.watch_trades(REQUEST)
        assert [event.sequence for event in stream.collect(max=3)] == [1, 2, 3]
        assert (stream.last_event_id, stream.state) == ("3", "closed")
        server.wait_closed()
        assert client.watch_trades(REQUEST).collect(max=0) == []


def test_error_in_the_loop() -> None:
    with Server(FEED) as server, MarketServiceClient(server.url) as client:

        def read() -> None:
            for _ in client.watch_trades(REQUEST):
                raise LookupError

        with pytest.raises(LookupError):
            read()
        gc.collect()
        server.wait_closed()


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def unavailable(peer: Peer) -> None:
    peer.answer(503, "", "Connection: close")
    peer.keep_alive = False


WAITS: dict[str, Script] = {
    "head": lambda peer: peer.wait_closed(),
    "body": silent(),
    "delay": unavailable,
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("what", list(WAITS))
def test_close_from_another_thread_wakes_the_reader(what: str, scheme: str) -> None:
    with tls(WAITS[what], scheme) as (server, http), http:
        client = MarketServiceClient(server.url, http_client=http)
        reconnect = Reconnect(initial_delay=600, max_delay=600)
        stream = client.watch_trades(REQUEST, reconnect=reconnect)
        found: list[object] = []
        reader = in_thread(lambda: found.extend(stream))
        server.wait_requests(1)
        while stream.state not in ("open", "waiting") and what != "head":
            time.sleep(0.001)
        stream.close()
        reader.join(30)
        assert not reader.is_alive()
        assert (found, stream.state) == ([], "closed")
        server.wait_closed()


def test_reconnect_from_another_thread() -> None:
    scripts: list[Script] = [
        silent(trade(1)),
        lambda peer: peer.answer(503),
        lambda peer: peer.stream(":sse/1 end\n" + trade(2) + ":end\n"),
    ]
    with Server(*scripts) as server, MarketServiceClient(server.url) as client:
        reconnect = Reconnect(initial_delay=600, max_delay=600)
        stream = client.watch_trades(REQUEST, reconnect=reconnect)
        assert next(stream).sequence == 1
        rest: list[Any] = []
        reader = in_thread(lambda: rest.extend(stream))
        stream.reconnect()
        server.wait_requests(2)
        while stream.state != "waiting":
            time.sleep(0.001)
        stream.reconnect()
        reader.join(30)
        assert [event.sequence for event in rest] == [2]
        assert [peer.headers.get("last-event-id") for peer in server.peers] == [None, "1", "1"]


@pytest.mark.parametrize(
    ("what", "function"), [("head", "read"), ("body", "read"), ("delay", "wait")]
)
def test_keyboard_interrupt(what: str, function: str) -> None:
    main = threading.main_thread().ident
    assert main is not None
    # Of a job in the background, SIGINT is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with Server(WAITS[what]) as server, MarketServiceClient(server.url) as client:
        reconnect = Reconnect(initial_delay=600, max_delay=600)
        stream = client.watch_trades(REQUEST, reconnect=reconnect)

        def interrupt() -> None:
            server.wait_requests(1)
            # Not before it waits: Python drops what is raised within a destructor.
            states = {"head": "connecting", "body": "open", "delay": "waiting"}
            while (
                stream.state != states[what]
                or sys._current_frames()[main].f_code.co_name != function
            ):
                time.sleep(0.001)
            signal.pthread_kill(main, signal.SIGINT)
            # Python misses a signal between its last look and the wait, as it does for users.
            while not ended.wait(5):
                signal.pthread_kill(main, signal.SIGINT)

        ended = threading.Event()
        in_thread(interrupt)
        with pytest.raises(KeyboardInterrupt):
            next(stream)
        ended.set()
        signal.signal(signal.SIGINT, before)
        assert stream.state == "closed"
        server.wait_closed()


class tls:  # noqa: N801 - a function with a `with`
    """A server and a client that trusts it."""

    def __init__(self, script: Script, scheme: str = "https") -> None:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        self.server = Server(script, context=context if scheme == "https" else None)
        self.http = httpx2.Client(verify=trust)
        self.trust = trust

    def __enter__(self) -> tuple[Server, httpx2.Client]:
        return self.server.__enter__(), self.http

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()


def test_idle_timeout_over_tls() -> None:
    with tls(silent(trade(1))) as (server, http), http:
        client = MarketServiceClient(server.url, http_client=http)
        stream = client.watch_trades(REQUEST, idle_timeout=0.05, reconnect=False)
        with stream:
            next(stream)
            with pytest.raises(CallTimeoutError) as caught:
                next(stream)
        assert caught.value.kind == "idle"
        server.wait_closed()


def test_close_in_a_callback() -> None:
    streams: list[Stream[Any]] = []
    with Server(silent(":a\n" + trade(1))) as server, MarketServiceClient(server.url) as client:
        stream = client.watch_trades(REQUEST, on_comment=lambda _: streams[0].close())
        streams.append(stream)
        assert list(stream) == []
        server.wait_closed()
    with Server(lambda peer: peer.answer(503)) as server:
        client = MarketServiceClient(server.url)
        stream = client.watch_trades(REQUEST, on_reconnect=lambda _: streams[0].close())
        streams[:] = [stream]
        assert list(stream) == []
        assert len(server.peers) == 1
        client.close()


@pytest.mark.parametrize("step", ["_connect", "recover"])
def test_close_while_the_state_changes(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """As another thread may: the state that follows does not open the stream again."""
    original: Any = getattr(StreamCore, step)

    def close_first(core: Any, *args: Any) -> Any:
        core.stream.close()
        yield from original(core, *args)

    monkeypatch.setattr(StreamCore, step, close_first)
    with Server(unavailable) as server, MarketServiceClient(server.url) as client:
        stream = client.watch_trades(REQUEST)
        assert list(stream) == []
        assert stream.state == "closed"
        assert len(server.peers) == (0 if step == "_connect" else 1)


def test_many_streams_of_one_client() -> None:
    """The pool of a default client has no limit that would block."""
    with Server(FEED) as server, MarketServiceClient(server.url) as client:
        streams = [client.watch_trades(REQUEST) for _ in range(120)]
        assert [next(stream).sequence for stream in streams] == [1] * 120
        for stream in streams:
            stream.close()
        server.wait_closed()


# Asynchronous


@pytest.fixture(params=["asyncio", "trio"])
def loop(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return functools.partial(anyio.run, backend=request.param)


async def closed(server: Server) -> None:
    await anyio.to_thread.run_sync(server.wait_closed)


def test_async_break(loop: Callable[..., Any]) -> None:
    async def main() -> None:
        async with AsyncMarketServiceClient(server.url) as client:
            async for _ in client.watch_trades(REQUEST):
                break
            gc.collect()
            await closed(server)
            async with client.watch_trades(REQUEST) as stream:
                async for event in stream:
                    assert event.sequence == 1
                    break
                async for batch in stream.batches():
                    assert [event.sequence for event in batch] == [*range(2, 10)]
                    break
                assert repr(stream).startswith("<AsyncStream of market.v1.MarketService.Watch")
            await closed(server)
            stream = client.watch_trades(REQUEST)
            assert [event.sequence for event in await stream.collect(max=2)] == [1, 2]
            await closed(server)

    with Server(FEED) as server:
        loop(main)


@pytest.mark.parametrize("what", list(WAITS))
def test_async_cancellation(loop: Callable[..., Any], what: str) -> None:
    async def main() -> None:
        async with AsyncMarketServiceClient(server.url) as client:
            reconnect = Reconnect(initial_delay=600, max_delay=600)
            stream = client.watch_trades(REQUEST, reconnect=reconnect)
            async with anyio.create_task_group() as group:

                async def read() -> None:
                    async for _ in stream:
                        raise AssertionError

                group.start_soon(read)
                await anyio.to_thread.run_sync(server.wait_requests, 1)
                while stream.state not in ("open", "waiting") and what != "head":
                    await anyio.sleep(0.001)
                group.cancel_scope.cancel()
            await closed(server)
            assert stream.state == "closed"

    with Server(WAITS[what]) as server:
        loop(main)


@pytest.mark.parametrize("what", list(WAITS))
def test_async_close_from_another_task(loop: Callable[..., Any], what: str) -> None:
    async def main() -> None:
        async with AsyncMarketServiceClient(server.url) as client:
            reconnect = Reconnect(initial_delay=600, max_delay=600)
            stream = client.watch_trades(REQUEST, reconnect=reconnect)
            async with anyio.create_task_group() as group:

                async def read() -> None:
                    async with stream:
                        assert [event async for event in stream] == []

                group.start_soon(read)
                await anyio.to_thread.run_sync(server.wait_requests, 1)
                while stream.state not in ("open", "waiting") and what != "head":
                    await anyio.sleep(0.001)
                await stream.aclose()
            await closed(server)
            await stream.aclose()

    with Server(WAITS[what]) as server:
        loop(main)


def test_async_reconnect(loop: Callable[..., Any]) -> None:
    async def main() -> None:
        async with AsyncMarketServiceClient(server.url) as client:
            reconnect = Reconnect(initial_delay=600, max_delay=600)
            async with client.watch_trades(REQUEST, reconnect=reconnect) as stream:
                assert (await anext(stream)).sequence == 1
                stream.reconnect()  # nothing waits
                async with anyio.create_task_group() as group:

                    async def read() -> None:
                        assert [event.sequence async for event in stream] == [2]

                    group.start_soon(read)
                    while stream.state != "waiting":
                        await anyio.sleep(0.001)
                    stream.reconnect()

    scripts: list[Script] = [
        silent(trade(1)),
        lambda peer: peer.answer(503),
        lambda peer: peer.stream(":sse/1 end\n" + trade(2) + ":end\n"),
    ]
    with Server(*scripts) as server:
        loop(main)


# Errors


def test_errors_are_readable_and_survive_pickle() -> None:
    with Server(
        lambda peer: peer.json('{"code":5,"message":"no such symbol"}', 404),
        lambda peer: peer.stream('data: {"price":[]}\n\n'),
    ) as server:
        client = MarketServiceClient(server.url)
        with pytest.raises(StatusError) as status:
            next(client.watch_trades(REQUEST))
        with pytest.raises(DecodeError) as decode:
            next(client.watch_trades(REQUEST))
        client.close()
    assert repr(status.value) == (
        "StatusError('no such symbol', phase='open', attempt=1, status=404, "
        'code=<Code.NOT_FOUND: 5>, body=\'{"code":5,"message":"no such symbol"}\')'
    )
    for error in (status.value, decode.value):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))
        assert again.__dict__.keys() == error.__dict__.keys()
    assert pickle.loads(pickle.dumps(decode.value)).field == "price"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_process_has_a_watchdog_of_its_own() -> None:
    with Server(silent(trade(1))) as server:

        def timeout() -> str:
            with MarketServiceClient(server.url) as client:
                try:
                    list(client.watch_trades(REQUEST, idle_timeout=0.05, reconnect=False))
                except CallTimeoutError as error:
                    return error.kind
            return ""

        assert timeout() == "idle"
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, timeout().encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            assert pipe.read() == "idle"
        os.waitpid(child, 0)
