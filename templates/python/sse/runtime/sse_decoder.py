"""Decodes `text/event-stream`."""

from dataclasses import dataclass


@dataclass(slots=True)
class RawEvent:
    """An event as received: the fields of WHATWG HTML 9.2.6, its data not yet decoded."""

    event: str
    """The event's type; `"message"` if the server sent none, and for a line of JSON Lines."""
    data: str
    """The `data:` lines, joined by LF; or the line of JSON."""
    id: str | None = None
    """The last event ID in force. An earlier event may have set it: see `own_id`."""
    own_id: bool = False
    """Whether this event has an `id:` of its own."""
    retry: float | None = None
    """Seconds from a `retry:` of this event."""
