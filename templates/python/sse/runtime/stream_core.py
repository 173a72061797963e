"""A stream without I/O: the synchronous and the asynchronous stream drive the same one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from .call import Close, DroppedError, Effects, Pass, Read, Resolve, Wait, read_text
from .errors import ClientError, ContentTypeError, EventTooLargeError, Place, TruncatedError
from .headers import Headers
from .interceptor import Decode, StreamRequest
from .json_lines_decoder import JsonLinesDecoder
from .method import Method, StreamRule
from .options import Attempt, Reconnect, Reconnection
from .reconnect_plan import Failures, may_help
from .sse_decoder import Found, Mark, RawEvent, SseDecoder

T = TypeVar("T")

StreamState = Literal["idle", "connecting", "open", "waiting", "closed"]
"""`idle`: nothing was sent yet. `waiting`: for the delay before a reconnection."""

_DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024


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


class StreamCall(Protocol):
    """What a stream needs to know of its call."""

    @property
    def method(self) -> Method[Any, Any]:
        """The method."""
        ...

    @property
    def message(self) -> Any:
        """The request message."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """The merged options."""
        ...

    def resolve_headers(self, place: Place) -> Effects[Headers]:
        """Return the headers of an attempt."""
        ...


class StreamCore(Generic[T]):
    """The state of a stream, and what it does next."""

    def __init__(self, call: StreamCall) -> None:
        self.call = call
        self.options = call.options
        self.rule = call.method.stream or StreamRule()
        self._events = self.rule.events
        self._terminal_data = self.rule.terminal_data
        reconnect = self.options.get("reconnect")
        self._is_resumable = self.rule.resumable if reconnect is None else bool(reconnect)
        self._reconnect = reconnect if isinstance(reconnect, Reconnect) else Reconnect()
        self._failures = Failures(self._reconnect)
        self.stream: object = None
        """What interceptors get as the stream."""
        self.is_closed = False
        """Whether the stream is over. Another thread may set it, and it stays."""
        self._state: StreamState = "idle"
        self.info: StreamInfo | None = None
        self.attempt = 0
        self.format: Literal["sse", "jsonl"] | None = None
        """The format of the open body; None while there is none."""
        self.last_event_id: str | None = self.options.get("last_event_id")
        """The cursor."""
        self.position = self.last_event_id
        """The next cursor, once the caller has finished the events that it took."""
        self.raw = RawEvent("message", "")
        """The event that was taken last."""
        self.ended = False
        """Whether the stream is complete, whatever follows in the body."""
        self._queue: list[Found] = []
        self._head = 0
        self._decoder: SseDecoder | JsonLinesDecoder | None = None
        self._decode: Decode | None = None
        self._promises_end = False
        self._heartbeat = 0.0
        self._beginning: str | None = None
        self._retry: float | None = None
        # Whether the last event had no id of its own, so that the cursor does not stand for it.
        self._unidentified = False
        self._skip_delay = False
        # An error in place of the next event.
        self._pending: Exception | None = None

    @property
    def place(self) -> Place:
        """The state of the stream, for errors."""
        return Place("body" if self.format else "open", self.attempt, self.last_event_id)

    @property
    def state(self) -> StreamState:
        """The state of the stream."""
        return "closed" if self.is_closed else self._state

    def describe(self, name: str) -> str:
        """Return what `repr` of the stream shows."""
        cursor = "" if self.last_event_id is None else f", last_event_id={self.last_event_id!r}"
        method = self.call.method.name
        return f"<{name} of {method}: {self.state}, attempt {self.attempt}{cursor}>"

    def to_meta(self, value: T) -> EventMeta[T]:
        """Return the event that was taken last with its name and id."""
        raw = self.raw
        return EventMeta(value, raw.event, raw.id, raw.retry, self.attempt)

    def take_rest(self, value: T) -> list[T]:
        """Return a batch: an event, and all others that are queued without an error before them."""
        values = [value]
        while True:
            try:
                following = self.take()
            except Exception as error:
                # It is raised when the next batch is asked for.
                self._pending = error
                return values
            if following is None:
                return values
            values.append(following)

    def commit(self) -> None:
        """Finish the events that the caller took."""
        self.last_event_id = self.position

    def take(self) -> T | None:
        """Return the next event of the queue; None if there is none. Raises an error in its place.

        Does not commit: asking for the next event does.
        """
        if self.is_closed:
            return None
        if self._pending is not None:
            error, self._pending = self._pending, None
            raise error
        queue = self._queue
        while self._head < len(queue):
            found = queue[self._head]
            self._head += 1
            if type(found) is Mark:
                self._on_mark(found)
                if self.ended or self.is_closed:
                    return None
                continue
            assert type(found) is RawEvent
            if found.data == self._terminal_data:
                self._end()
                return None
            # It is set when the format is, before anything is in the queue.
            value: T | None = self._decode(found, self) if self._decode else None
            if self.is_closed:
                return None  # by a function of the user
            if self._failures.has_any:
                self._failures.on_progress()
            self._unidentified = not found.own_id or found.id is None
            self.position = self._beginning if found.id is None else found.id
            if self._events and self.format == "sse":
                event = self._events.get(found.event)
                if event is not None and event.terminal:
                    self._end()
            if value is not None:
                self.raw = found
                return value
        queue.clear()
        self._head = 0
        return None

    def _on_mark(self, mark: Mark) -> None:
        value = mark.value
        if mark.kind == "id":
            position = self._beginning if value is None else value
            if position != self.position:
                self._failures.on_progress()
            self.position = position
        elif mark.kind == "retry":
            self._retry = int(value or "0") / 1000
        elif mark.kind == "comment":
            self._on_comment(value or "")
        elif mark.kind == "too_large":
            raise EventTooLargeError(self._max_event_bytes(), self.place)
        elif self._promises_end:
            raise TruncatedError("the body ended before the stream did", self.place)
        else:
            self._end()

    def _on_comment(self, text: str) -> None:
        if re.match(r"sse/1( |$)", text):
            self._promises_end = self._promises_end or bool(re.search(" end( |$)", text))
            heartbeat = re.search(r" heartbeat=(\d{1,9})(?!\d)", text, re.ASCII)
            self._heartbeat = int(heartbeat[1]) / 1000 if heartbeat else 0.0
            beginning = re.search(r" cursor=([!-~]+)", text)
            self._beginning = beginning[1] if beginning else None
        # Until an event brings one, this is the cursor: what is published while the stream
        # reconnects is not lost.
        if self.position is None:
            self.position = self._beginning
        if on_comment := self.options.get("on_comment"):
            on_comment(text.removeprefix(" "))
        if text == "":
            self._failures.on_heartbeat()
        elif text == "end" and self._promises_end:
            self._end()

    def _end(self) -> None:
        self.ended = True
        self._queue.clear()
        self._head = 0

    def _max_event_bytes(self) -> int:
        limit: int = self.options.get("max_event_bytes", _DEFAULT_MAX_EVENT_BYTES)
        return limit

    def fill(self, *, until_open: bool = False) -> Effects[bool]:
        """Connect, read and reconnect until something is queued. False at the end.

        With `until_open`, until a response is accepted.
        """
        while not self.is_closed:
            try:
                if self.ended:
                    break
                if self.format is None:
                    yield from self._connect()
                    if self.format is None:
                        break
                elif until_open:
                    return True
                else:
                    # What was skipped is finished.
                    self.commit()
                    chunk = yield Read(self._idle_timeout(), self.place)
                    if self._decoder is not None:
                        self._decoder.feed(chunk or b"", final=chunk is None)
                    if self._queue:
                        return True
            except DroppedError:
                self._drop()
                self._skip_delay = False
            except ClientError as error:
                yield from self.recover(error)
        self.is_closed = True
        yield Close()
        return False

    def _idle_timeout(self) -> float | None:
        timeout: float | None = self.options.get("idle_timeout")
        if timeout is None:
            timeout = self._heartbeat * 2.5 or None
        return None if timeout == float("inf") else timeout

    def _connect(self) -> Effects[None]:
        """Open a response. A 204, which is the end of the stream, leaves the format None."""
        yield Close()
        self._drop()
        self._state = "connecting"
        self.attempt += 1
        place = self.place
        headers = yield from self.call.resolve_headers(place)
        request = StreamRequest(
            self.call.method, headers, self.attempt, self.call.message, self.position, self.stream
        )
        timeout: float | None = self.options.get("connect_timeout", self.options.get("timeout"))
        answer = yield Pass(request, timeout, place)
        if self.is_closed:
            return
        response, self._decode = answer.response, answer.decode
        if response.status_code == 204:
            self.info = self.info or StreamInfo(204, response.headers, self.attempt)
            return
        content_type = response.headers.get("content-type", "")
        media_type, _, parameters = content_type.partition(";")
        media_type = media_type.strip().lower()
        limit = self._max_event_bytes()
        self._promises_end = self._reconnect.after_end or bool(self.options.get("require_end"))
        self._heartbeat = 0.0
        self._beginning = None
        if response.status_code == 200 and media_type == "text/event-stream":
            self._decoder = SseDecoder(self._queue, limit, self.position)
            self.format = "sse"
        elif response.status_code == 200 and media_type in _JSON_LINES:
            # Empty lines and `{"@end":{}}` are control frames.
            has_controls = bool(_find_profile(parameters))
            self._promises_end = self._promises_end or has_controls
            self._decoder = JsonLinesDecoder(
                self._queue, limit, self.rule.error_event, has_controls=has_controls
            )
            self.format = "jsonl"
        else:
            expected = (
                "application/jsonl"
                if self.options.get("format") == "jsonl"
                else "text/event-stream"
            )
            text = yield from read_text(1024, place)
            raise ContentTypeError(expected, response, text, place)
        self.info = self.info or StreamInfo(200, response.headers, self.attempt)
        self._state = "open"

    def _drop(self) -> None:
        """Forget the connection and its queue."""
        self._queue.clear()
        self._head = 0
        self.format = None
        self._decoder = None

    def recover(self, error: ClientError) -> Effects[None]:
        """Wait for the next attempt, or raise the failure of the stream."""
        place = self.place
        yield Close()
        self._drop()
        if self.is_closed:
            return
        by_default = self.options.get("reconnect") is None
        if not self._is_resumable or (self._unidentified and by_default):
            raise error
        self._state = "waiting"
        self._skip_delay = False
        attempt = Attempt(self.attempt + 1, self.position)
        decide = self._reconnect.should_reconnect or _may_help
        if not (yield Resolve(decide(error, attempt), place)):
            raise error
        delay = self._failures.add(error, self._retry, place)
        if on_reconnect := self.options.get("on_reconnect"):
            on_reconnect(Reconnection(attempt.attempt, attempt.last_event_id, delay, error))
        if not self._skip_delay and not self.is_closed:
            yield Wait(delay, place)

    def skip_delay(self) -> bool:
        """Reconnect at once. False if there is nothing to reconnect."""
        if self.state in ("idle", "closed") or self.ended:
            return False
        self._skip_delay = True
        return True


_JSON_LINES = (
    *("application/jsonl", "application/x-jsonl"),
    *("application/ndjson", "application/x-ndjson"),
)
_find_profile = re.compile(r'(?:^|;)\s*profile="?sse-1"?\s*(?:;|$)', re.IGNORECASE).search


def _may_help(error: ClientError, _attempt: Attempt) -> bool:
    return may_help(error)
