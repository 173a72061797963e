"""The errors of a call. All derive from `ClientError`."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, TypeVar

from .http_client import ResponseHead

T = TypeVar("T")
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
"""A value of JSON, as `json.loads` returns it."""
OWN_FORMS = {
    *("Any", "Duration", "FieldMask", "ListValue", "Struct", "Timestamp", "Value"),
    *("BoolValue", "BytesValue", "DoubleValue", "FloatValue", "Int32Value", "Int64Value"),
    *("StringValue", "UInt32Value", "UInt64Value"),
}
"""The messages of google.protobuf whose JSON is not an object of their fields."""

Phase = Literal["open", "body"]
"""`open`: until the head of a response was accepted. `body`: while its body was read."""


class Code(IntEnum):
    """The code of an RPC's outcome, as google/rpc/code.proto numbers them."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


_STATUSES = (200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401)
"""The HTTP status that google/rpc/code.proto gives each code, by its number."""

_OTHER_CODES = {
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ABORTED,
    410: Code.OUT_OF_RANGE,  # the events after the cursor are gone
    502: Code.UNAVAILABLE,
}
"""Statuses for which another code fits better than the first, and statuses of proxies."""


def code_to_http(code: Code) -> int:
    """Return the HTTP status of a code: 404 for `NOT_FOUND`."""
    return _STATUSES[code]


def http_to_code(status: int) -> Code:
    """Return the code for an HTTP status without a google.rpc.Status: `UNAVAILABLE` for 503.

    Another 4xx is `FAILED_PRECONDITION`, everything else `UNKNOWN`.
    """
    if status in _OTHER_CODES:
        return _OTHER_CODES[status]
    if status != 200 and status in _STATUSES:
        return Code(_STATUSES.index(status))
    return Code.FAILED_PRECONDITION if 400 <= status < 500 else Code.UNKNOWN


@dataclass(frozen=True, slots=True)
class Place:
    """The state of a call when it failed."""

    phase: Phase = "open"
    attempt: int = 1
    last_event_id: str | None = None


class MessageError(ValueError):
    """A message that cannot be encoded or decoded. The error of the call repeats its details."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        violations: Sequence[Any] | None = None,
        is_validator: bool = False,
    ) -> None:
        """Make the error of a message; `is_validator` if the rules could not be run."""
        super().__init__(message)
        self.field = field
        self.violations = violations
        self.is_validator = is_validator


class ClientError(Exception):
    """The base of all errors of a call.

    A cancelled call raises the exception of its cancellation instead.
    """

    phase: Phase
    """`open`: until the head of a response was accepted. `body`: while its body was read."""
    attempt: int
    """The request that failed: 1 is the first, and each retry and reconnection adds 1."""
    last_event_id: str | None
    """The cursor: the id of the last event that the caller had finished with."""

    def __init__(self, message: str, place: Place = Place()) -> None:
        """Make an error at a place."""
        super().__init__(message)
        self.phase = place.phase
        self.attempt = place.attempt
        self.last_event_id = place.last_event_id

    @property
    def message(self) -> str:
        """What went wrong, as text."""
        return str(self.args[0])

    def __reduce__(self) -> tuple[object, ...]:
        """Support pickle and copy: task queues send errors between processes."""
        return _restore, (type(self), self.args, self.__dict__)

    def __repr__(self) -> str:
        """Return the class, the message and the fields that have a value."""
        shown = [f"{name}={value!r}" for name, value in self.__dict__.items() if _is_shown(value)]
        return f"{type(self).__name__}({', '.join([repr(self.message), *shown])})"


def _is_shown(value: object) -> bool:
    return isinstance(value, int | str) and len(str(value)) <= 80


def _restore(
    cls: type[ClientError], args: tuple[object, ...], fields: dict[str, object]
) -> ClientError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


class RequestError(ClientError, ValueError):
    """The request was not sent.

    It breaks a rule of its message, or no URL or header can hold one of its values.
    """

    field: str | None
    """The path of the wrong field, if known: `legs[1].size`."""
    violations: Sequence[Any] | None
    """The rules that the request breaks, as the validator reports them. None: another reason."""

    def __init__(self, cause: Exception | str, place: Place = Place()) -> None:
        """Make an error from its cause."""
        super().__init__(str(cause), place)
        self.field, self.violations = _details(cause)


def _details(cause: object) -> tuple[str | None, Sequence[Any] | None]:
    return (cause.field, cause.violations) if isinstance(cause, MessageError) else (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFields:
    """The fields of a server's error. A field that is None is read as if without `read_error`."""

    message: str | None = None
    code: Code | None = None
    details: Sequence[Mapping[str, Any]] | None = None


