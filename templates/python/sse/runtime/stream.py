"""The events of a stream, read by a synchronous caller."""

from collections.abc import Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from .stream_core import EventMeta, StreamInfo, StreamState

T_co = TypeVar("T_co", covariant=True)


class Stream(Generic[T_co]):
    """The events of one stream, read by one reader."""

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that the caller has finished with."""
        raise NotImplementedError

    @property
    def state(self) -> StreamState:
        """The state of the stream."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[T_co]:
        """Iterate over the events."""
        raise NotImplementedError

    def __next__(self) -> T_co:
        """Return the next event."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Return the stream, which the end of the `with` closes."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the stream."""

    def opened(self) -> StreamInfo:
        """Connect, and return the head of the response."""
        raise NotImplementedError

    def with_meta(self) -> Iterator[EventMeta[T_co]]:
        """Iterate over the events with their names and ids."""
        raise NotImplementedError

    def batches(self) -> Iterator[list[T_co]]:
        """Iterate over the events of each network read."""
        raise NotImplementedError

    def collect(self, *, max: int) -> list[T_co]:
        """Return the first `max` events."""
        raise NotImplementedError

    def reconnect(self) -> None:
        """Connect again now."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the connection."""
        raise NotImplementedError
