"""Streams over real sockets, on every combination of client, HTTP library and event loop."""

import math
import time
from typing import Any

import pytest
from market.v1 import market_pb2

from testing.run import FAST, Runner, trade
from testing.server import Peer, Script, Server

from .errors import (
    CallTimeoutError,
    ClientError,
    Code,
    ContentTypeError,
    DecodeError,
    EventTooLargeError,
    NetworkError,
    ReconnectError,
    StatusError,
    TruncatedError,
)
from .options import Attempt, Reconnect, Reconnection

OPENING = ":sse/1 heartbeat=60000 end\n"
RETRY = Reconnect(**FAST)


def streaming(*parts: str) -> Script:
    """A script that sends a body and ends it."""
    return lambda peer: peer.stream(*parts)


def broken(*parts: str) -> Script:
    """A script that sends a body and breaks the connection after its first bytes arrived."""

    def script(peer: Peer) -> None:
        peer.stream(*parts)
        # A reset drops what the client has not read yet, so the body ends by its framing instead.
        peer.sock.shutdown(2)

    return script


def silent(*parts: str) -> Script:
    """A script that sends a body and nothing more."""

    def script(peer: Peer) -> None:
        peer.stream(*parts)
        peer.wait_closed()

    return script


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (OPENING + trade(1) + trade(2) + ":end\n", [1, 2]),
        (trade(1) + trade(2), [1, 2]),  # no promise: the end of the body is the end
        (trade(1) + 'data: {"sequence":"2"}\n', [1]),  # without its blank line
        (OPENING + ":end\n" + trade(1), []),
    ],
)
def test_ends(run: Runner, body: str, ids: list[int]) -> None:
    with Server(streaming(body)) as server:
        outcome = run.watch(server.url)
    assert (outcome.error, outcome.ids, outcome.state) == (None, ids, "closed")
    assert len(server.peers) == 1


def test_require_end(run: Runner) -> None:
    done = "event: done\ndata: {}\n\n"
    with Server(streaming(trade(1))) as server:
        outcome = run.watch(server.url, require_end=True, reconnect=False)
    assert (type(outcome.error), outcome.ids) == (TruncatedError, [1])
    with Server(streaming(done)) as server:
        assert run.ask(server.url, require_end=True).error is None


def test_204_is_an_end(run: Runner) -> None:
    with Server(lambda peer: peer.answer(204)) as server:
        outcome = run.watch(server.url, opened=True)
    assert outcome.error is None
    assert outcome.info is not None
    assert (outcome.info.status, outcome.events, outcome.state) == (204, [], "closed")


def test_request(run: Runner) -> None:
    with Server(streaming()) as server:
        run.watch(server.url, last_event_id="4é", query={"alt": "sse"}, headers={"X-A": 1})
    (peer,) = server.peers
    assert (peer.verb, peer.target) == ("GET", "/v1/trades/A:watch?alt=sse")
    assert peer.headers["accept"] == "text/event-stream"
    assert peer.headers["cache-control"] == "no-cache"
    assert peer.headers["last-event-id"].encode("latin-1").decode() == "4é"
    assert peer.headers["x-a"] == "1"


def test_terminal_event_leaves_the_rest_unread(run: Runner) -> None:
    body = 'event: done\ndata: {"tokens":3}\n\nevent: delta\ndata: {"text":"late"}\n\n'
    with Server(silent(body)) as server:
        outcome = run.ask(server.url)
        server.wait_closed()
    assert [event.WhichOneof("event") for event in outcome.events] == ["done"]
    assert server.peers[0].body == b'{"question":"?"}'
    assert server.peers[0].headers["content-type"] == "application/json"


def test_stop_closes_the_connection(run: Runner) -> None:
    with Server(silent(trade(1) + trade(2) + trade(3))) as server:
        outcome = run.watch(server.url, stop_after=2)
        server.wait_closed()
    assert (outcome.ids, outcome.last_event_id) == ([1, 2], "1")


