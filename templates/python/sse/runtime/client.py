"""Clients of services. Generated classes derive from these."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self, Unpack

from .async_stream import AsyncStream
from .errors import (
    CallTimeoutError,
    ClientError,
    Code,
    ContentTypeError,
    DecodeError,
    ErrorFields,
    EventTooLargeError,
    NetworkError,
    ReconnectError,
    RequestError,
    StatusError,
    TruncatedError,
)
from .http_client import AsyncHttpClient, HttpClient
from .interceptor import AsyncInterceptor, Interceptor
from .method import Binding, Event, Method, QueryField, Req, Res, StreamRule
from .options import (
    Attempt,
    BaseCallOptions,
    BaseStreamOptions,
    CallOptions,
    ClientOptions,
    HeadersSource,
    Reconnect,
    Reconnection,
    Retry,
    StreamOptions,
    Validator,
)
from .sse_decoder import RawEvent
from .stream import Stream
from .stream_core import EventMeta, StreamInfo, StreamState

__all__ = [
    "AsyncClient",
    "AsyncHttpClient",
    "AsyncInterceptor",
    "AsyncStream",
    "Attempt",
    "BaseCallOptions",
    "BaseStreamOptions",
    "Binding",
    "CallOptions",
    "CallTimeoutError",
    "Client",
    "ClientError",
    "ClientOptions",
    "Code",
    "ContentTypeError",
    "DecodeError",
    "ErrorFields",
    "Event",
    "EventMeta",
    "EventTooLargeError",
    "HeadersSource",
    "HttpClient",
    "Interceptor",
    "Method",
    "NetworkError",
    "QueryField",
    "RawEvent",
    "Reconnect",
    "ReconnectError",
    "Reconnection",
    "RequestError",
    "Retry",
    "StatusError",
    "Stream",
    "StreamInfo",
    "StreamOptions",
    "StreamRule",
    "StreamState",
    "TruncatedError",
    "Validator",
]


class Client:
    """Calls the methods of a service."""

    def __init__(
        self,
        base_url: str,
        *,
        http_client: HttpClient | None = None,
        headers: HeadersSource | None = None,
        validator: Validator | None = None,
        interceptors: Sequence[Interceptor] = (),
        **defaults: Unpack[ClientOptions],
    ) -> None:
        """Make a client for the server at `base_url`. Sends nothing."""

    @property
    def base_url(self) -> str:
        """The URL before the paths of the methods."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections, unless the HTTP client was given."""

    def __enter__(self) -> Self:
        """Return the client, which the end of the `with` closes."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""

    def _unary(self, method: Method[Req, Res], request: Req, options: BaseCallOptions) -> Res:
        raise NotImplementedError

    def _stream(
        self, method: Method[Req, Res], request: Req, options: BaseStreamOptions
    ) -> Stream[Res]:
        raise NotImplementedError


class AsyncClient:
    """Calls the methods of a service, in coroutines."""

    def __init__(
        self,
        base_url: str,
        *,
        http_client: AsyncHttpClient | None = None,
        headers: HeadersSource | None = None,
        validator: Validator | None = None,
        interceptors: Sequence[AsyncInterceptor] = (),
        **defaults: Unpack[ClientOptions],
    ) -> None:
        """Make a client for the server at `base_url`. Sends nothing."""

    @property
    def base_url(self) -> str:
        """The URL before the paths of the methods."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close the connections, unless the HTTP client was given."""

    async def __aenter__(self) -> Self:
        """Return the client, which the end of the `async with` closes."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the client."""

    async def _unary(self, method: Method[Req, Res], request: Req, options: BaseCallOptions) -> Res:
        raise NotImplementedError

    def _stream(
        self, method: Method[Req, Res], request: Req, options: BaseStreamOptions
    ) -> AsyncStream[Res]:
        raise NotImplementedError
