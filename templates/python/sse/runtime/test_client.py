"""Unary calls, interceptors, validators and headers, on every combination."""

import base64
import dataclasses
from typing import Any

import httpx2
import protovalidate
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from market.v1 import market_pb2
from protobuf import Oneof
from py_gen import clients
from py_gen.market.v1 import market_pb

from testing.market import AsyncMarketServiceClient, MarketServiceClient
from testing.run import FAST, Runner, trade
from testing.server import Peer, Server

from . import client as public
from .call import merge_options
from .client import (
    AsyncInterceptor,
    AsyncUnaryNext,
    CallTimeoutError,
    Client,
    Code,
    ContentTypeError,
    DecodeError,
    Interceptor,
    NetworkError,
    RequestError,
    Retry,
    StatusError,
    StreamNext,
    StreamRequest,
    StreamResponse,
    UnaryNext,
    UnaryRequest,
    UnaryResponse,
    open_async_raw_stream,
    open_raw_stream,
)
from .method import Binding, Method, StreamRule

QUOTE = '{"symbol":"A","price":1.5}'


def test_unary(run: Runner) -> None:
    with Server(lambda peer: peer.json(QUOTE)) as server:
        get = run.quote(f"{server.url}/base/", query={"a b": True}, headers={"x-a": "1"})
        post = run.set_quote(server.url)
    assert get.events == post.events == [market_pb2.Quote(symbol="A", price=1.5)]
    first, second = server.peers
    assert (first.verb, first.target) == ("GET", "/base/v1/quotes/A?a%20b=true")
    assert first.headers["accept"] == "application/json"
    assert first.headers["x-a"] == "1"
    assert "content-type" not in first.headers
    assert (second.verb, second.body) == ("POST", b'{"symbol":"A"}')
    assert second.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 204])
def test_empty_body_is_a_message_without_fields(run: Runner, status: int) -> None:
    with Server(lambda peer: peer.answer(status)) as server:
        assert run.quote(server.url).events == [market_pb2.Quote()]


def test_unary_errors(run: Runner) -> None:
    with Server(
        lambda peer: peer.json('{"code":7,"message":"no"}', 403),
        lambda peer: peer.answer(200, "<p>log in</p>", "Content-Type: text/html"),
        lambda peer: peer.json('{"price":"x"}'),
        lambda peer: peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        lambda peer: peer.wait_closed(),
    ) as server:
        status = run.quote(server.url).error
        content_type = run.quote(server.url).error
        decode = run.quote(server.url).error
        network = run.quote(server.url).error
        timeout = run.quote(server.url, timeout=0.05).error
    assert isinstance(status, StatusError)
    assert (status.code, str(status)) == (Code.PERMISSION_DENIED, "no")
    assert isinstance(content_type, ContentTypeError)
    assert isinstance(decode, DecodeError)
    assert (decode.field, decode.event, decode.phase) == ("price", None, "body")
    assert isinstance(network, NetworkError)
    assert network.phase == "body"
    assert isinstance(timeout, CallTimeoutError)
    assert (timeout.kind, str(timeout)) == ("deadline", "deadline timeout after 0.05 s")


def test_timeout_within_the_body(run: Runner) -> None:
    def script(peer: Peer) -> None:
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        peer.wait_closed()

    with Server(script) as server:
        error = run.quote(server.url, timeout=0.1).error
        server.wait_closed()
    assert isinstance(error, CallTimeoutError)
    assert error.kind == "deadline"


