"""Reads any stream of Server-Sent Events, or of JSON Lines, without a method that declares it."""

from collections.abc import Mapping
from typing import Any, Unpack

from .async_stream import AsyncStream
from .async_transport import AsyncTransport
from .call import (
    Effects,
    HttpRequest,
    add_query,
    merge_headers,
    merge_options,
    send,
    set_stream_headers,
)
from .errors import MessageError, Place, RequestError
from .headers import Headers
from .http_client import AsyncHttpClient, HttpClient
from .interceptor import StreamRequest, StreamResponse, UnaryRequest, UnaryResponse
from .method import Method, StreamRule
from .options import StreamOptions
from .sse_decoder import RawEvent
from .stream import Stream
from .stream_core import StreamCore
from .transport import Transport


def open_raw_stream(
    http_client: HttpClient,
    url: str,
    *,
    method: str = "GET",
    body: bytes | str | None = None,
    **options: Unpack[StreamOptions],
) -> Stream[RawEvent]:
    """Read a stream with a client of httpx2 or httpx, which is not closed.

    Its events are returned as received: no event is an error, and no event ends the stream. To
    reconnect as EventSource does, set `reconnect=Reconnect(after_end=True)`. Set the `Content-Type`
    of a body in the headers.

        for event in open_raw_stream(httpx.Client(), "https://stream.example.com/"):
            print(event.event, event.data)
    """
    call = _RawCall(url, method, body, options)
    limit: float | None = call.options.get("deadline")
    core: StreamCore[RawEvent] = StreamCore(call)
    return Stream(core, lambda: Transport(http_client, (), call, limit))


def open_async_raw_stream(
    http_client: AsyncHttpClient,
    url: str,
    *,
    method: str = "GET",
    body: bytes | str | None = None,
    **options: Unpack[StreamOptions],
) -> AsyncStream[RawEvent]:
    """Read a stream with an asynchronous client, as `open_raw_stream` does."""
    call = _RawCall(url, method, body, options)
    limit: float | None = call.options.get("deadline")
    core: StreamCore[RawEvent] = StreamCore(call)
    return AsyncStream(core, lambda: AsyncTransport(http_client, (), call, limit))


class _RawCall:
    """A call that has a URL in place of a binding and of messages."""

    def __init__(
        self, url: str, verb: str, body: bytes | str | None, options: StreamOptions
    ) -> None:
        self.method = Method(
            name=url, request=object, response=RawEvent, bindings=(), stream=StreamRule()
        )
        self.message = None
        self.options: Mapping[str, Any] = merge_options({}, options)
        self._url = url.partition("#")[0]
        self._verb = verb
        self._body = body.encode() if isinstance(body, str) else body

    def resolve_headers(self, place: Place) -> Effects[Headers]:
        source = self.options.get("headers")
        return merge_headers([] if source is None else [source], place)

    def exchange(self, request: UnaryRequest) -> Effects[UnaryResponse]:
        raise NotImplementedError("a raw stream has no unary calls")

    def open(self, request: StreamRequest) -> Effects[StreamResponse]:
        place = Place("open", request.attempt, request.last_event_id)
        try:
            set_stream_headers(request, self.options)
            encoded = request.headers.encode()
        except MessageError as error:
            raise RequestError(error, place) from error
        url = add_query(self._url, self.options)
        response = yield from send(
            HttpRequest(self._verb, url, encoded, self._body), self.options, None, place
        )
        return StreamResponse(response, lambda event, _place: event)