def test_resumes_from_the_cursor(run: Runner) -> None:
    seen: list[Reconnection] = []
    with Server(
        broken(OPENING + trade(1) + trade(2)),
        broken(OPENING + "id: 3\n\n"),
        streaming(OPENING + trade(4) + ":end\n"),
    ) as server:
        outcome = run.watch(server.url, reconnect=RETRY, on_reconnect=seen.append)
    assert (outcome.error, outcome.ids, outcome.last_event_id) == (None, [1, 2, 4], "4")
    assert [peer.headers.get("last-event-id") for peer in server.peers] == [None, "2", "3"]
    assert [(each.attempt, each.last_event_id) for each in seen] == [(2, "2"), (3, "3")]
    assert all(isinstance(each.error, TruncatedError) for each in seen)


def test_resumable_methods_resume_by_default(run: Runner) -> None:
    body = "retry: 1\n" + OPENING + trade(1)
    with Server(broken(body), streaming(OPENING + trade(2) + ":end\n")) as server:
        assert run.watch(server.url).ids == [1, 2]
        assert run.ask(server.url).error is None


@pytest.mark.parametrize("last", [trade(2, id=False), 'id:\ndata: {"sequence":"2"}\n\n'])
def test_no_implicit_resume_without_an_id(run: Runner, last: str) -> None:
    with Server(broken("retry: 1\n" + OPENING + trade(1) + last)) as server:
        outcome = run.watch(server.url)
    assert isinstance(outcome.error, TruncatedError)
    assert (outcome.ids, len(server.peers)) == ([1, 2], 1)


def test_lost_connection(run: Runner) -> None:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    def script(peer: Peer) -> None:
        peer.send(head, f"{len(trade(1)):x}\r\n{trade(1)}\r\nffff\r\nda")

    with Server(script) as server:
        outcome = run.watch(server.url, reconnect=False)
    error = outcome.error
    assert isinstance(error, NetworkError)
    assert isinstance(error, ConnectionError)
    assert (error.phase, error.attempt, error.last_event_id) == ("body", 1, "1")
    assert error.__cause__ is not None
    assert outcome.ids == [1]


def test_refused_connection(run: Runner) -> None:
    with Server() as server:
        pass
    error = run.watch(server.url, reconnect=False).error
    assert isinstance(error, NetworkError)
    assert error.phase == "open"
    assert "the connection failed: " in str(error)


def test_attempts_used_up(run: Runner) -> None:
    with Server(lambda peer: peer.json('{"code":14,"message":"later"}', 503)) as server:
        outcome = run.watch(server.url, reconnect=Reconnect(max_attempts=2, **FAST))
    error = outcome.error
    assert isinstance(error, ReconnectError)
    assert str(error) == "gave up after 2 further requests: later"
    assert (len(server.peers), len(error.errors), error.failures) == (3, 3, 3)
    assert isinstance(error.__cause__, StatusError)


def test_progress_resets_the_count(run: Runner) -> None:
    scripts = [broken(OPENING + trade(number)) for number in range(1, 6)]
    with Server(*scripts, streaming(OPENING + ":end\n")) as server:
        outcome = run.watch(server.url, reconnect=Reconnect(max_attempts=1, **FAST))
    assert outcome.ids == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("status", "body", "requests"),
    [
        (400, "", 1),
        (404, "", 1),
        (410, "", 1),
        (501, "", 1),
        (408, "", 2),
        (429, "", 2),
        (500, "", 2),
    ],
)
def test_statuses_that_are_tried_again(run: Runner, status: int, body: str, requests: int) -> None:
    with Server(lambda peer: peer.answer(status, body), streaming(":end\n")) as server:
        outcome = run.watch(server.url, reconnect=RETRY)
    assert len(server.peers) == requests
    if requests == 1:
        assert isinstance(outcome.error, StatusError)
        assert outcome.error.status == status


@pytest.mark.parametrize(("code", "requests"), [(14, 2), (11, 1), (3, 1), (13, 2)])
def test_error_events_that_are_tried_again(run: Runner, code: int, requests: int) -> None:
    event = f'event: error\ndata: {{"code":{code},"message":"no"}}\n\n'
    with Server(streaming(trade(1) + event), streaming(trade(2))) as server:
        outcome = run.watch(server.url, reconnect=RETRY)
    assert len(server.peers) == requests
    if requests == 1:
        error = outcome.error
        assert isinstance(error, StatusError)
        assert (error.code, error.status, error.phase, str(error)) == (code, 200, "body", "no")
        assert error.last_event_id == "1"


