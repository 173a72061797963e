"""Both modules of messages, with messages of every kind of field."""

import json
import random
from typing import Any

import editions_pb2
import proto2_pb2
import proto3_pb2
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from market.v1 import market_pb2
from py_gen import editions_pb, proto2_pb, proto3_pb
from py_gen.market.v1 import market_pb

from . import google_messages, py_messages
from .errors import OWN_FORMS, MessageError

FILES = [proto3_pb2, proto2_pb2, editions_pb2]
PY_FILES = {proto3_pb2: proto3_pb, proto2_pb2: proto2_pb, editions_pb2: editions_pb}
TYPES: list[tuple[type[Message], Any]] = [
    (GetMessageClass(descriptor), getattr(PY_FILES[file], name))
    for file in FILES
    for name, descriptor in file.DESCRIPTOR.message_types_by_name.items()
]
IDS = [google.DESCRIPTOR.full_name for google, _ in TYPES]

INTS = [0, 1, -1, *(2**n + d for n in (31, 32, 63, 64) for d in (-1, 0)), -(2**31), -(2**63)]
FLOATS = [0.0, -0.0, 1.5, -2.0, 1e300, 3.4028234663852886e38, 3.5e38, 5e-324, 1e22, 0.1, 1e7]
TEXTS = [
    *("", "a", "é🦊", "1", "-5", " 1", "1 ", "1.0", "1e3", "0x1", "1_0", "NaN", "Infinity"),
    *("true", "AAEC", "-_8=", "A", "AA", "+/8", "SIDE_BUY", "SIDE_BID", "LEVEL_LOW", "\ud800"),
    *("2026-11-21T10:00:00Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-13-01T"),
    *("2026-11-21T10:00:00.5+01:00", "2026-11-21T10:00:00.123456789Z", "1969-12-31T23:59:59.9Z"),
    *("1.5s", "-0.000000001s", "a.b,cD", "2024-02-29T23:59:59.120Z", "1600-02-29T00:00:00Z"),
]


