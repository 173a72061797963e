"""Performs the effects of a call, for an asynchronous client: on asyncio or trio."""

import inspect
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from .call import (
    Close,
    DroppedError,
    Effect,
    Effects,
    Pass,
    Read,
    Resolve,
    Send,
    Steps,
    Wait,
    to_network_error,
)
from .errors import CallTimeoutError, Place, RequestError
from .http_client import AsyncHttpClient, AsyncResponse
from .interceptor import (
    AsyncInterceptor,
    AsyncStreamNext,
    AsyncUnaryNext,
    StreamRequest,
    StreamResponse,
    UnaryRequest,
    UnaryResponse,
)

if TYPE_CHECKING:
    from anyio import CancelScope

T = TypeVar("T")


class AsyncTransport:
    """The connection of a call: one after the other, which another task may drop."""

    def __init__(
        self,
        client: AsyncHttpClient,
        interceptors: Sequence[AsyncInterceptor],
        call: Steps,
        limit: float | None,
    ) -> None:
        self._client = client
        self._interceptors = interceptors
        self._call = call
        self._limit = limit
        self._ends_at = math.inf
        self._response: AsyncResponse | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        # The scope of what waits now: the outermost, since a request is sent within a `Pass`.
        self._scope: CancelScope | None = None
        self._is_dropped = False
        self._is_closed = False
        self._place = Place()

    async def run(self, effects: Effects[T]) -> T:
        """Perform the effects of a generator, and return its result."""
        import anyio  # not imported before it is needed: it takes as long as all of the runtime

        if self._limit is not None and self._ends_at == math.inf:
            self._ends_at = anyio.current_time() + self._limit
        try:
            effect = next(effects)
            while True:
                try:
                    result = await self._perform(effect)
                except Exception as error:
                    effect = effects.throw(error)
                else:
                    effect = effects.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            effects.close()

    async def drop(self, *, final: bool) -> None:
        """End what the connection does now, also from another task; `final` for good."""
        if self.interrupt(final=final):
            return
        await self.close()

    def interrupt(self, *, final: bool) -> bool:
        """Wake what waits. False if nothing does."""
        self._is_dropped = True
        self._is_closed = self._is_closed or final
        if self._scope is None:
            return False
        self._scope.cancel()
        return True

    async def close(self) -> None:
        """Let go of the connection."""
        response, self._response = self._response, None
        chunks, self._chunks = self._chunks, None
        if response is None:
            return
        import anyio

        with anyio.CancelScope(shield=True):
            # A connection that broke cannot be closed cleanly.
            with suppress(Exception):
                # trio warns of a generator that is left to the garbage collector.
                if isinstance(chunks, AsyncGenerator):
                    await chunks.aclose()
            with suppress(Exception):
                await response.aclose()

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Read():
                return await self._wait_for(
                    self._read(effect.place), effect.timeout, "idle", effect.place
                )
            case Send():
                return await self._wait_for(self._send(effect), None, "connect", effect.place)
            case Pass():
                self._is_dropped = False
                return await self._wait_for(
                    self._pass(effect.request), effect.timeout, "connect", effect.place
                )
            case Wait():
                import anyio

                with suppress(DroppedError):
                    await self._wait_for(anyio.sleep(effect.seconds), None, "idle", effect.place)
            case Resolve():
                if inspect.isawaitable(effect.value):
                    return await self._wait_for(_await(effect.value), None, "idle", effect.place)
                return effect.value
            case Close():
                await self.close()
        return None

    async def _wait_for(
        self,
        work: Coroutine[Any, Any, T],
        timeout: float | None,
        kind: Literal["connect", "idle"],
        place: Place,
    ) -> T:
        """Await something, unless it takes too long or the call is ended meanwhile."""
        import anyio

        if self._is_dropped or self._is_closed:
            work.close()
            raise DroppedError
        self._place = place
        due = math.inf if timeout is None else anyio.current_time() + timeout
        scope = anyio.CancelScope(deadline=min(due, self._ends_at))
        is_outermost = self._scope is None
        if is_outermost:
            self._scope = scope
        try:
            with scope:
                return await work
        finally:
            if is_outermost:
                self._scope = None
        if is_outermost and self._is_dropped:
            await self.close()
            raise DroppedError
        # A request is sent and read within the wait for the interceptors: that place says more.
        if due < self._ends_at:
            raise CallTimeoutError(kind, timeout or 0, self._place)
        raise CallTimeoutError("deadline", self._limit or 0, self._place)

    async def _read(self, place: Place) -> bytes | None:
        if self._chunks is None:
            raise DroppedError
        try:
            return await anext(self._chunks, None)
        except Exception as error:
            raise to_network_error(error, place) from error

    async def _send(self, effect: Send) -> AsyncResponse:
        place, http = effect.place, effect.request
        try:
            request = self._client.build_request(
                http.verb,
                http.url,
                content=http.body,
                headers=http.headers,
                # The scope of the wait is the timeout.
                extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"))},
            )
        except Exception as error:
            raise RequestError(error, place) from error
        try:
            self._response = await self._client.send(request, stream=True)
        except Exception as error:
            raise to_network_error(error, place) from error
        self._chunks = self._response.aiter_bytes()
        return self._response

    async def _pass(self, request: UnaryRequest | StreamRequest) -> Any:
        call = self._call
        if isinstance(request, UnaryRequest):

            async def exchange(request: UnaryRequest) -> UnaryResponse:
                return await self.run(call.exchange(request))

            unary: AsyncUnaryNext = exchange
            for interceptor in reversed(self._interceptors):
                unary = _wrap_unary(interceptor, unary)
            return await unary(request)

        async def open_stream(request: StreamRequest) -> StreamResponse:
            return await self.run(call.open(request))

        stream: AsyncStreamNext = open_stream
        for interceptor in reversed(self._interceptors):
            stream = _wrap_stream(interceptor, stream)
        return await stream(request)


def _wrap_unary(interceptor: AsyncInterceptor, next: AsyncUnaryNext) -> AsyncUnaryNext:
    return lambda request: interceptor.unary(request, next)


def _wrap_stream(interceptor: AsyncInterceptor, next: AsyncStreamNext) -> AsyncStreamNext:
    return lambda request: interceptor.stream(request, next)


async def _await(value: Awaitable[T]) -> T:
    return await value
