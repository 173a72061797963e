"""Messages of protobuf-py, to and from ProtoJSON."""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, TypeGuard, TypeVar, cast

from protobuf import (
    DescField,
    DescFieldValueList,
    DescFieldValueMap,
    DescFieldValueMessage,
    DescFile,
    DescMessage,
    Message,
    Registry,
    merge_from_json,
    message_from_json_value,
    message_to_json_value,
)

from .errors import JsonValue, MessageError
from .wrong_field import Container, wrong_field

M = TypeVar("M")

_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, RecursionError)


def to_json(message: object) -> JsonValue:
    """Return the ProtoJSON of a message."""
    if not _is_message(message):
        raise MessageError(f"{type(message).__name__} is no message of protobuf-py")
    try:
        value: Any = message_to_json_value(message, registry=_registry(message.desc()))
    except _ERRORS as error:
        raise MessageError(str(error)) from error
    return cast(JsonValue, value)


def _is_message(value: object) -> "TypeGuard[Message[Any]]":
    return isinstance(value, Message)


def from_json(message_type: type[M], text: str) -> M:
    """Read a message from its ProtoJSON. Unknown fields are ignored."""
    message_class = _class(message_type)
    registry = None if message_class in _plain else _registry(message_class.desc())
    try:
        message = message_class.from_json(text, ignore_unknown_fields=True, registry=registry)
    except _ERRORS as error:
        raise _to_error(error, message_class, text) from error
    if registry is None:
        _plain.add(message_class)
    return cast(M, message)


_plain: set[type[Message[Any]]] = set()
"""The classes that were read without a registry: most events are, and a set is fast to ask."""


def from_members(message_type: type[M], members: Mapping[str, str]) -> M:
    """Read a message from the ProtoJSON of some of its fields, by their JSON names."""
    message_class = _class(message_type)
    desc = message_class.desc()
    message = message_class()
    for name, text in members.items():
        try:
            field = _fields(desc)[name]
            registry = _registry(desc)
            if isinstance(field.value, DescFieldValueMessage) and text != "null":
                # A message is not joined to the text of another: it may not be JSON alone.
                message[field] = field.value.message.type.from_json(
                    text, ignore_unknown_fields=True, registry=registry
                )
            else:
                alone = json.dumps({name: json.loads(text)})
                merge_from_json(message, alone, ignore_unknown_fields=True, registry=registry)
        except _ERRORS as error:
            raise _to_error(error, message_class, f'{{"{name}":{text}}}') from error
    return cast(M, message)


def name_of(message_type: type[object]) -> str:
    """Return the full name of a message type."""
    return _class(message_type).desc().type_name


def _class(message_type: type[object]) -> type[Message[Any]]:
    # The runtime knows no library. Generated code passes classes of protobuf-py.
    return cast(type[Message[Any]], message_type)


@cache
def _fields(desc: DescMessage) -> dict[str, DescField]:
    """Return the fields by proto name and by JSON name, which wins."""
    return {field.name: field for field in desc.fields} | {
        field.json_name: field for field in desc.fields
    }


def _to_error(error: Exception, message_class: type[Message[Any]], text: str) -> MessageError:
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return MessageError(f"not JSON: {error}")
    path = wrong_field(message_class.desc(), value, _reads, _inner)
    return MessageError(f'"{path}": {error}' if path else str(error), field=path or None)


def _reads(desc: DescMessage, value: Any) -> bool:
    try:
        message_from_json_value(
            desc.type, value, ignore_unknown_fields=True, registry=_registry(desc)
        )
    except _ERRORS:
        return False
    return True


def _inner(desc: DescMessage, key: str) -> tuple[DescMessage | None, Container] | None:
    field = _fields(desc).get(key)
    return None if field is None else _content(field)


def _content(field: DescField) -> tuple[DescMessage | None, Container]:
    value = field.value
    inner: object = None
    container: Container = "none"
    if isinstance(value, DescFieldValueMessage):
        inner = value.message
    elif isinstance(value, DescFieldValueList):
        inner, container = value.element, "list"
    elif isinstance(value, DescFieldValueMap):
        inner, container = value.value, "map"
    return inner if isinstance(inner, DescMessage) else None, container


@cache
def _needs_registry(desc: DescMessage) -> bool:
    """Whether the JSON of a message may name types: in google.protobuf.Any, as an extension."""
    seen = {desc.type_name}
    left = [desc]
    while left:
        current = left.pop()
        if current.type_name == "google.protobuf.Any" or current.proto.extension_range:
            return True
        for field in current.fields:
            inner, _ = _content(field)
            if inner is not None and inner.type_name not in seen:
                seen.add(inner.type_name)
                left.append(inner)
    return False


def _registry(desc: DescMessage) -> Registry | None:
    """Return the types of all imported modules, as google.protobuf knows them."""
    if not _needs_registry(desc):
        return None
    return _registry_of(len(Message.__subclasses__()))


@cache
def _registry_of(_count: int) -> Registry:
    files: dict[str, DescFile] = {}
    for message_class in Message.__subclasses__():
        # The base classes of the library have no descriptor.
        with suppress(AttributeError):
            file = message_class.desc().file
            files[file.name] = file
    return Registry(*files.values())