ReadError = Callable[[Any, ResponseHead], ErrorFields | None]
"""Reads an error of a server that sends no google.rpc.Status.

Called with the body of the HTTP error, or the data of the error event: the JSON in it, or the text
if it is not JSON; and with the response, whose status is 200 for an error event.
"""


class StatusError(ClientError):
    """A failure that the server reported: an HTTP error, or an error event in a stream.

    Both carry a google.rpc.Status. For another body, the code follows from the HTTP status.
    """

    status: int
    """The HTTP status of the response; 200 if an error event ended a stream."""
    code: Code
    """The code of the RPC: `Code.NOT_FOUND`."""
    details: Sequence[Mapping[str, Any]]
    """Messages as google.protobuf.Any writes them in JSON, each with its type in `@type`."""
    headers: Mapping[str, str]
    """The headers of the response; `retry_after(error.headers)` reads `Retry-After`."""
    body: str
    """The body of the error, or the data of the error event, cut at 64 KiB."""

    def __init__(
        self,
        response: ResponseHead,
        body: str,
        place: Place = Place(),
        read_error: ReadError | None = None,
    ) -> None:
        """Make an error from a response and its body, or from a response and an error event."""
        status = response.status_code
        fields = _read_fields(body, response, read_error)
        code = http_to_code(status) if fields.code is None else fields.code
        what = (
            f"HTTP {status} (code {code:d})"
            if place.phase == "open"
            else f"error event (code {code:d}, {code.name})"
        )
        super().__init__(fields.message or what + excerpt(body), place)
        self.status = status
        self.code = code
        self.details = fields.details or []
        self.headers = response.headers
        self.body = body[:65_536]

    def find_details(self, message_type: type[T]) -> list[T]:
        """Return the details of one type, as messages.

        A detail that is not a message of its type is left out.

            for detail in error.find_details(BadRequest): ...
        """
        from . import messages  # it imports this module

        found: list[T] = []
        for detail in self.details:
            name = str(detail.get("@type")).rpartition("/")[2]
            if name != messages.name_of(message_type):
                continue
            # The JSON of messages like Duration is no object, and stands in `value`.
            json_value = (
                detail.get("value")
                if name.removeprefix("google.protobuf.") in OWN_FORMS
                else {key: value for key, value in detail.items() if key != "@type"}
            )
            try:
                found.append(messages.from_json(message_type, json.dumps(json_value)))
            except ValueError:
                continue
        return found


def _read_fields(body: str, response: ResponseHead, read_error: ReadError | None) -> ErrorFields:
    """Return the fields of an error, from `read_error` or a google.rpc.Status."""
    try:
        parsed: JsonValue = json.loads(body)
    except (ValueError, RecursionError):
        parsed = body
    status = _read_status(parsed)
    custom = read_error(parsed, response) if read_error else None
    if custom is None:
        return status
    return ErrorFields(
        message=status.message if custom.message is None else custom.message,
        code=status.code if custom.code is None else custom.code,
        details=status.details if custom.details is None else custom.details,
    )


def _read_status(parsed: JsonValue) -> ErrorFields:
    """Read the JSON of a google.rpc.Status. Fields that are absent or malformed are omitted."""
    if not isinstance(parsed, dict):
        return ErrorFields()
    code, message, details = parsed.get("code"), parsed.get("message"), parsed.get("details")
    return ErrorFields(
        # OK is not an error.
        code=Code(code) if isinstance(code, int) and 0 < code <= 16 and code is not True else None,
        message=message if isinstance(message, str) else None,
        details=[detail for detail in details if isinstance(detail, dict)]
        if isinstance(details, list)
        else None,
    )


