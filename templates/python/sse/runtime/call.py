"""A call without I/O: generators that yield effects, which the transports perform."""

import base64
import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from . import messages
from .bind_request import BoundRequest, bind_request, query_text
from .errors import (
    ClientError,
    ContentTypeError,
    DecodeError,
    JsonValue,
    MessageError,
    NetworkError,
    Place,
    ReadError,
    RequestError,
    StatusError,
)
from .headers import Headers
from .http_client import AsyncResponse, Response
from .interceptor import (
    EventPlace,
    StreamRequest,
    StreamResponse,
    UnaryRequest,
    UnaryResponse,
)
from .method import Binding, Method, Req, Res, StreamRule
from .options import HeadersSource, Retry, Validator
from .reconnect_plan import is_transient, retry_delay
from .sse_decoder import RawEvent

T = TypeVar("T")

_MAX_ERROR_BYTES = 1024 * 1024
"""The most that is read of an error's body. A Status may be larger than what its error keeps."""


@dataclass(slots=True)
class HttpRequest:
    """A request as HTTP sends it."""

    verb: str
    url: str
    headers: list[tuple[bytes, bytes]]
    body: bytes | None


@dataclass(slots=True)
class Send:
    """Send a request, and return the response when its head has arrived, for any status."""

    request: HttpRequest
    place: Place


@dataclass(slots=True)
class Read:
    """Read the next bytes of the body; None at its end."""

    timeout: float | None
    """How long it may take."""
    place: Place


@dataclass(slots=True)
class Wait:
    """Wait, unless the call is ended meanwhile."""

    seconds: float
    place: Place


@dataclass(slots=True)
class Resolve:
    """Return a value of the user's code, which may be awaitable on an asynchronous client."""

    value: Any
    place: Place


@dataclass(slots=True)
class Pass:
    """Pass a request through the interceptors, and return the response."""

    request: UnaryRequest | StreamRequest
    timeout: float | None
    """How long an attempt of a stream may take until its head."""
    place: Place


@dataclass(slots=True)
class Close:
    """Let go of the connection."""


Effect = Send | Read | Wait | Resolve | Pass | Close
Effects = Generator[Effect, Any, T]


class Steps(Protocol):
    """The last steps of a call, after the interceptors."""

    def exchange(self, request: UnaryRequest) -> Effects[UnaryResponse]:
        """Send a request of a unary call, and read the response."""
        ...

    def open(self, request: StreamRequest) -> Effects[StreamResponse]:
        """Send a request of a stream."""
        ...


class DroppedError(Exception):
    """The connection was dropped from outside, by `close()` or `reconnect()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a client that are not options of a call."""

    base_url: str
    headers: HeadersSource | None = None
    validator: Validator | None = None
    read_error: ReadError | None = None


def check_base_url(base_url: str) -> str:
    """Return the URL without slashes at its end, or say what is wrong with it."""
    if not re.match("https?://[^/]", base_url, re.IGNORECASE):
        raise ValueError(f'base_url must be absolute, like "https://api.example.com": "{base_url}"')
    if "?" in base_url or "#" in base_url:
        raise ValueError(
            f'base_url has a query or a fragment: "{base_url}"; use the option "query"'
        )
    return base_url.rstrip("/")


