"""Interceptors wrap the calls of a client.

They run before the request and after the response, and may change both, respond instead of the
server, or call `next` again. They wrap every attempt, so also retries of a unary call and
reconnections of a stream. Derive from the class to write only one of the hooks.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .headers import Headers
from .http_client import AsyncResponse, Response
from .method import Method
from .sse_decoder import RawEvent


class EventPlace(Protocol):
    """Where an event came from."""

    @property
    def format(self) -> Literal["sse", "jsonl"] | None:
        """The format of the body. A line of JSON Lines is the whole response message."""
        ...

    @property
    def attempt(self) -> int:
        """The request that received it: 1 for the first."""
        ...

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that the caller has finished with."""
        ...


Decode = Callable[[RawEvent, EventPlace], Any]
"""Reads one event when the caller asks for it; None skips the event."""


@dataclass(slots=True)
class UnaryRequest:
    """A call of a method that responds with one message, before it is sent."""

    method: Method[Any, Any]
    headers: Headers
    """The headers of the client and of the call. Headers that are set here are sent."""
    attempt: int
    """1 for the first request. Each retry adds 1."""
    message: Any


@dataclass(slots=True)
class UnaryResponse:
    """The response of a unary call."""

    status: int
    headers: Mapping[str, str]
    message: Any


@dataclass(slots=True)
class StreamRequest:
    """One attempt of a stream, before it is sent."""

    method: Method[Any, Any]
    headers: Headers
    """The headers of the client and of the call. Headers that are set here are sent."""
    attempt: int
    """1 for the first request. Each reconnection adds 1."""
    message: Any
    last_event_id: str | None
    """The value of `Last-Event-ID`."""
    stream: Any
    """The stream that the caller reads. Do not read its events here."""


@dataclass(slots=True)
class StreamResponse:
    """A stream that was opened."""

    response: Response | AsyncResponse
    """Its body is the stream, and is still unread."""
    decode: Decode
    """Reads one event of this attempt.

    To count, log or change events, set a function that calls this one.
    """


UnaryNext = Callable[[UnaryRequest], UnaryResponse]
StreamNext = Callable[[StreamRequest], StreamResponse]
AsyncUnaryNext = Callable[[UnaryRequest], Awaitable[UnaryResponse]]
AsyncStreamNext = Callable[[StreamRequest], Awaitable[StreamResponse]]


class Interceptor(Protocol):
    """Wraps the calls of a synchronous client."""

    def unary(self, request: UnaryRequest, next: UnaryNext, /) -> UnaryResponse:
        """Wrap a call that responds with one message."""
        return next(request)

    def stream(self, request: StreamRequest, next: StreamNext, /) -> StreamResponse:
        """Wrap an attempt of a stream, until its head."""
        return next(request)


class AsyncInterceptor(Protocol):
    """Wraps the calls of an asynchronous client."""

    async def unary(self, request: UnaryRequest, next: AsyncUnaryNext, /) -> UnaryResponse:
        """Wrap a call that responds with one message."""
        return await next(request)

    async def stream(self, request: StreamRequest, next: AsyncStreamNext, /) -> StreamResponse:
        """Wrap an attempt of a stream, until its head."""
        return await next(request)