def excerpt(body: str) -> str:
    """Return the start of a body on one line, without tags: a proxy's error page is HTML."""
    text = re.sub(r"(<[^>]*>|\s)+", " ", body[:1024]).strip()
    return f": {text[:200]}" if text else ""


class NetworkError(ClientError, ConnectionError):
    """The connection failed or broke. `__cause__` is what the HTTP client raised."""


class CallTimeoutError(ClientError, TimeoutError):
    """A time limit was exceeded."""

    kind: Literal["connect", "idle", "deadline"]
    """`connect`: no response. `idle`: an open stream sent nothing. `deadline`: the whole call."""

    def __init__(
        self,
        kind: Literal["connect", "idle", "deadline"],
        seconds: float,
        place: Place = Place(),
    ) -> None:
        """Make an error for a limit in seconds."""
        super().__init__(f"{kind} timeout after {seconds:g} s", place)
        self.kind = kind


class TruncatedError(ClientError):
    """The body ended before the stream did: a server or a proxy closed the connection early."""


class ContentTypeError(ClientError):
    """A successful response whose content type is not the one of the method."""

    content_type: str | None
    """The `Content-Type` of the response; None without one."""
    status: int
    headers: Mapping[str, str]
    body: str
    """The first 1,024 bytes of the body, as text."""

    def __init__(
        self, expected: str, response: ResponseHead, body: str, place: Place = Place()
    ) -> None:
        """Make an error from a response and the beginning of its body."""
        content_type = response.headers.get("content-type")
        got = f'"{content_type}"' if content_type else "no content type"
        status = response.status_code
        other = "" if status == 200 else f" with status {status}"
        super().__init__(f"expected {expected}, got {got}{other}{excerpt(body)}", place)
        self.content_type = content_type
        self.status = status
        self.headers = response.headers
        self.body = body


class DecodeError(ClientError, ValueError):
    """A response or an event that is not the declared message, or that breaks its rules."""

    event: str | None
    """The name of the event; None for a unary response."""
    id: str | None
    """The id of the event."""
    data: str
    """The data as received."""
    field: str | None
    """The path of the wrong field, if known: `legs[1].size`."""
    violations: Sequence[Any] | None
    """The rules that the message breaks, as the validator reports them. None: another reason."""

    def __init__(
        self,
        cause: Exception | str,
        place: Place = Place(),
        *,
        data: str,
        event: str | None = None,
        id: str | None = None,
    ) -> None:
        """Make an error from its cause, for an event or for the body of a unary response."""
        what = "the response" if event is None else f'event "{event}"'
        super().__init__(f"cannot read {what}: {cause}", place)
        self.event = event
        self.id = id
        self.data = data
        self.field, self.violations = _details(cause)


class EventTooLargeError(ClientError):
    """An event, or a line of JSON Lines, is larger than `max_event_bytes`."""

    max_event_bytes: int

    def __init__(self, max_event_bytes: int, place: Place = Place()) -> None:
        """Make an error for a limit."""
        super().__init__(f"an event is larger than max_event_bytes, {max_event_bytes}", place)
        self.max_event_bytes = max_event_bytes


class ReconnectError(ClientError):
    """A stream could not be resumed: `max_attempts` further requests failed, too.

    `__cause__` is the last error.
    """

    errors: Sequence[ClientError]
    """The last errors since the last progress, in order: at most ten."""
    failures: int
    """How often the stream failed since the last progress."""

    def __init__(
        self, errors: Sequence[ClientError], failures: int, place: Place = Place()
    ) -> None:
        """Make an error from those of all attempts."""
        further = failures - 1
        super().__init__(
            f"gave up after {further} further request{'' if further == 1 else 's'}: {errors[-1]}",
            place,
        )
        self.errors = errors
        self.failures = failures
