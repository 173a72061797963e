"""The events of a stream, read by a synchronous caller."""

from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from .call import Effects
from .errors import ClientError
from .stream_core import EventMeta, StreamCore, StreamInfo, StreamState
from .transport import Transport

T = TypeVar("T")
V = TypeVar("V")


class Stream(Generic[T]):
    """The events of one stream, read by one reader.

        with client.watch_trades(WatchTradesRequest(symbol="AAPL")) as trades:
            for trade in trades:
                print(trade.price)

    Lazy: the request is sent when the first event, or `opened()`, is asked for. The end of the
    `with`, of the stream and every error let go of the connection; without a `with`, leaving the
    `for` does. The views below read the same stream: each event is delivered once.
    """

    def __init__(self, core: StreamCore[T], transport: Callable[[], Transport]) -> None:
        self._core = core
        self._make_transport = transport
        self._transport: Transport | None = None
        self._is_entered = False
        core.stream = self

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that the caller has finished with.

        Asking for the next event finishes one. To resume later, pass it as `last_event_id`.
        """
        return self._core.last_event_id

    @property
    def state(self) -> StreamState:
        """`idle`, `connecting`, `open`, `waiting` or `closed`.

        `idle`: nothing was sent yet. `waiting`: for the delay before a reconnection.
        """
        return self._core.state

    def __repr__(self) -> str:
        return self._core.describe("Stream")

    def __enter__(self) -> Self:
        self._is_entered = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[T]:
        """Iterate over the events. Without a `with`, leaving the loop closes the stream."""
        return self if self._is_entered else self._until_left(lambda value: value)

    def __next__(self) -> T:
        core = self._core
        core.last_event_id = core.position  # `commit`, for every event
        while True:
            try:
                value = core.take()
            except ClientError as error:
                self._run(core.recover(error))
                continue
            except BaseException:
                self.close()
                raise
            if core.ended:
                self._release()
            if value is not None:
                return value
            if core.is_closed or not self._run(core.fill()):
                raise StopIteration

    def _until_left(self, view: Callable[[T], V]) -> Generator[V, None, None]:
        """Iterate, and close the stream when the caller leaves the loop."""
        is_entered = self._is_entered
        try:
            while True:
                yield view(self.__next__())
        except StopIteration:
            pass
        finally:
            if not is_entered:
                self.close()

    def opened(self) -> StreamInfo:
        """Connect, and return the head of the first accepted response."""
        core = self._core
        if core.info is None and not core.is_closed:
            self._run(core.fill(until_open=True))
        if core.info is None:
            raise ClientError("the stream was closed before it opened", core.place)
        return core.info

    def with_meta(self) -> Iterator[EventMeta[T]]:
        """Iterate over the events with their names, ids and attempts."""
        return self._until_left(self._core.to_meta)

    def batches(self) -> Iterator[list[T]]:
        """Iterate over the events of one network read at a time: lists of one event or more."""
        return self._until_left(self._core.take_rest)

    def collect(self, *, max: int) -> list[T]:
        """Return the first `max` events, or all if the stream ends before, and close the stream."""
        values: list[T] = []
        try:
            while len(values) < max:
                values.append(self.__next__())
        except StopIteration:
            pass
        self._core.commit()  # the caller has all of them
        self.close()
        return values

    def reconnect(self) -> None:
        """Connect again now, also from another thread.

        Ends the wait for the next attempt, or drops the connection and opens another from the
        cursor, also with `reconnect=False`. Call it if the network is back or the machine was
        asleep. Does nothing before the first request and after the end of the stream.
        """
        if self._core.skip_delay() and self._transport is not None:
            self._transport.drop(final=False)

    def close(self) -> None:
        """Let go of the connection, in any state; again does nothing.

        It may be called from another thread, and wakes the reader, which finds the end of the
        stream. Over HTTP/2, the reader wakes when the next bytes arrive.
        """
        self._core.is_closed = True
        if self._transport is not None:
            self._transport.drop(final=True)

    def _release(self) -> None:
        """Let go of the connection of a stream that is complete."""
        if self._transport is not None:
            self._transport.close()

    def _run(self, effects: Effects[V]) -> V:
        if self._transport is None:
            self._transport = self._make_transport()
        try:
            return self._transport.run(effects)
        except BaseException:
            self.close()
            raise