def test_retry(run: Runner) -> None:
    def unavailable(peer: Peer) -> None:
        peer.answer(503, "", "Retry-After: 0")

    with Server(unavailable, unavailable, lambda peer: peer.json(QUOTE)) as server:
        assert run.quote(server.url, retry=Retry(max_attempts=2, **FAST)).error is None
    assert len(server.peers) == 3
    for options in ({}, {"retry": Retry(max_attempts=0)}):
        with Server(unavailable) as server:
            assert isinstance(run.quote(server.url, **options).error, StatusError)
        assert len(server.peers) == 1
    with Server(unavailable, lambda peer: peer.json(QUOTE)) as server:
        error = run.set_quote(server.url, retry=Retry(max_attempts=2, **FAST)).error
    assert isinstance(error, StatusError)  # POST is not idempotent
    with Server(unavailable, lambda peer: peer.json(QUOTE)) as server:
        key = {"Idempotency-Key": "k"}
        retry = Retry(max_attempts=2, **FAST)
        assert run.set_quote(server.url, retry=retry, headers=key).error is None
    assert [peer.headers["idempotency-key"] for peer in server.peers] == ["k", "k"]
    with Server(lambda peer: peer.answer(404)) as server:
        run.quote(server.url, retry=Retry(max_attempts=2, **FAST))
    assert len(server.peers) == 1


def test_deadline_cuts_the_delay_of_a_retry(run: Runner) -> None:
    with Server(lambda peer: peer.answer(503)) as server:
        error = run.quote(
            server.url, timeout=0.1, retry=Retry(max_attempts=2, initial_delay=600, max_delay=600)
        ).error
    assert isinstance(error, CallTimeoutError)


def test_headers_function_is_called_for_every_attempt(run: Runner) -> None:
    tokens = iter(["a", "b", "c"])

    def headers() -> dict[str, str]:
        return {"Authorization": next(tokens)}

    async def headers_later() -> dict[str, str]:
        return headers()

    source = headers_later if run.is_async else headers
    with Server(
        lambda peer: peer.stream("retry: 1\n:sse/1 end\n" + trade(1)),
        lambda peer: peer.stream(":end\n"),
        lambda peer: peer.json(QUOTE),
    ) as server:
        run.watch(server.url, client={"headers": source})
        run.quote(server.url, client={"headers": source, "timeout": 30})
    assert [peer.headers["authorization"] for peer in server.peers] == ["a", "b", "c"]


def test_headers_of_the_call_win(run: Runner) -> None:
    with Server(lambda peer: peer.json(QUOTE)) as server:
        run.quote(
            server.url,
            client={"headers": {"X-A": "client", "X-B": [1, 2.5, True], "X-C": None}},
            headers=[("x-a", "call")],
        )
    headers = server.peers[0].headers
    assert (headers["x-a"], headers["x-b"]) == ("call", "1, 2.5, true")
    assert "x-c" not in headers


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x-a": "a\nb"}, 'the header "x-a" holds a control character'),
        ({"x a": "a"}, 'check the headers: "x a" is no name of a header'),
        ({"x-a": "豆"}, "the header \"x-a\" holds '豆', which is not Latin-1"),
    ],
)
def test_what_no_header_can_hold(run: Runner, headers: Any, message: str) -> None:
    with Server() as server:
        error = run.quote(server.url, headers=headers).error
        error_of_stream = run.watch(server.url, headers=headers).error
    assert isinstance(error, RequestError)
    assert isinstance(error_of_stream, RequestError)
    assert (str(error), server.peers) == (message, [])


def test_request_that_no_url_can_hold(run: Runner) -> None:
    with Server() as server:
        error = run.call(server.url, "get_quote", market_pb2.GetQuoteRequest(symbol="..")).error
        wrong = run.call(server.url, "get_quote", {"symbol": "a"}).error
    assert isinstance(error, RequestError)
    assert error.field == "symbol"
    assert isinstance(wrong, RequestError)
    assert str(wrong) == "dict is no message of google.protobuf"
    assert server.peers == []


def test_coroutine_function_on_a_synchronous_client() -> None:
    async def headers() -> dict[str, str]:
        return {}

    client = MarketServiceClient("http://localhost", headers=headers)
    with pytest.raises(RequestError, match="use AsyncClient"):
        client.get_quote(market_pb2.GetQuoteRequest(symbol="A"))


