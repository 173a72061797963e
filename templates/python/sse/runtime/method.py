"""How HTTP carries a method. Generated code contains these tables.

The plugin made every decision in them. The runtime only follows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

Req = TypeVar("Req")
Res = TypeVar("Res")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryField:
    """A field of a message in a query string. The key of its table is its JSON name."""

    name: str | None = None
    """The field's part of the parameter's name, instead of its JSON name."""
    required: bool = False
    """The server rejects a request without this parameter."""
    implicit: str | None = None
    """Of a required field: the text of the value that ProtoJSON omits. It is sent instead."""
    map: bool = False
    """A map of scalars: one parameter `name[key]=value` for each entry."""
    message: str | None = None
    """The entry in the table of the field's message, if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An HTTP method and path of an rpc, and where the fields of its request travel."""

    verb: str
    """The HTTP method: `GET`."""
    path: str
    """The path template of google/api/http.proto: `/v1/{name=shelves/*}:read`."""
    variables: tuple[tuple[str, ...], ...] = ()
    """For each variable of `path`, in its order: the JSON names of the path of its field."""
    implicit: tuple[str | None, ...] = ()
    """For each variable: the text of the value that ProtoJSON omits, as `"0"`. Empty: no texts."""
    body: str | None = None
    """`"*"`: all fields that are not in the path are the body. A JSON name: that field is."""
    body_required: bool = False
    """The empty message is not valid: the server rejects a request without a body."""
    response_body: str | None = None
    """The JSON name of the response field whose value is the response body."""
    raw_body: bool = False
    """The body is a google.api.HttpBody: its bytes travel as they are."""
    raw_response: bool = False
    """The response body is a google.api.HttpBody."""
    query: Mapping[str, Mapping[str, QueryField]] = field(
        default_factory=dict[str, Mapping[str, QueryField]]
    )
    """What the JSON of a request does not show about its query parameters.

    A table for each message, by full name, since messages nest and recur. The entry `""` is the
    request itself. Ordinary fields are omitted.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A member of a oneof of events."""

    field: str
    """The JSON name of the member."""
    terminal: bool = False
    """The stream ends after this event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRule:
    """How the response message becomes events."""

    resumable: bool = False
    """The server accepts `Last-Event-ID`, and the client reconnects."""
    id: str | None = None
    """The JSON name of the response field that is the event's `id`."""
    id_type: Literal["number", "boolean"] | None = None
    """The type of that field's ProtoJSON if it is not a string."""
    events: Mapping[str, Event] | None = None
    """The members of a oneof of events, by event name. None: each event is the whole message."""
    event_name: str | None = None
    """The name of the events of a stream with one kind of message."""
    terminal_data: str | None = None
    """The `data:` of the event that ends the stream, as in `[DONE]`."""
    error_event: str = "error"
    """The name of the event that carries a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(Generic[Req, Res]):
    """A method of a service: its messages, and how HTTP carries them."""

    name: str
    """The full name: `market.v1.MarketService.WatchTrades`."""
    request: type[Req]
    """The class of the request message."""
    response: type[Res]
    """The class of the response message, or of the message of each event."""
    bindings: tuple[Binding, ...]
    """The first is the binding of the method, the others are its `additional_bindings`."""
    stream: StreamRule | None = None
    """Present if the method responds with a stream of the response message."""
