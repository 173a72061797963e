"""The events of a stream, read by an asynchronous caller."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from .stream_core import EventMeta, StreamInfo, StreamState

T_co = TypeVar("T_co", covariant=True)


class AsyncStream(Generic[T_co]):
    """The events of one stream, read by one reader."""

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that the caller has finished with."""
        raise NotImplementedError

    @property
    def state(self) -> StreamState:
        """The state of the stream."""
        raise NotImplementedError

    def __aiter__(self) -> AsyncIterator[T_co]:
        """Iterate over the events."""
        raise NotImplementedError

    async def __anext__(self) -> T_co:
        """Return the next event."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        """Return the stream, which the end of the `async with` closes."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the stream."""

    async def opened(self) -> StreamInfo:
        """Connect, and return the head of the response."""
        raise NotImplementedError

    def with_meta(self) -> AsyncIterator[EventMeta[T_co]]:
        """Iterate over the events with their names and ids."""
        raise NotImplementedError

    def batches(self) -> AsyncIterator[list[T_co]]:
        """Iterate over the events of each network read."""
        raise NotImplementedError

    async def collect(self, *, max: int) -> list[T_co]:
        """Return the first `max` events."""
        raise NotImplementedError

    def reconnect(self) -> None:
        """Connect again now."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Let go of the connection."""
        raise NotImplementedError
