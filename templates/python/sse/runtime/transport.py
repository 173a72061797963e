"""Performs the effects of a call, for a synchronous client."""

import contextlib
import inspect
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeVar

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
from .http_client import HttpClient, Response
from .interceptor import (
    Interceptor,
    StreamNext,
    StreamRequest,
    StreamResponse,
    UnaryNext,
    UnaryRequest,
    UnaryResponse,
)
from .watchdog import Watch, watchdog

T = TypeVar("T")


class Transport:
    """The connection of a call: one after the other, which another thread may drop."""

    def __init__(
        self,
        client: HttpClient,
        interceptors: Sequence[Interceptor],
        call: Steps,
        limit: float | None,
    ) -> None:
        self._client = client
        self._interceptors = interceptors
        self._call = call
        self._limit = limit
        self._ends_at: float | None = None
        self._response: Response | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._watch: Watch | None = None
        self._lock = threading.Lock()
        # Whether a thread is inside the HTTP client. Then only that thread may close the response.
        self._is_busy = False
        self._is_dropped = False
        self._is_closed = False
        self._connect_limit: float | None = None
        self._woken = threading.Event()

    def run(self, effects: Effects[T]) -> T:
        """Perform the effects of a generator, and return its result."""
        if self._limit is not None and self._ends_at is None:
            self._ends_at = time.monotonic() + self._limit
        try:
            effect = next(effects)
            while True:
                try:
                    result = self._perform(effect)
                except Exception as error:
                    effect = effects.throw(error)
                else:
                    effect = effects.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            effects.close()

    def drop(self, *, final: bool) -> None:
        """End what the connection does now, also from another thread; `final` for good."""
        with self._lock:
            self._is_dropped = True
            self._is_closed = self._is_closed or final
            self._woken.set()
            if self._is_busy:
                if self._watch is not None:
                    self._watch.shut_down()
                return
        self.close()

    def close(self) -> None:
        """Let go of the connection. Only the thread that reads may call it."""
        response, self._response = self._response, None
        if response is not None:
            self._watch = None
            # A connection that broke cannot be closed cleanly.
            with contextlib.suppress(Exception):
                response.close()

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Read():
                return self._read(effect)
            case Send():
                return self._send(effect)
            case Pass():
                return self._pass(effect)
            case Wait():
                return self._wait(effect)
            case Resolve():
                if inspect.isawaitable(effect.value):
                    if inspect.iscoroutine(effect.value):
                        effect.value.close()
                    reason = "a function of the options is a coroutine function: use AsyncClient"
                    raise RequestError(reason, effect.place)
                return effect.value
            case Close():
                self.close()
        return None

    def _time_left(self, place: Place) -> float | None:
        """Return the time until the deadline."""
        if self._ends_at is None:
            return None
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise CallTimeoutError("deadline", self._limit or 0, place)
        return left

    def _enter(self) -> None:
        with self._lock:
            if self._is_dropped or self._is_closed:
                raise DroppedError
            self._is_busy = True

    def _leave(self) -> bool:
        """Return whether the connection was dropped meanwhile."""
        with self._lock:
            self._is_busy = False
            is_dropped = self._is_dropped
        if is_dropped:
            self.close()
        return is_dropped

    def _pass(self, effect: Pass) -> Any:
        self._connect_limit = effect.timeout
        request = effect.request
        call = self._call
        if isinstance(request, UnaryRequest):

            def exchange(request: UnaryRequest) -> UnaryResponse:
                return self.run(call.exchange(request))

            unary: UnaryNext = exchange
            for interceptor in reversed(self._interceptors):
                unary = _wrap_unary(interceptor, unary)
            return unary(request)

        def open_stream(request: StreamRequest) -> StreamResponse:
            return self.run(call.open(request))

        stream: StreamNext = open_stream
        for interceptor in reversed(self._interceptors):
            stream = _wrap_stream(interceptor, stream)
        return stream(request)

    def _send(self, effect: Send) -> Response:
        place, http = effect.place, effect.request
        left, connect = self._time_left(place), self._connect_limit
        limit = min((time for time in (left, connect) if time is not None), default=None)
        # The dictionary is read at each step. For the body, there is no timeout: see `Watchdog`.
        timeouts: dict[str, float | None] = dict.fromkeys(
            ("connect", "read", "write", "pool"), limit
        )
        try:
            request = self._client.build_request(
                http.verb,
                http.url,
                content=http.body,
                headers=http.headers,
                extensions={"timeout": timeouts, "trace": self._on_trace},
            )
        except Exception as error:
            raise RequestError(error, place) from error
        with self._lock:
            self._is_dropped = False
            self._watch = None
        self._enter()
        failure: Exception | None = None
        response: Response | None = None
        try:
            response = self._response = self._client.send(request, stream=True)
            self._chunks = response.iter_bytes()
            self._watch = _watch_of(response)
        except Exception as error:
            failure = error
        finally:
            is_dropped = self._leave()
        if is_dropped:
            raise DroppedError
        if response is not None:
            timeouts["read"] = None
            return response
        if limit is not None and "Timeout" in type(failure).__name__:
            raise self._timeout("connect", limit, left, place) from failure
        raise to_network_error(failure, place) from failure

    def _timeout(
        self, kind: Literal["connect", "idle"], limit: float, left: float | None, place: Place
    ) -> CallTimeoutError:
        """Return the error of the limit that was the shorter one."""
        if limit == left:
            return CallTimeoutError("deadline", self._limit or 0, place)
        return CallTimeoutError(kind, limit, place)

    def _on_trace(self, event: str, info: dict[str, Any]) -> None:
        """Learn the socket of a new connection, so that a wait for the head can be ended."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._watch = _watch_on(info.get("return_value"))
                if self._is_dropped and self._watch is not None:
                    self._watch.shut_down()

    def _read(self, effect: Read) -> bytes | None:
        place, watch = effect.place, self._watch
        left = self._time_left(place)
        limit = min((time for time in (left, effect.timeout) if time is not None), default=None)
        self._enter()
        failure: Exception | None = None
        chunk: bytes | None = None
        try:
            if watch is not None and limit is not None:
                watchdog.arm(watch, time.monotonic() + limit)
            chunk = next(self._chunks, None)
        except Exception as error:
            failure = error
        finally:
            has_fired = watch is not None and limit is not None and watchdog.disarm(watch)
            is_dropped = self._leave()
        if is_dropped:
            raise DroppedError
        if has_fired:
            raise self._timeout("idle", limit or 0, left, place) from failure
        if failure is not None:
            raise to_network_error(failure, place) from failure
        return chunk

    def _wait(self, effect: Wait) -> None:
        left = self._time_left(effect.place)
        seconds = effect.seconds if left is None else min(effect.seconds, left)
        # The longest wait that threads support is above that.
        self._woken.clear()
        if not self._is_dropped:
            self._woken.wait(min(seconds, 1e6))
        self._time_left(effect.place)


def _wrap_unary(interceptor: Interceptor, next: UnaryNext) -> UnaryNext:
    return lambda request: interceptor.unary(request, next)


def _wrap_stream(interceptor: Interceptor, next: StreamNext) -> StreamNext:
    return lambda request: interceptor.stream(request, next)


def _watch_of(response: Response) -> Watch | None:
    """Return a watch on the socket of a response. Over HTTP/2, other streams share the socket."""
    if response.extensions.get("http_version") == b"HTTP/2":
        return None
    return _watch_on(response.extensions.get("network_stream"))


def _watch_on(stream: Any) -> Watch | None:
    """Return a watch on the socket of a network stream, which a mock transport has not."""
    sock = stream.get_extra_info("socket") if stream is not None else None
    return Watch(sock) if isinstance(sock, socket.socket) else None
