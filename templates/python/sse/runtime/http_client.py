"""The part of an HTTP client that the runtime uses. Those of httpx and httpx2 have it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Protocol


class ResponseHead(Protocol):
    """The head of a response."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers. Names are compared without case."""
        ...


class Response(ResponseHead, Protocol):
    """A response whose body is read piece by piece."""

    @property
    def extensions(self) -> Mapping[str, Any]:
        """What the transport adds: `network_stream` and `http_version`."""
        ...

    def iter_bytes(self) -> Iterator[bytes]:
        """Read the body, its content coding removed."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class AsyncResponse(ResponseHead, Protocol):
    """A response whose body is read piece by piece."""

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Read the body, its content coding removed."""
        ...

    async def aclose(self) -> None:
        """Let go of the connection."""
        ...


class HttpClient(Protocol):
    """The part of `httpx.Client` and `httpx2.Client` that the runtime uses."""

    # Each library sends only its own requests, so their type is not known here.
    def build_request(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a request."""
        ...

    def send(self, request: Any, *, stream: bool = False) -> Response:
        """Send a request, and return the response when its head has arrived."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class AsyncHttpClient(Protocol):
    """The part of `httpx.AsyncClient` and `httpx2.AsyncClient` that the runtime uses."""

    def build_request(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a request."""
        ...

    async def send(self, request: Any, *, stream: bool = False) -> AsyncResponse:
        """Send a request, and return the response when its head has arrived."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


def make_http_client() -> HttpClient:
    """Return a client of httpx2, or of httpx if that is not installed.

    A stream holds a connection, and the default limit of 100 would block in silence. Redirects are
    followed, as `fetch` does.
    """
    # Imported here: it takes longer than all of the runtime.
    try:
        import httpx2
    except ModuleNotFoundError:
        import httpx

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        return httpx.Client(limits=limits, follow_redirects=True)
    return httpx2.Client(
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        follow_redirects=True,
    )


def make_async_http_client() -> AsyncHttpClient:
    """Return an asynchronous client, as `make_http_client` does."""
    try:
        import httpx2
    except ModuleNotFoundError:
        import httpx

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        return httpx.AsyncClient(limits=limits, follow_redirects=True)
    return httpx2.AsyncClient(
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        follow_redirects=True,
    )
