from collections.abc import Iterable
from typing import Any

import pytest

from testing.splits import chunked, every_split

from .json_lines_decoder import JsonLinesDecoder
from .sse_decoder import Found, Mark, RawEvent
from .test_sse_decoder import MIB, load


def decode(chunks: Iterable[bytes], limit: int = MIB, *, has_controls: bool = False) -> list[Found]:
    found: list[Found] = []
    decoder = JsonLinesDecoder(found, limit, "failure", has_controls=has_controls)
    for chunk in chunks:
        decoder.feed(chunk)
    decoder.feed(b"", final=True)
    assert found.pop() == Mark("end")
    return found


@pytest.mark.parametrize("vector", load("json-lines.json"), ids=lambda vector: vector["rule"])
def test_lines(vector: dict[str, Any]) -> None:
    for chunks in every_split(vector["body"].encode()):
        assert decode(chunks) == [RawEvent(**event) for event in vector["expected"]]


def test_body_that_ends_within_a_character() -> None:
    assert decode([b"1\xe8\xb1"]) == [RawEvent("message", "1\ufffd")]


def test_controls() -> None:
    body = b'\n{"a":1}\n\n{"@error":{"code":3}}\n{"@end":{}}\n{"b":'
    for chunks in every_split(body):
        assert decode(chunks, has_controls=True) == [
            RawEvent("message", '{"a":1}'),
            Mark("comment", ""),
            RawEvent("failure", '{"code":3}'),
            Mark("comment", "end"),
        ]


def test_line_that_does_not_end() -> None:
    found: list[Found] = []
    decoder = JsonLinesDecoder(found, 10, "error")
    decoder.feed(b"1234567890")
    assert found == []
    decoder.feed(b"1")
    assert found == [Mark("too_large")]


@pytest.mark.parametrize(
    ("body", "over"),
    [
        ("1234567890\n", False),
        ("12345678901\n", True),
        ("12345678901", True),
        ("1\n1234567890\n", False),
        ('"豆腐"12\n', False),
        ('"豆腐"123\n', True),
        (" " * 11 + "\n", True),
    ],
)
def test_limit_of_a_line(body: str, over: bool) -> None:
    for chunks in every_split(body.encode()):
        assert any(isinstance(what, Mark) for what in decode(chunks, 10)) is over


def test_one_line_of_16_mib_in_small_chunks() -> None:
    found: list[Found] = []
    decoder = JsonLinesDecoder(found, 16 * MIB, "error")
    for chunk in chunked(b"1" * 16 * MIB + b"\n", 1024):
        decoder.feed(chunk)
    assert [len(e.data) for e in found if isinstance(e, RawEvent)] == [16 * MIB]
