"""The options of calls, streams and clients. All times are in seconds."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypedDict

from .errors import ClientError
from .http_client import ResponseHead
from .sse_decoder import RawEvent

HeaderValue = str | bytes | int | float | bool | Sequence[str] | None
"""A header. Another value than text is written as text; None omits the header."""

HeaderValues = Mapping[str, HeaderValue] | Sequence[tuple[str, str]]
"""Headers by name, or as pairs."""

HeadersSource = HeaderValues | Callable[[], HeaderValues | Awaitable[HeaderValues]]
"""Headers, or a function that is called for every attempt, because a token may expire between two.

On an asynchronous client, it may be a coroutine function.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often and when to send a failed request again."""

    max_attempts: int | None = None
    """How many further requests in a row may fail. Default: 10 for a stream, 0 for a unary call."""
    initial_delay: float = 1.0
    """The first delay.

    It doubles with each failure in a row, and is made shorter by up to half at random. The server's
    `retry:` replaces it, and is made longer by up to half.
    """
    max_delay: float = 30.0
    """The longest delay, before jitter lengthens a `retry:`. `Retry-After` may be longer."""
    max_retry_after: float = 300.0
    """The longest `Retry-After` to wait for. For a longer one, the server's error is raised."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The next request of a stream."""

    attempt: int
    """Its number: 2 for the first reconnection."""
    last_event_id: str | None
    """The value of `Last-Event-ID`."""


@dataclass(frozen=True, slots=True)
class Reconnection(Attempt):
    """The next reconnection."""

    delay: float
    """The delay before it."""
    error: ClientError
    """The reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect(Retry):
    """How to reconnect.

    `max_attempts` counts requests in a row that bring neither an event nor a heartbeat.
    """

    after_end: bool = False
    """Whether to reconnect after the body ends normally, as EventSource does.

    For feeds that never end, of servers that do not promise `:end`.
    """
    should_reconnect: Callable[[ClientError, Attempt], bool | Awaitable[bool]] | None = None
    """Decides, in place of the built-in rule, whether to reconnect after an error.

    You can refresh a token here. It is not called for errors that your own functions raised. If it
    raises, the stream ends with that error. `max_attempts` and `max_retry_after` still apply.
    Default: reconnect after a lost, cut or silent connection, and after a status of 408, 425, 429
    or 5xx except 501. On an asynchronous client, it may be a coroutine function.
    """


class _AnyCallOptions(TypedDict, total=False):
    timeout: float | None
    """The limit of a unary call with all its attempts. Default: no limit.

    For a stream, the limit until the head of each response, unless `connect_timeout` is set.
    """
    query: Mapping[str, str | int | float | bool | None] | None
    """Query parameters in addition to those of the request: `{"alt": "sse"}`.

    They are merged with the client's. If both have a name, the value of the call is used.
    """
    on_response: Callable[[ResponseHead], object] | None
    """Called with every response when its head arrives, including errors. Do not read its body."""


class BaseCallOptions(_AnyCallOptions, total=False):
    """The options of a unary call without `headers`, for methods that declare headers."""

    retry: Retry | None
    """Repeats the call after status 408, 425, 429, 502, 503 or 504 and after a network error.

    Only if its HTTP method is idempotent or it has an `Idempotency-Key` header. Default: never.
    """


class CallOptions(BaseCallOptions, total=False):
    """The options of a unary call. None is the same as absent."""

    headers: HeadersSource | None
    """Added to the headers of the client. If both have a name, the value of the call is used."""


class _AnyStreamOptions(_AnyCallOptions, total=False):
    connect_timeout: float | None
    """How long each attempt waits for the head of the response. Default: `timeout`."""
    idle_timeout: float | None
    """How long an open stream may be without data. Any byte counts. `math.inf`: no limit.

    Default: 2.5 times the heartbeat that the server promised, or no limit if it promised none. It
    counts only while the caller waits for an event: a slow caller does not cause it.
    On a synchronous client, it does not apply to streams over HTTP/2.
    """
    deadline: float | None
    """The limit for the whole stream with all its attempts, from its first use. Default: none."""
    reconnect: bool | Reconnect | None
    """Whether to reconnect after a lost connection, and how.

    Default: reconnect if the method is resumable and the last event had an id. Without an id, the
    client could not know which events it missed.
    """
    on_reconnect: Callable[[Reconnection], object] | None
    """Called before each wait for a reconnection. If it raises, the stream ends with that error."""
    on_comment: Callable[[str], object] | None
    """Called with each comment, in order with the events. Heartbeats (`""`) are comments, too."""
    max_event_bytes: int | None
    """The largest `data` of an event, or line of JSON Lines, in bytes of UTF-8. Default: 16 MiB."""
    unknown_events: Literal["skip", "raise"] | None
    """What to do with an event whose name the oneof of events does not declare. Default: skip.

    A stream with one kind of message has no unknown events: every event but the error event is
    read, with any name.
    """
    on_unknown_event: Callable[[RawEvent], object] | None
    """Called with each unknown event as received, before `unknown_events` applies."""
    invalid_events: Literal["raise", "skip"] | None
    """What to do with an event that is not the declared message, or breaks its rules.

    Default: raise a `DecodeError`. A validator that fails is always an error.
    """
    require_end: bool | None
    """Whether a body that ends without the end of the stream was cut, and is a `TruncatedError`.

    For servers that always send a terminal event or `terminal_data`, such as `[DONE]`. Default:
    whether the server promised to mark the end.
    """
    format: Literal["sse", "jsonl"] | None
    """The format to request: Server-Sent Events or JSON Lines. Default: `"sse"`.

    The response's content type decides.
    """


class BaseStreamOptions(_AnyStreamOptions, total=False):
    """The options of a stream without `headers`, for methods that declare headers."""

    last_event_id: str | None
    """The id of the event after which the stream begins, sent as `Last-Event-ID`."""


class StreamOptions(BaseStreamOptions, total=False):
    """The options of a stream. None is the same as absent."""

    headers: HeadersSource | None
    """Added to the headers of the client. If both have a name, the value of the call is used."""


class ClientOptions(_AnyStreamOptions, BaseCallOptions, total=False):
    """Further options of a client: defaults for the options of its calls."""


class Validator(Protocol):
    """Checks messages against the rules in their options. That of `protovalidate` has this type."""

    # The type of messages depends on their library.
    def collect_violations(self, message: Any, /) -> Sequence[Any]:
        """Return the rules that a message breaks."""
        ...