def test_retry_after(run: Runner) -> None:
    seen: list[Reconnection] = []
    with Server(
        lambda peer: peer.answer(503, "", "Retry-After: 0"),
        lambda peer: peer.answer(503, "", "Retry-After: 301"),
    ) as server:
        outcome = run.watch(server.url, reconnect=RETRY, on_reconnect=seen.append)
    assert isinstance(outcome.error, StatusError)
    assert outcome.error.headers["retry-after"] == "301"
    assert [each.attempt for each in seen] == [2]


def test_should_reconnect(run: Runner) -> None:
    asked: list[tuple[ClientError, Attempt]] = []

    def should_reconnect(error: ClientError, attempt: Attempt) -> bool:
        asked.append((error, attempt))
        return attempt.attempt < 3

    async def should_reconnect_later(error: ClientError, attempt: Attempt) -> bool:
        return should_reconnect(error, attempt)

    decide = should_reconnect_later if run.is_async else should_reconnect
    with Server(lambda peer: peer.answer(401)) as server:
        outcome = run.watch(server.url, reconnect=Reconnect(should_reconnect=decide, **FAST))
    assert isinstance(outcome.error, StatusError)
    assert [attempt for _, attempt in asked] == [Attempt(2, None), Attempt(3, None)]


@pytest.mark.parametrize("name", ["on_reconnect", "on_comment", "on_response"])
def test_error_of_a_callback_ends_the_stream(run: Runner, name: str) -> None:
    def fail(_: object) -> None:
        raise LookupError("mine")

    with Server(broken("retry: 1\n" + OPENING + trade(1))) as server:
        outcome = run.watch(server.url, **{name: fail})
        server.wait_closed()
    assert isinstance(outcome.error, LookupError)
    assert (len(server.peers), outcome.state) == (1, "closed")


def test_reconnect_after_the_end(run: Runner) -> None:
    with Server(
        streaming("retry: 1\n\n" + trade(1)), streaming(trade(2)), lambda peer: peer.answer(204)
    ) as server:
        outcome = run.watch(server.url, reconnect=Reconnect(after_end=True, **FAST))
    assert (outcome.error, outcome.ids) == (None, [1, 2])


def test_cursor_of_the_opening(run: Runner) -> None:
    opening = ":sse/1 heartbeat=60000 end cursor=1-0\n"
    with Server(broken("retry: 1\n" + opening), streaming(OPENING + ":end\n")) as server:
        run.watch(server.url)
    assert server.peers[1].headers["last-event-id"] == "1-0"


# Errors


def test_status_with_details(run: Runner) -> None:
    from google.protobuf import duration_pb2

    body = (
        '{"code":5,"message":"no such symbol","details":['
        '{"@type":"type.googleapis.com/market.v1.Trade","symbol":"A"},'
        '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"2s"},'
        '{"@type":"type.googleapis.com/no.Such"},5]}'
    )
    with Server(lambda peer: peer.json(body, 404)) as server:
        error = run.watch(server.url).error
    assert isinstance(error, StatusError)
    assert (error.status, error.code, error.message) == (404, Code.NOT_FOUND, "no such symbol")
    assert error.find_details(market_pb2.Trade) == [market_pb2.Trade(symbol="A")]
    assert error.find_details(duration_pb2.Duration) == [duration_pb2.Duration(seconds=2)]
    assert error.find_details(market_pb2.Quote) == []
    assert len(error.details) == 3
    assert error.body == body


def test_status_of_a_proxy(run: Runner) -> None:
    page = "<html><h1>Bad\n gateway</h1></html>"
    with Server(lambda peer: peer.answer(502, page)) as server:
        error = run.watch(server.url, reconnect=False).error
    assert isinstance(error, StatusError)
    assert error.code == Code.UNAVAILABLE
    assert str(error) == "HTTP 502 (code 14): Bad gateway"


