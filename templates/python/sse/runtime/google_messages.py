"""Messages of google.protobuf, to and from ProtoJSON.

`json_format` looks up descriptors for every value. Here, a table made once for each type drives the
decoding, which takes a quarter of the time. It decodes what is canonical. Whatever else there is,
such as a number as text, and every error, is left to `json_format`.
"""

import json
import re
import sys
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from json.scanner import make_scanner
from typing import Any, TypeVar, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from .errors import OWN_FORMS, JsonValue, MessageError
from .wrong_field import Container, wrong_field

M = TypeVar("M")


def to_json(message: object) -> JsonValue:
    """Return the ProtoJSON of a message."""
    try:
        return json_format.MessageToDict(_check(message))
    except (json_format.Error, ValueError, TypeError) as error:
        raise MessageError(str(error)) from error


def from_json(message_type: type[M], text: str) -> M:
    """Read a message from its ProtoJSON. Unknown fields are ignored."""
    table = _tables.get(message_type)
    if table is not None:
        # The way of nearly every event: without the calls below, it takes a third less.
        try:
            value, end = _scan(text, 0)
            if end == len(text):
                return message_type(**table.read(value))
        except Exception:
            pass  # Not canonical, or wrong: values of another type raise errors of every kind.
    return _decode(message_type, _parse(text))


def from_members(message_type: type[M], members: Mapping[str, str]) -> M:
    """Read a message from the ProtoJSON of some of its fields, by their JSON names."""
    return _decode(message_type, {name: _parse(text) for name, text in members.items()})


def name_of(message_type: type[object]) -> str:
    """Return the full name of a message type."""
    return _descriptor(message_type).full_name


def _check(message: object) -> Message:
    if not isinstance(message, Message):
        raise MessageError(f"{type(message).__name__} is no message of google.protobuf")
    return message


def _descriptor(message_type: Any) -> Descriptor:
    descriptor: Descriptor = message_type.DESCRIPTOR
    return descriptor


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
# `decode` also skips white space around the value, which takes as long as a small value.
_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(cast(Any, _decoder))


def _parse(text: str) -> JsonValue:
    try:
        value: JsonValue = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"not JSON: {error}") from error
    return value


def _decode(message_type: type[M], value: JsonValue) -> M:
    descriptor = _descriptor(message_type)
    table = _table(descriptor)
    if table is not None:
        _tables[message_type] = table
        try:
            return message_type(**table.read(value))
        except Exception:
            pass
    try:
        return _decode_slowly(message_type, descriptor, value)
    except MessageError as error:
        path = wrong_field(descriptor, value, _reads, _inner)
        reason = re.sub(r"^(Failed to parse \S+ field: )+", "", str(error))
        raise MessageError(
            f'"{path}": {reason}' if path else reason, field=path or None
        ) from error.__cause__


def _decode_slowly(message_type: type[M], descriptor: Descriptor, value: Any) -> M:
    if not _is_read_as_object(descriptor, value):
        raise MessageError(f"{descriptor.full_name} needs an object")
    message = message_type()
    try:
        json_format.ParseDict(value, _check(message), ignore_unknown_fields=True)
    # For values of the wrong type, it raises errors of every kind.
    except Exception as error:
        raise MessageError(str(error).rstrip(".")) from error
    return message


def _reads(descriptor: Descriptor, value: JsonValue) -> bool:
    try:
        _decode_slowly(GetMessageClass(descriptor), descriptor, value)
    except MessageError:
        return False
    return True


def _is_read_as_object(descriptor: Descriptor, value: JsonValue) -> bool:
    """Whether all messages are objects. `json_format` reads a text or a list as an empty one."""
    if _has_own_form(descriptor):
        return True
    if not isinstance(value, dict):
        return False
    for key, item in value.items():
        message, container = _inner(descriptor, key) or (None, "none")
        if message is None or item is None:
            continue
        parts: list[JsonValue] = [item]
        if container == "list" and isinstance(item, list):
            parts = item
        elif container == "map" and isinstance(item, dict):
            parts = list(item.values())
        if not all(_is_read_as_object(message, part) for part in parts if part is not None):
            return False
    return True


def _inner(descriptor: Descriptor, key: str) -> tuple[Descriptor | None, Container] | None:
    field = _fields(descriptor).get(key)
    if field is None:
        return None
    entry = _entry(field)
    if entry is not None:
        return entry.fields_by_name["value"].message_type, "map"
    return field.message_type, "list" if field.is_repeated else "none"


_Convert = Callable[[Any], Any]


class _Table:
    """How the JSON of a message becomes the arguments of its class."""

    __slots__ = ("fields", "nullable", "oneofs")

    def __init__(self, descriptor: Descriptor) -> None:
        self.fields: dict[str, tuple[str, _Convert]] = {
            key: (field.name, _converter(field)) for key, field in _fields(descriptor).items()
        }
        # Fields for which null is a value.
        self.nullable = {
            field.name
            for field in descriptor.fields
            for kind in (field.message_type, field.enum_type)
            if kind and kind.full_name in ("google.protobuf.Value", "google.protobuf.NullValue")
        }
        self.oneofs = [
            {field.name for field in oneof.fields}
            for oneof in descriptor.oneofs
            if len(oneof.fields) > 1
        ]

    def read(self, value: Any) -> dict[str, Any]:
        """Return the arguments; nested messages are dictionaries, too."""
        fields = self.fields
        arguments: dict[str, Any] = {}
        for key, item in value.items():
            field = fields.get(key)
            if field is None:
                if key.startswith("["):
                    raise ValueError("may be an extension")
                continue
            name, convert = field
            if item is None and name not in self.nullable:
                continue
            if name in arguments:
                raise ValueError("given twice")
            arguments[name] = convert(item)
        for members in self.oneofs:
            if len(members & arguments.keys()) > 1:
                raise ValueError("two members of a oneof")
        return arguments