@pytest.mark.parametrize("url", ["api.example.com", "/api", "ftp://a", "http://a?b", "http://a#b"])
def test_base_url(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        MarketServiceClient(url)
    assert Client("https://a/b//").base_url == "https://a/b"
    assert repr(MarketServiceClient("https://a")) == "MarketServiceClient('https://a')"


def test_options_of_the_call_win() -> None:
    merged = merge_options(
        {"timeout": 1, "query": {"a": 1, "b": 2}}, {"timeout": None, "query": {"b": 3}}
    )
    assert merged == {"timeout": 1, "query": {"a": 1, "b": 3}}


# Interceptors


class Log(Interceptor):
    """Notes what passes, and changes some of it."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.log = log

    def unary(self, request: UnaryRequest, next: UnaryNext, /) -> UnaryResponse:
        self.log.append(f"{self.name} {request.method.name.rpartition('.')[2]} {request.attempt}")
        request.headers["X-Name"] = self.name
        response = next(request)
        self.log.append(f"{self.name} {response.status}")
        return response

    def stream(self, request: StreamRequest, next: StreamNext, /) -> StreamResponse:
        self.log.append(f"{self.name} {request.attempt} {request.last_event_id} {request.stream}")
        response = next(request)
        decode = response.decode

        def count(event: Any, place: Any) -> Any:
            self.log.append(f"{self.name} event {event.id}")
            return None if event.id == "2" else decode(event, place)

        return dataclasses.replace(response, decode=count)


class AsyncLog(AsyncInterceptor):
    def __init__(self, name: str, log: list[str]) -> None:
        self.sync = Log(name, log)

    async def unary(self, request: UnaryRequest, next: AsyncUnaryNext, /) -> UnaryResponse:
        self.sync.log.append(f"{self.sync.name} GetQuote {request.attempt}")
        request.headers["X-Name"] = self.sync.name
        response = await next(request)
        self.sync.log.append(f"{self.sync.name} {response.status}")
        return response

    async def stream(self, request: StreamRequest, next: Any, /) -> StreamResponse:
        response = await next(request)
        return self.sync.stream(request, lambda _: response)


def test_interceptors(run: Runner) -> None:
    log: list[str] = []
    kind = AsyncLog if run.is_async else Log
    client = {"interceptors": [kind("outer", log), kind("inner", log)]}
    with Server(
        lambda peer: peer.json(QUOTE),
        lambda peer: peer.stream("retry: 1\n:sse/1 end\n", trade(1), trade(2), trade(3)),
        lambda peer: peer.stream(":end\n"),
    ) as server:
        run.quote(server.url, client=client)
        assert log == ["outer GetQuote 1", "inner GetQuote 1", "inner 200", "outer 200"]
        assert server.peers[0].headers["x-name"] == "inner"
        log.clear()
        assert run.watch(server.url, client=client).ids == [1, 3]
    opened = [line.partition(" <")[0] for line in log if "<" in line]
    assert sorted(opened) == ["inner 1 None", "inner 2 3", "outer 1 None", "outer 2 3"]
    assert [line for line in log if " event " in line] == [
        *("outer event 1", "inner event 1", "outer event 2"),
        *("outer event 3", "inner event 3"),
    ]


def test_interceptor_that_answers_itself() -> None:
    class Cache(Interceptor):
        def unary(self, request: UnaryRequest, next: UnaryNext, /) -> UnaryResponse:
            return UnaryResponse(200, {}, market_pb2.Quote(symbol="cached"))

    with Server() as server, MarketServiceClient(server.url, interceptors=[Cache()]) as client:
        assert client.get_quote(market_pb2.GetQuoteRequest(symbol="A")).symbol == "cached"
        assert server.peers == []


# Validation


class Rules:
    """A validator with one rule, in the form of protovalidate."""

    def collect_violations(self, message: Any) -> list[protovalidate.Violation]:
        if getattr(message, "size", 0) == 13:
            raise RuntimeError("no such function")
        if getattr(message, "price", 1) >= 0:
            return []
        path = protovalidate.FieldPathPb(
            elements=[protovalidate.FieldPathElementPb(field_name="price", field_number=3)]
        )
        return [protovalidate.Violation(field=path, rule_id="double.gte", message="must be >= 0")]


def test_validator(run: Runner) -> None:
    events = trade(1) + 'id: 2\ndata: {"price":-1}\n\n' + trade(3)
    with Server(lambda peer: peer.stream(events)) as server:
        error = run.watch(server.url, client={"validator": Rules()}).error
        skipped = run.watch(server.url, client={"validator": Rules()}, invalid_events="skip")
    assert isinstance(error, DecodeError)
    assert error.violations is not None
    assert (error.field, error.violations[0].proto.rule_id) == ("price", "double.gte")
    assert str(error) == (
        'cannot read event "message": market.v1.Trade breaks its rules: "price" must be >= 0'
    )
    assert skipped.ids == [1, 3]


def test_request_that_breaks_a_rule(run: Runner) -> None:
    quote = market_pb2.Quote(price=-1)
    with Server() as server:
        error = run.call(server.url, "set_quote", quote, client={"validator": Rules()}).error
    assert isinstance(error, RequestError)
    assert (error.field, server.peers) == ("price", [])


def test_validator_that_fails_is_never_skipped(run: Runner) -> None:
    with Server(lambda peer: peer.stream('data: {"size":13}\n\n')) as server:
        outcome = run.watch(server.url, client={"validator": Rules()}, invalid_events="skip")
    assert isinstance(outcome.error, DecodeError)
    assert "the rules of market.v1.Trade cannot be run: no such function" in str(outcome.error)


def test_protovalidate_itself(run: Runner) -> None:
    with Server(lambda peer: peer.stream(trade(1))) as server:
        outcome = run.watch(server.url, client={"validator": protovalidate.Validator()})
    assert (outcome.error, outcome.ids) == (None, [1])


def test_rule_of_protovalidate_that_an_event_breaks() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="rated.proto", package="rated", syntax="proto3")
    field = file.message_type.add(name="Rated").field.add(name="stars", number=1, type=5, label=1)
    # [(buf.validate.field).int32.lte = 5]: protovalidate has no such module for google messages.
    field.options.MergeFromString(b"\xba\x48\x04\x1a\x02\x18\x05")
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    rated = message_factory.GetMessageClass(pool.FindMessageTypeByName("rated.Rated"))
    method = Method(
        name="rated.Ratings.Watch",
        request=market_pb2.GetQuoteRequest,
        response=rated,
        bindings=(Binding(verb="GET", path="/ratings"),),
        stream=StreamRule(),
    )
    events = 'data: {"stars":5}\n\nid: 2\ndata: {"stars":6}\n\n'
    with (
        Server(lambda peer: peer.stream(events)) as server,
        Client(server.url, validator=protovalidate.Validator()) as client,
    ):
        stream = client._stream(method, market_pb2.GetQuoteRequest(), {})
        assert next(stream).stars == 5
        with pytest.raises(DecodeError) as caught:
            next(stream)
    (violation,) = caught.value.violations or ()
    assert (caught.value.field, caught.value.id) == ("stars", "2")
    assert violation.proto.rule_id == "int32.lte"


# Bodies that are not JSON


class Files(Client):
    def send(self, request: Any) -> Any:
        from vectors.v1 import http_rule_pb2  # noqa: F401 - any message does

        return self._unary(METHOD, request, {})


METHOD = Method(
    name="files.v1.Files.Send",
    request=market_pb2.ToolCall,
    response=market_pb2.ToolCall,
    bindings=(Binding(verb="POST", path="/f", body="*", response_body="name"),),
)


def test_response_body_is_a_field() -> None:
    with Server(lambda peer: peer.json('"value"')) as server, Files(server.url) as client:
        assert client.send(market_pb2.ToolCall()) == market_pb2.ToolCall(name="value")


def test_http_body() -> None:
    """The ProtoJSON of google.api.HttpBody: `contentType`, and `data` in base64."""
    from .call import Call, Settings
    from .errors import Place

    method = dataclasses.replace(
        METHOD, bindings=(Binding(verb="POST", path="/f", raw_response=True),)
    )
    call = Call(Settings(base_url="http://a"), method, market_pb2.ToolCall(), {}, None)
    response = httpx2.Response(200, headers={"content-type": "image/png"})
    # ToolCall has none of the fields, which are ignored: what counts is the JSON.
    message = call._read_message(response, method.bindings[0], b"\x89PNG", Place())
    assert message == market_pb2.ToolCall()
    from .bind_request import BoundRequest
    from .call import _content

    data = base64.b64encode(b"\x89PNG").decode()
    raw = Binding(verb="POST", path="/f", body="*", raw_body=True)
    bound = BoundRequest(raw, "/f", True, {"contentType": "image/png", "data": data})
    assert _content(bound) == ("image/png", b"\x89PNG")


# Other


def test_raw_stream(run: Runner) -> None:
    body = "event: error\ndata: a\n\nid: 7\ndata: [DONE]\n\n"
    with Server(lambda peer: peer.stream(body)) as server:
        if not run.is_async:
            with run.library.Client() as http:
                stream = open_raw_stream(http, f"{server.url}/s#f", method="POST", body="{}")
                events = [(event.event, event.data, event.id) for event in stream]
        else:
            import anyio

            async def read() -> list[Any]:
                async with run.library.AsyncClient() as http:
                    stream = open_async_raw_stream(
                        http, f"{server.url}/s#f", method="POST", body="{}"
                    )
                    async with stream:
                        return [(event.event, event.data, event.id) async for event in stream]

            events = anyio.run(read, backend=run.mode)
    assert events == [("error", "a", None), ("message", "[DONE]", "7")]
    assert (server.peers[0].verb, server.peers[0].target) == ("POST", "/s")


def test_mock_transport(run: Runner) -> None:
    def handler(request: Any) -> Any:
        assert request.url.path == "/v1/trades/A:watch"
        return run.library.Response(
            200, headers={"content-type": "text/event-stream"}, content=trade(1) + trade(2)
        )

    transport = run.library.MockTransport(handler)
    assert run.watch("https://api.example.com", transport=transport, idle_timeout=9).ids == [1, 2]


def test_messages_of_protobuf_py() -> None:
    with (
        Server(
            lambda peer: peer.json(QUOTE),
            lambda peer: peer.stream(trade(1), 'data: {"price":"x"}\n\n'),
            lambda peer: peer.stream('event: tool.call\ndata: {"name":"a"}\n\n'),
            lambda peer: peer.json('{"details":[{"@type":"/market.v1.Trade","symbol":"A"}]}', 404),
        ) as server,
        clients.MarketServiceClient(server.url) as client,
    ):
        quote = client.get_quote(market_pb.GetQuoteRequest(symbol="A"))
        assert quote == market_pb.Quote(symbol="A", price=1.5)
        trades = client.watch_trades(market_pb.WatchTradesRequest(symbol="A"))
        assert next(trades) == market_pb.Trade(sequence=1)
        with pytest.raises(ValueError, match='cannot read event "message": "price": ') as caught:
            next(trades)
        assert getattr(caught.value, "field", None) == "price"
        (event,) = client.ask(market_pb.AskRequest(question="?"))
        assert event.event == Oneof("tool_call", market_pb.ToolCall(name="a"))
        with pytest.raises(Exception, match="HTTP 404") as status:
            next(client.ask(market_pb.AskRequest()))
        details: Any = getattr(status.value, "find_details", None)
        assert details(market_pb.Trade) == [market_pb.Trade(symbol="A")]


def test_given_client_is_not_closed() -> None:
    http = httpx2.Client()
    with Server(lambda peer: peer.json(QUOTE)) as server:
        for _ in range(2):
            with MarketServiceClient(server.url, http_client=http) as client:
                client.get_quote(market_pb2.GetQuoteRequest(symbol="A"))
    http.close()


def test_redirects_are_followed() -> None:
    with (
        Server(
            lambda peer: peer.answer(307, "", "Location: /other"), lambda peer: peer.json(QUOTE)
        ) as server,
        MarketServiceClient(server.url) as client,
    ):
        client.get_quote(market_pb2.GetQuoteRequest(symbol="A"))
    assert [peer.target for peer in server.peers] == ["/v1/quotes/A", "/other"]


def test_what_is_public_exists() -> None:
    for name in public.__all__:
        assert hasattr(public, name)
    assert issubclass(AsyncMarketServiceClient, public.AsyncClient)