def merge_options(defaults: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a client and of a call. Those of the call win; None is absent."""
    given = {name: value for name, value in options.items() if value is not None}
    query = {**defaults.get("query", {}), **given.get("query", {})}
    return {**defaults, **given, "query": query}


class Call(Generic[Req, Res]):
    """A call of a method, with all its options."""

    def __init__(
        self,
        settings: Settings,
        method: Method[Req, Res],
        message: Req,
        options: Mapping[str, Any],
        headers: HeadersSource | None,
    ) -> None:
        self.method = method
        self.message = message
        self.options = options
        self._settings = settings
        self._sources = [source for source in (settings.headers, headers) if source is not None]
        self._verb = ""
        self._idempotency_key: str | None = None

    def resolve_headers(self, place: Place) -> Effects[Headers]:
        """Return the headers of the client and of the call."""
        return merge_headers(self._sources, place)

    def unary(self) -> Effects[Res]:
        """Make the call, and repeat it if that is safe and may help."""
        retry = self.options.get("retry") or Retry(max_attempts=0)
        attempt = 0
        while True:
            attempt += 1
            place = Place("open", attempt)
            try:
                headers = yield from self.resolve_headers(place)
                request = UnaryRequest(self.method, headers, attempt, self.message)
                answer = yield Pass(request, None, place)
                # Interceptors return a message of the same type.
                message: Res = answer.message
                return message
            except ClientError as error:
                delay = None
                if attempt <= (retry.max_attempts or 0) and self._is_repeatable():
                    delay = retry_delay(error, attempt, retry) if is_transient(error) else None
                if delay is None:
                    raise
                yield Close()
                yield Wait(delay, place)

    def _is_repeatable(self) -> bool:
        """Whether the HTTP method is idempotent (RFC 9110, section 9.2.2), or has a key."""
        return bool(self._idempotency_key) or self._verb in (
            *("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"),
        )

    def exchange(self, request: UnaryRequest) -> Effects[UnaryResponse]:
        """Send a request of a unary call, and read the response: the last step."""
        # Every attempt has the key of the first. Another one would be another call.
        if self._idempotency_key:
            request.headers["idempotency-key"] = self._idempotency_key
        self._idempotency_key = request.headers.get("idempotency-key")
        place = Place("open", request.attempt)
        is_raw = any(binding.raw_response for binding in self.method.bindings)
        request.headers["accept"] = "*/*" if is_raw else "application/json"
        response, binding = yield from self._send(request, place)
        place = replace(place, phase="body")
        chunks: list[bytes] = []
        while True:
            chunk = yield Read(None, place)
            if chunk is None:
                break
            chunks.append(chunk)
        message = self._read_message(response, binding, b"".join(chunks), place)
        return UnaryResponse(response.status_code, response.headers, message)

    def open(self, request: StreamRequest) -> Effects[StreamResponse]:
        """Send a request of a stream: the last step."""
        place = Place("open", request.attempt, request.last_event_id)
        set_stream_headers(request, self.options)
        response, _ = yield from self._send(request, place)
        rule = self.method.stream or StreamRule()

        def decode(event: RawEvent, place: EventPlace) -> Res | None:
            if event.event == rule.error_event:
                at = Place("body", place.attempt, place.last_event_id)
                raise StatusError(response, event.data, at, self._settings.read_error)
            return self._read_event(event, place, rule)

        return StreamResponse(response, decode)

    def _send(
        self, request: UnaryRequest | StreamRequest, place: Place
    ) -> Effects[tuple[Response | AsyncResponse, Binding]]:
        try:
            self._check(request.message)
            bound = bind_request(self.method.bindings, messages.to_json(request.message))
            content_type, body = _content(bound)
            if content_type:
                request.headers["content-type"] = content_type
            encoded = request.headers.encode()
        except MessageError as error:
            raise RequestError(error, place) from error
        self._verb = bound.binding.verb
        url = self._settings.base_url + bound.path
        http_request = HttpRequest(self._verb, add_query(url, self.options), encoded, body)
        response = yield from send(http_request, self.options, self._settings.read_error, place)
        return response, bound.binding

    def _read_message(
        self, response: Response | AsyncResponse, binding: Binding, body: bytes, place: Place
    ) -> Res:
        """Decode the response message. An empty body is a message without fields."""
        content_type = response.headers.get("content-type", "")
        response_type = self.method.response
        field = binding.response_body
        data = ""
        try:
            if binding.raw_response:
                data = json.dumps(
                    {"contentType": content_type, "data": base64.b64encode(body).decode()}
                )
            else:
                data = body.decode("utf-8", "replace").removeprefix("\ufeff").strip()
                if data and not re.search("json", content_type, re.IGNORECASE):
                    _check_json(data, response, place)
            if not data:
                message = messages.from_json(response_type, "{}")
            elif field is None:
                message = messages.from_json(response_type, data)
            else:
                message = messages.from_members(response_type, {field: data})
            self._check(message)
        except MessageError as error:
            raise DecodeError(error, place, data=data) from error
        return message

    def _read_event(self, event: RawEvent, place: EventPlace, rule: StreamRule) -> Res | None:
        """Return the message of one event; None for an event that is skipped."""
        options = self.options
        try:
            if rule.events is None or place.format == "jsonl":
                message = messages.from_json(self.method.response, event.data)
            else:
                member = rule.events.get(event.event)
                if member is None:
                    if on_unknown_event := options.get("on_unknown_event"):
                        on_unknown_event(event)
                    if options.get("unknown_events") == "raise":
                        raise _decode_error("the method declares no such event", event, place)
                    return None
                members = {member.field: event.data}
                if rule.id is not None and event.own_id and event.id is not None:
                    members[rule.id] = event.id if rule.id_type else json.dumps(event.id)
                message = messages.from_members(self.method.response, members)
            if self._settings.validator is not None:
                self._check(message)
        except MessageError as error:
            # A validator that fails would fail for all events.
            if options.get("invalid_events") == "skip" and not error.is_validator:
                return None
            raise _decode_error(error, event, place) from error
        return message

    def _check(self, message: object) -> None:
        """Raise a `MessageError` with the rules that a message breaks."""
        validator = self._settings.validator
        if validator is None:
            return
        name = messages.name_of(type(message))
        try:
            violations = validator.collect_violations(message)
        except Exception as error:
            reason = f"the rules of {name} cannot be run: {error}"
            raise MessageError(reason, is_validator=True) from error
        if violations:
            broken = [_violation(violation) for violation in violations]
            texts = ", ".join(f'"{path}" {text}' if path else text for path, text in broken)
            raise MessageError(
                f"{name} breaks its rules: {texts}",
                field=broken[0][0] or None,
                violations=violations,
            )


def merge_headers(sources: Sequence[HeadersSource], place: Place) -> Effects[Headers]:
    """Return the headers of several sources. Of two with the same name, the later one counts."""
    headers = Headers()
    for source in sources:
        values: Any = yield Resolve(source() if callable(source) else source, place)
        headers.merge(values or {})
    return headers


def set_stream_headers(request: StreamRequest, options: Mapping[str, Any]) -> None:
    """Set the headers that ask for a stream."""
    jsonl = options.get("format") == "jsonl"
    request.headers["accept"] = "application/jsonl; profile=sse-1" if jsonl else "text/event-stream"
    request.headers["cache-control"] = "no-cache"
    if request.last_event_id:
        request.headers["last-event-id"] = request.last_event_id


def send(
    request: HttpRequest,
    options: Mapping[str, Any],
    read_error: ReadError | None,
    place: Place,
) -> Effects[Any]:
    """Send a request and return a 2xx response, its body unread. Another status is an error."""
    response: Response | AsyncResponse = yield Send(request, place)
    if on_response := options.get("on_response"):
        on_response(response)
    if not 200 <= response.status_code < 300:
        body = yield from read_text(_MAX_ERROR_BYTES, place)
        raise StatusError(response, body, place, read_error)
    return response


def read_text(limit: int, place: Place) -> Effects[str]:
    """Read the beginning of a body as text.

    It never fails: the text goes into the report of another error, and the part that arrived before
    the connection broke says more than the broken connection.
    """
    body = b""
    try:
        while len(body) < limit:
            # A body that does not end must not delay the report for longer.
            chunk = yield Read(5, place)
            if chunk is None:
                break
            body += chunk
    except ClientError:
        pass
    yield Close()
    return body[:limit].decode("utf-8", "replace")


def add_query(url: str, options: Mapping[str, Any]) -> str:
    """Return a URL with the query parameters of the options."""
    query: Mapping[str, Any] = options.get("query") or {}
    text = query_text(query)
    return f"{url}{'&' if '?' in url else '?'}{text}" if text else url


def _content(bound: BoundRequest) -> tuple[str | None, bytes | None]:
    """Return the content type and the bytes of a body."""
    if not bound.has_body:
        return None, None
    if not bound.binding.raw_body:
        return "application/json", _to_bytes(bound.body)
    http_body: dict[str, JsonValue] = bound.body if isinstance(bound.body, dict) else {}
    content_type = str(http_body.get("contentType") or "application/octet-stream")
    return content_type, base64.b64decode(str(http_body.get("data") or ""))


def _to_bytes(value: JsonValue) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise MessageError("a text has half of a surrogate pair") from error


def _check_json(data: str, response: Response | AsyncResponse, place: Place) -> None:
    """Refuse what is neither JSON nor declared as JSON: the page of a proxy or of a login."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        raise ContentTypeError("application/json", response, data[:1024], place) from None


def _decode_error(cause: Exception | str, event: RawEvent, place: EventPlace) -> DecodeError:
    at = Place("body", place.attempt, place.last_event_id)
    return DecodeError(cause, at, data=event.data, event=event.event, id=event.id)


def _violation(violation: Any) -> tuple[str, str]:
    """Return the path of a violation's field and the text of its rule."""
    proto = violation.proto
    path = ""
    for element in proto.field.elements if proto.field else ():
        path += f".{element.field_name}" if path else str(element.field_name)
        # protobuf-py has a oneof, google.protobuf the name of its member.
        subscript = getattr(element, "subscript", None)
        if subscript is not None:
            path += f"[{subscript.value!r}]"
        elif hasattr(element, "WhichOneof") and (name := element.WhichOneof("subscript")):
            path += f"[{getattr(element, name)!r}]"
    return path, str(proto.message or proto.rule_id)


def to_network_error(error: Exception | None, place: Place) -> NetworkError:
    """Return the error of a connection, from what the HTTP client raised."""
    reason = str(error) or type(error).__name__
    what = "the connection failed" if place.phase == "open" else "the connection was lost"
    return NetworkError(f"{what}: {reason}", place)