class Json:
    """JSON for messages: mostly right, with every kind of wrong value."""

    def __init__(self, seed: int, *numbers: int, wrong: float = 0.0) -> None:
        self.wrong = wrong  # how many members have a value of another type
        self.numbers = numbers  # of enums that may not declare them
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def number(self) -> object:
        return self.pick([self.pick(INTS), str(self.pick(INTS)), self.pick(FLOATS)])

    def any_value(self, depth: int = 2) -> object:
        kind = self.random.randrange(8 if depth else 6)
        if kind == 6:
            return [self.any_value(depth - 1) for _ in range(self.random.randrange(3))]
        if kind == 7:
            return {self.pick(TEXTS): self.any_value(depth - 1) for _ in range(2)}
        return self.pick([None, True, False, self.number(), self.pick(TEXTS)])

    def value(self, field: FieldDescriptor, depth: int) -> object:
        if field.message_type is not None:
            return self.message(field.message_type, depth - 1)
        if field.enum_type is not None and field.enum_type.name == "NullValue":
            return self.pick([None, "NULL_VALUE"])
        if field.enum_type is not None:
            return self.pick([*field.enum_type.values_by_name, *self.numbers, "NO_SUCH_NAME"])
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self.pick(TEXTS)
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self.pick([True, False])
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return self.pick(TEXTS)
        return self.number()

    def member(self, field: FieldDescriptor, depth: int) -> object:
        if self.random.random() < self.wrong:
            return self.any_value()
        count = range(self.random.randrange(3))
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
            keys = [self.value(key, 0) for _ in count]
            return {
                key if isinstance(key, str) else json.dumps(key): self.value(value, depth)
                for key in keys
            }
        if field.is_repeated:
            return [self.value(field, depth) for _ in count]
        return self.value(field, depth)

    def message(self, descriptor: Descriptor, depth: int = 3) -> object:
        file, _, name = descriptor.full_name.rpartition(".")
        if file == "google.protobuf" and name in OWN_FORMS:
            return self.own_form(name)
        fields = list(descriptor.fields) if depth > 0 else []
        chosen = [self.pick(fields) for _ in range(self.random.randrange(5))] if fields else []
        return {
            self.pick([field.json_name, field.json_name, field.name]): self.member(field, depth)
            for field in chosen
        }

    def own_form(self, name: str) -> object:
        if name == "Any":
            return self.pick(
                [
                    {},
                    {"@type": "type.googleapis.com/codec.v3.Scalars", "int32Value": 5},
                    {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"},
                    {"@type": "type.googleapis.com/no.Such"},
                ]
            )
        if name == "Struct":
            return {self.pick(TEXTS): self.any_value() for _ in range(2)}
        if name == "ListValue":
            return [self.any_value()]
        if name == "FieldMask":
            return self.pick(["", "a", "a.b,cD"])
        if name in ("Duration", "Timestamp", "StringValue", "BytesValue"):
            return self.pick(TEXTS)
        return self.any_value() if name == "Value" else self.number()


def all_messages_are_objects(descriptor: Descriptor, value: Any) -> bool:
    """`json_format` also reads a text or a list as an empty message. That is refused here."""
    file, _, name = descriptor.full_name.rpartition(".")
    if file == "google.protobuf" and name in OWN_FORMS:
        return True
    fields = {f.name: f for f in descriptor.fields} | {f.json_name: f for f in descriptor.fields}
    if not isinstance(value, dict):
        return False
    for key, item in value.items():
        message = fields[key].message_type if key in fields else None
        if message is None or item is None:
            continue
        parts = item if fields[key].is_repeated and isinstance(item, list) else [item]
        if message.GetOptions().map_entry:
            message = message.fields_by_name["value"].message_type
            parts = item.values() if message is not None else []
        if not all(part is None or all_messages_are_objects(message, part) for part in parts):
            return False
    return True


def parse(message_type: type[Message], value: object) -> bytes | None:
    """What `json_format` makes of a value, as bytes, since NaN does not equal itself."""
    message = message_type()
    try:
        json_format.ParseDict(value, message, ignore_unknown_fields=True)
    except Exception:
        return None
    if not all_messages_are_objects(message_type.DESCRIPTOR, value):
        return None
    return message.SerializePartialToString(deterministic=True)


@pytest.mark.parametrize(("google", "py"), TYPES, ids=IDS)
def test_google_reads_and_refuses_as_json_format(google: type[Message], py: Any) -> None:
    generated = Json(16, 0, 1, 7, 99, wrong=0.04)
    outcomes = [0, 0]
    for _ in range(600):
        value = generated.message(google.DESCRIPTOR)
        expected = parse(google, value)
        try:
            message = google_messages.from_json(google, json.dumps(value))
            found: bytes | None = message.SerializePartialToString(deterministic=True)
        except MessageError:
            found = None
        assert found == expected, value
        outcomes[found is None] += 1
    assert outcomes[0] > 100  # not all were refused


@pytest.mark.parametrize(("google", "py"), TYPES, ids=IDS)
def test_both_libraries_write_the_same_json(google: type[Message], py: Any) -> None:
    """What one writes, the other reads and writes again, and both read back the same message."""
    generated = Json(17)
    compared = 0
    for _ in range(300):
        value = generated.message(google.DESCRIPTOR)
        data = parse(google, value)
        if data is None or not google.FromString(data).IsInitialized():
            continue
        message = google.FromString(data)
        try:
            written = json.dumps(google_messages.to_json(message))
        except MessageError:
            with pytest.raises(MessageError):
                py_messages.to_json(py.from_binary(data))
            continue
        if parse(google, json.loads(written)) != data:
            continue  # `json_format` itself loses something: -0, for example
        message = google_messages.from_json(google, written)
        assert message.SerializeToString(deterministic=True) == data
        again = json.dumps(py_messages.to_json(py_messages.from_json(py, written)))
        assert parse(google, json.loads(again)) == data, written
        compared += 1
    assert compared


@pytest.mark.parametrize("messages", [google_messages, py_messages])
@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"optionals":[{},{"scalars":{"int32Value":"a b"}}]}', "optionals[1].scalars.int32Value"),
        ('{"optionals":[{},{"scalars":{"stringValue":[]}}]}', "optionals[1].scalars.stringValue"),
        ('{"int64s":["1","99999999999999999999"]}', "int64s[1]"),
        ('{"optionals":["a"]}', "optionals[0]"),
        ('{"optionals":{}}', "optionals"),
        ('{"bools":[1]}', "bools[0]"),
        ('"text"', None),
        ('{"bools":[true]', None),
        ("", None),
    ],
)
def test_wrong_field(messages: Any, text: str, field: str | None) -> None:
    lists = proto3_pb2.Lists if messages is google_messages else proto3_pb.Lists
    with pytest.raises(MessageError) as caught:
        messages.from_json(lists, text)
    assert caught.value.field == field
    assert field is None or f'"{field}": ' in str(caught.value)


@pytest.mark.parametrize("library", ["google", "protobuf-py"])
def test_members(library: str) -> None:
    messages: Any = google_messages if library == "google" else py_messages
    file: Any = market_pb2 if library == "google" else market_pb
    ask = messages.from_members(file.AskEvent, {"toolCall": '{"name":"a"}'})
    assert messages.to_json(ask) == {"toolCall": {"name": "a"}}
    assert messages.to_json(messages.from_members(file.AskEvent, {"delta": "null"})) == {}
    trade = messages.from_members(file.Trade, {"sequence": '"7"', "price": "1.5"})
    assert messages.to_json(trade) == {"sequence": "7", "price": 1.5}
    # Not JSON alone: joined to the text of a message, it would be two members.
    for text in ('{},"done":{}', '{"name":1}', "1"):
        with pytest.raises(MessageError):
            messages.from_members(file.AskEvent, {"toolCall": text})
    assert messages.name_of(file.Trade) == "market.v1.Trade"
    with pytest.raises(MessageError, match="dict is no message of"):
        messages.to_json({})
