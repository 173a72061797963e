"""A stream without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

StreamState = Literal["idle", "connecting", "open", "waiting", "closed"]


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """The head of a response."""

    status: int
    headers: Mapping[str, str]
    attempt: int
    """1 if the first request succeeded."""


@dataclass(frozen=True, slots=True)
class EventMeta(Generic[T]):
    """An event with its name, id and attempt."""

    value: T
    event: str
    """The event's name on the wire; `"message"` if it has none."""
    id: str | None
    """The last event ID in force, which may come from an earlier event."""
    retry: float | None
    """Seconds from a `retry:` of this event."""
    attempt: int
    """The request that received it: 1 for the first. Each reconnection adds 1."""