_tables: dict[type[Any], _Table] = {}
"""The tables of the messages that were read, by their classes."""


@cache
def _table(descriptor: Descriptor) -> _Table | None:
    """Return the table of a message; None if `json_format` has to decode it."""
    return None if _has_own_form(descriptor) or _is_recursive(descriptor) else _Table(descriptor)


@cache
def _fields(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    """Return the fields by proto name and by JSON name, which wins."""
    fields = descriptor.fields
    return {field.name: field for field in fields} | {field.json_name: field for field in fields}


def _has_own_form(descriptor: Descriptor) -> bool:
    file, _, name = descriptor.full_name.rpartition(".")
    return file == "google.protobuf" and name in OWN_FORMS


def _is_recursive(descriptor: Descriptor) -> bool:
    """Whether a message can contain itself. `json_format` bounds the depth."""
    seen: set[str] = set()
    left = [descriptor]
    while left:
        for field in left.pop().fields:
            inner = field.message_type
            if inner is descriptor:
                return True
            if inner and inner.full_name not in seen:
                seen.add(inner.full_name)
                left.append(inner)
    return False


def _entry(field: FieldDescriptor) -> Descriptor | None:
    """Return the message of a map's entries; None for another field."""
    message = field.message_type
    return message if message is not None and message.GetOptions().map_entry else None


def _converter(field: FieldDescriptor) -> _Convert:
    entry = _entry(field)
    if entry is not None:
        read_key, read_value = (_singular(entry.fields_by_name[name]) for name in ("key", "value"))
        if read_key is _bool:
            # The keys of a map are text.
            read_key = {"true": True, "false": False}.__getitem__
        # For anything else than an object, `items` raises.
        return lambda value: {read_key(key): read_value(item) for key, item in value.items()}
    convert = _singular(field)
    return _list_of(convert) if field.is_repeated else convert


def _singular(field: FieldDescriptor) -> _Convert:
    if field.message_type is not None:
        return _message(field.message_type)
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes
    return _SCALARS[field.cpp_type]


def _list_of(convert: _Convert) -> _Convert:
    def read(value: list[Any]) -> list[Any]:
        if type(value) is not list:
            raise TypeError
        return [convert(item) for item in value]

    return read


def _message(descriptor: Descriptor) -> _Convert:
    if descriptor.full_name == "google.protobuf.Timestamp":
        return _timestamp
    table = _table(descriptor)
    if table is None:
        message_class = GetMessageClass(descriptor)
        return lambda value: _decode_slowly(message_class, descriptor, value)
    return table.read


def _enum(descriptor: EnumDescriptor) -> _Convert:
    return {name: value.number for name, value in descriptor.values_by_name.items()}.__getitem__


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _integer(value: Any) -> int:
    # `json_format` refuses the space, which `int` does not.
    if type(value) is str and " " not in value:
        return int(value)
    if type(value) is int:
        return value
    raise TypeError


def _number(limit: float) -> _Convert:
    def read(value: Any) -> float:
        # Neither bool, nor NaN, nor what is out of range.
        if (type(value) is float or type(value) is int) and -limit <= value <= limit:
            return value
        raise TypeError

    return read


_is_base64 = re.compile("[A-Za-z0-9+/]*={0,2}").fullmatch


def _bytes(value: Any) -> bytes:
    if len(value) % 4 == 0 and _is_base64(value) is not None:
        return b64decode(value)
    raise ValueError


_is_timestamp = re.compile(
    r"([1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{3}|\d{6}|\d{9}))?Z", re.ASCII
).fullmatch
_EPOCH = datetime(1970, 1, 1)


def _timestamp(value: Any) -> dict[str, int]:
    match = _is_timestamp(value)
    if match is None:
        raise ValueError
    since = datetime.fromisoformat(match[1]) - _EPOCH
    seconds, fraction = since.days * 86_400 + since.seconds, match[2]
    if fraction is None:
        return {"seconds": seconds}
    return {"seconds": seconds, "nanos": int(fraction.ljust(9, "0"))}


_SCALARS: dict[int, _Convert] = {
    FieldDescriptor.CPPTYPE_INT32: _integer,
    FieldDescriptor.CPPTYPE_INT64: _integer,
    FieldDescriptor.CPPTYPE_UINT32: _integer,
    FieldDescriptor.CPPTYPE_UINT64: _integer,
    FieldDescriptor.CPPTYPE_DOUBLE: _number(sys.float_info.max),
    FieldDescriptor.CPPTYPE_FLOAT: _number(3.4028234663852886e38),
    FieldDescriptor.CPPTYPE_BOOL: _bool,
    FieldDescriptor.CPPTYPE_STRING: _text,
}
