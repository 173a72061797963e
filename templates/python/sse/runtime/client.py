"""Clients of services. Generated classes derive from these."""

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self, Unpack

from .async_stream import AsyncStream
from .async_transport import AsyncTransport
from .call import Call, Settings, check_base_url, merge_options
from .errors import (
    CallTimeoutError,
    ClientError,
    Code,
    ContentTypeError,
    DecodeError,
    ErrorFields,
    EventTooLargeError,
    NetworkError,
    ReadError,
    ReconnectError,
    RequestError,
    StatusError,
    TruncatedError,
)
from .headers import Headers
from .http_client import AsyncHttpClient, HttpClient, make_async_http_client, make_http_client
from .interceptor import (
    AsyncInterceptor,
    AsyncStreamNext,
    AsyncUnaryNext,
    EventPlace,
    Interceptor,
    StreamNext,
    StreamRequest,
    StreamResponse,
    UnaryNext,
    UnaryRequest,
    UnaryResponse,
)
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
from .raw_stream import open_async_raw_stream, open_raw_stream
from .reconnect_plan import retry_after
from .sse_decoder import RawEvent
from .stream import Stream
from .stream_core import EventMeta, StreamCore, StreamInfo, StreamState
from .transport import Transport

__all__ = [
    "AsyncClient",
    "AsyncHttpClient",
    "AsyncInterceptor",
    "AsyncStream",
    "AsyncStreamNext",
    "AsyncUnaryNext",
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
    "EventPlace",
    "EventTooLargeError",
    "Headers",
    "HeadersSource",
    "HttpClient",
    "Interceptor",
    "Method",
    "NetworkError",
    "QueryField",
    "RawEvent",
    "ReadError",
    "Reconnect",
    "ReconnectError",
    "Reconnection",
    "RequestError",
    "Retry",
    "StatusError",
    "Stream",
    "StreamInfo",
    "StreamNext",
    "StreamOptions",
    "StreamRequest",
    "StreamResponse",
    "StreamRule",
    "StreamState",
    "TruncatedError",
    "UnaryNext",
    "UnaryRequest",
    "UnaryResponse",
    "Validator",
    "open_async_raw_stream",
    "open_raw_stream",
    "retry_after",
]


class Client:
    """Calls the methods of a service. Thread-safe; a stream has one reader."""

    def __init__(
        self,
        base_url: str,
        *,
        http_client: HttpClient | None = None,
        headers: HeadersSource | None = None,
        validator: Validator | None = None,
        interceptors: Sequence[Interceptor] = (),
        read_error: ReadError | None = None,
        **defaults: Unpack[ClientOptions],
    ) -> None:
        """Make a client for the server at a URL. Sends nothing.

        `http_client` is a client of httpx2 or httpx. It is not closed with this one. By default,
        one of httpx2 is made, else of httpx, without a limit of connections.
        `validator` checks requests before they are sent, and responses and events before they are
        returned. `interceptors` wrap every call; the first is the outermost. `read_error` reads the
        errors of a server that sends no google.rpc.Status.
        """
        self._base_url = check_base_url(base_url)
        self._settings = Settings(
            base_url=self._base_url, headers=headers, validator=validator, read_error=read_error
        )
        self._given = http_client
        self._own: HttpClient | None = None
        self._lock = threading.Lock()
        self._interceptors = tuple(interceptors)
        self._defaults = merge_options({}, defaults)

    @property
    def base_url(self) -> str:
        """The URL before the paths of the methods."""
        return self._base_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r})"

    def close(self) -> None:
        """Close the connections, unless the HTTP client was given."""
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _http_client(self) -> HttpClient:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._own is None:
                self._own = make_http_client()
            return self._own

    def _unary(self, method: Method[Req, Res], request: Req, options: BaseCallOptions) -> Res:
        merged = merge_options(self._defaults, options)
        call = Call(self._settings, method, request, merged, merged.get("headers"))
        limit: float | None = merged.get("timeout")
        transport = Transport(self._http_client(), self._interceptors, call, limit)
        try:
            return transport.run(call.unary())
        finally:
            transport.close()

    def _stream(
        self, method: Method[Req, Res], request: Req, options: BaseStreamOptions
    ) -> Stream[Res]:
        merged = merge_options(self._defaults, options)
        call = Call(self._settings, method, request, merged, merged.get("headers"))
        limit: float | None = merged.get("deadline")
        core: StreamCore[Res] = StreamCore(call)
        return Stream(core, lambda: Transport(self._http_client(), self._interceptors, call, limit))


class AsyncClient:
    """Calls the methods of a service, in coroutines. A stream has one reader."""

    def __init__(
        self,
        base_url: str,
        *,
        http_client: AsyncHttpClient | None = None,
        headers: HeadersSource | None = None,
        validator: Validator | None = None,
        interceptors: Sequence[AsyncInterceptor] = (),
        read_error: ReadError | None = None,
        **defaults: Unpack[ClientOptions],
    ) -> None:
        """Make a client for the server at a URL. Sends nothing.

        `http_client` is a client of httpx2 or httpx. It is not closed with this one. By default,
        one of httpx2 is made, else of httpx, without a limit of connections.
        `validator` checks requests before they are sent, and responses and events before they are
        returned. `interceptors` wrap every call; the first is the outermost. `read_error` reads the
        errors of a server that sends no google.rpc.Status.
        """
        self._base_url = check_base_url(base_url)
        self._settings = Settings(
            base_url=self._base_url, headers=headers, validator=validator, read_error=read_error
        )
        self._given = http_client
        self._own: AsyncHttpClient | None = None
        self._interceptors = tuple(interceptors)
        self._defaults = merge_options({}, defaults)

    @property
    def base_url(self) -> str:
        """The URL before the paths of the methods."""
        return self._base_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r})"

    async def aclose(self) -> None:
        """Close the connections, unless the HTTP client was given."""
        own, self._own = self._own, None
        if own is not None:
            await own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _http_client(self) -> AsyncHttpClient:
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = make_async_http_client()
        return self._own

    async def _unary(self, method: Method[Req, Res], request: Req, options: BaseCallOptions) -> Res:
        merged = merge_options(self._defaults, options)
        call = Call(self._settings, method, request, merged, merged.get("headers"))
        limit: float | None = merged.get("timeout")
        transport = AsyncTransport(self._http_client(), self._interceptors, call, limit)
        try:
            return await transport.run(call.unary())
        finally:
            await transport.close()

    def _stream(
        self, method: Method[Req, Res], request: Req, options: BaseStreamOptions
    ) -> AsyncStream[Res]:
        merged = merge_options(self._defaults, options)
        call = Call(self._settings, method, request, merged, merged.get("headers"))
        limit: float | None = merged.get("deadline")
        core: StreamCore[Res] = StreamCore(call)
        return AsyncStream(
            core, lambda: AsyncTransport(self._http_client(), self._interceptors, call, limit)
        )
