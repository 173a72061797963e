"""Messages of google.protobuf: encoding, decoding and names."""

from typing import TypeVar

from .errors import JsonValue

M = TypeVar("M")


def to_json(message: object) -> JsonValue:
    """Return the ProtoJSON of a message."""
    raise NotImplementedError


def from_json(message_type: type[M], text: str) -> M:
    """Read a message from its ProtoJSON. Unknown fields are ignored."""
    raise NotImplementedError


def new(message_type: type[M]) -> M:
    """Return an empty message."""
    raise NotImplementedError


def set_member(message: object, name: str, text: str) -> None:
    """Set a field, by its JSON name, from its ProtoJSON."""
    raise NotImplementedError


def name_of(message_type: type[object]) -> str:
    """Return the full name of a message type."""
    raise NotImplementedError