def test_read_error(run: Runner) -> None:
    from .errors import ErrorFields

    def read_error(body: Any, response: Any) -> ErrorFields:
        return ErrorFields(message=body["error"]["message"], code=Code.RESOURCE_EXHAUSTED)

    body = '{"error":{"message":"slow down"}}'
    with Server(lambda peer: peer.json(body, 400)) as server:
        error = run.watch(server.url, client={"read_error": read_error}).error
    assert isinstance(error, StatusError)
    assert (str(error), error.code, error.status) == ("slow down", 8, 400)


def test_html_with_200(run: Runner) -> None:
    page = "<html>log in</html>"
    with Server(lambda peer: peer.answer(200, page, "Content-Type: text/html")) as server:
        error = run.watch(server.url, reconnect=RETRY).error
    assert isinstance(error, ContentTypeError)
    assert str(error) == 'expected text/event-stream, got "text/html": log in'
    assert (error.body, error.content_type, error.status) == (page, "text/html", 200)


def test_event_that_is_not_the_message(run: Runner) -> None:
    with Server(streaming(trade(1) + 'id: 2\ndata: {"price":"x"}\n\n' + trade(3))) as server:
        error = run.watch(server.url).error
        skipped = run.watch(server.url, invalid_events="skip")
    assert isinstance(error, DecodeError)
    assert (error.event, error.id, error.data) == ("message", "2", '{"price":"x"}')
    assert (error.field, error.phase, error.last_event_id) == ("price", "body", "1")
    assert str(error).startswith('cannot read event "message": "price": ')
    assert (skipped.error, skipped.ids) == (None, [1, 3])


def test_event_that_is_too_large(run: Runner) -> None:
    with Server(streaming(trade(1) + "data: " + "1" * 101 + "\n\n")) as server:
        outcome = run.watch(server.url, max_event_bytes=100)
    assert isinstance(outcome.error, EventTooLargeError)
    assert outcome.ids == [1]


def test_unknown_events(run: Runner) -> None:
    body = 'event: ping\ndata: x\n\nevent: delta\ndata: {"text":"a"}\n\n'
    unknown: list[str] = []
    with Server(streaming(body)) as server:
        outcome = run.ask(server.url, on_unknown_event=lambda event: unknown.append(event.event))
        error = run.ask(server.url, unknown_events="raise").error
    assert [event.delta.text for event in outcome.events] == ["a"]
    assert unknown == ["ping"]
    assert isinstance(error, DecodeError)


def test_one_kind_of_message_has_any_name(run: Runner) -> None:
    with Server(streaming('event: trade\ndata: {"sequence":"1"}\n\n')) as server:
        assert run.watch(server.url).ids == [1]


# Time


def test_idle_timeout_of_the_caller_and_of_the_promise(run: Runner) -> None:
    promise = ":sse/1 heartbeat=20 end\n"
    for body, options in ((OPENING, {"idle_timeout": 0.05}), (promise, {})):
        with Server(silent(body + trade(1))) as server:
            outcome = run.watch(server.url, reconnect=False, **options)
            server.wait_closed()
        error = outcome.error
        assert isinstance(error, CallTimeoutError)
        assert isinstance(error, TimeoutError)
        assert (error.kind, error.phase, str(error)) == (
            "idle",
            "body",
            "idle timeout after 0.05 s",
        )
        assert outcome.ids == [1]


def test_an_idle_stream_is_resumed(run: Runner) -> None:
    body = "retry: 1\n:sse/1 heartbeat=20 end\n"
    with Server(silent(body + trade(1)), streaming(OPENING + trade(2) + ":end\n")) as server:
        assert run.watch(server.url).ids == [1, 2]


def test_no_limit_of_silence(run: Runner) -> None:
    def script(peer: Peer) -> None:
        peer.stream(":sse/1 heartbeat=10 end\n")
        time.sleep(0.2)
        peer.send(trade(1) + ":end\n")

    with Server(script) as server:
        assert run.watch(server.url, idle_timeout=math.inf).ids == [1]


def test_slow_caller_is_no_silent_server() -> None:
    with Server(silent(":sse/1 heartbeat=20 end\n" + trade(1) + trade(2))) as server:
        from testing.market import MarketServiceClient

        with MarketServiceClient(server.url) as client:
            stream = client.watch_trades(market_pb2.WatchTradesRequest(symbol="A"))
            with stream:
                next(stream)
                time.sleep(0.2)
                assert next(stream).sequence == 2


def test_connect_timeout(run: Runner) -> None:
    with Server(lambda peer: peer.wait_closed()) as server:
        for options in ({"connect_timeout": 0.05}, {"timeout": 0.05}):
            error = run.watch(server.url, reconnect=False, **options).error
            assert isinstance(error, CallTimeoutError)
            assert (error.kind, error.phase) == ("connect", "open")
        server.wait_closed()


def test_deadline_covers_all_attempts(run: Runner) -> None:
    scripts: list[Script] = [
        silent(OPENING),
        lambda peer: peer.wait_closed(),
        lambda peer: peer.answer(503),
    ]
    for script in scripts:
        with Server(script) as server:
            # A long delay: it is cut.
            reconnect = Reconnect(initial_delay=600, max_delay=600)
            outcome = run.watch(server.url, deadline=0.1, reconnect=reconnect)
            server.wait_closed()
        assert isinstance(outcome.error, CallTimeoutError)
        assert outcome.error.kind == "deadline"


def test_read_timeout_does_not_outlive_the_head() -> None:
    run = Runner("sync httpx2")
    timeouts: list[dict[str, float | None]] = []

    def handler(request: Any) -> Any:
        timeouts.append(request.extensions["timeout"])
        assert timeouts[0]["read"] == 5
        return run.library.Response(
            200, headers={"content-type": "text/event-stream"}, content=trade(1)
        )

    transport = run.library.MockTransport(handler)
    assert run.watch("http://localhost", transport=transport, connect_timeout=5).ids == [1]
    assert timeouts == [{"connect": 5, "read": None, "write": 5, "pool": 5}]


# JSON Lines


def jsonl(body: str, parameters: str = "; profile=sse-1") -> Script:
    def script(peer: Peer) -> None:
        assert peer.headers["accept"] == "application/jsonl; profile=sse-1"
        peer.send(f"HTTP/1.1 200 OK\r\nContent-Type: application/jsonl{parameters}\r\n\r\n{body}")

    return script


def test_json_lines(run: Runner) -> None:
    body = '\n{"delta":{"text":"a"}}\n\n{"done":{}}\n{"@end":{}}\n'
    with Server(jsonl(body)) as server:
        outcome = run.ask(server.url, format="jsonl")
    assert outcome.error is None
    assert [event.WhichOneof("event") for event in outcome.events] == ["delta", "done"]


def test_json_lines_that_were_cut(run: Runner) -> None:
    body = '\n{"sequence":"1"}\n{"seq'
    with Server(jsonl(body)) as server:
        outcome = run.watch(server.url, format="jsonl", reconnect=False)
    assert (type(outcome.error), outcome.ids) == (TruncatedError, [1])
    with Server(jsonl('{"sequence":"1"}', "")) as server:
        outcome = run.watch(server.url, format="jsonl")
    assert (outcome.error, outcome.ids) == (None, [1])


def test_error_line(run: Runner) -> None:
    with Server(jsonl('\n{"@error":{"code":7,"message":"no"}}\n')) as server:
        error = run.watch(server.url, format="jsonl").error
    assert isinstance(error, StatusError)
    assert error.code == Code.PERMISSION_DENIED


# The whole


def test_nothing_is_lost_or_repeated_over_random_kills(run: Runner) -> None:
    import random

    count, chance = 10_000, random.Random(16)
    if run.mode == "trio":
        count = 1_000

    def script(peer: Peer) -> None:
        start = int(peer.headers.get("last-event-id", "0")) + 1
        kills = start < count * 0.95
        stop = min(start + count // 50 + chance.randrange(9), count) if kills else count
        body = OPENING + "retry: 1\n" + "".join(map(trade, range(start, stop + 1)))
        if stop == count:
            peer.stream(body, ":end\n")
        elif chance.random() < 0.5:
            peer.stream(body[: len(body) - chance.randrange(30)])
        else:
            peer.stream(body)
            peer.reset()

    with Server(script) as server:
        outcome = run.watch(server.url, reconnect=Reconnect(max_attempts=50, **FAST))
    assert outcome.error is None
    assert outcome.ids == list(range(1, count + 1))
    assert len(server.peers) >= 30
