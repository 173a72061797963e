import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testing.splits import chunked, cut_at, every_split
from testing.sse_oracle import NOTHING, Interpretation, interpret_event_stream

from .sse_decoder import Found, Mark, RawEvent, SseDecoder, is_over

MIB = 1024 * 1024
VECTORS = Path(__file__).parents[3] / "vectors"


def decode(
    chunks: Iterable[bytes], limit: int = MIB, last_event_id: str | None = None
) -> list[Found]:
    found: list[Found] = []
    decoder = SseDecoder(found, limit, last_event_id)
    for chunk in chunks:
        decoder.feed(chunk)
    decoder.feed(b"", final=True)
    assert found.pop() == Mark("end")
    return found


def interpretation(found: list[Found]) -> Interpretation:
    events = [what for what in found if isinstance(what, RawEvent)]
    marks = [what for what in found if isinstance(what, Mark)]
    ids = [
        what.id if isinstance(what, RawEvent) else what.value
        for what in found
        if isinstance(what, RawEvent) or what.kind == "id"
    ]
    retries = [int(mark.value or "") for mark in marks if mark.kind == "retry"]
    return {
        "events": [{"event": e.event, "data": e.data, "id": e.id or ""} for e in events],
        "lastEventId": (ids[-1] or "") if ids else "",
        "retry": retries[-1] if retries else None,
        "comments": [mark.value or "" for mark in marks if mark.kind == "comment"],
    }


def load(name: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / name).read_text())


@pytest.mark.parametrize("vector", load("event-stream.json"), ids=lambda vector: vector["rule"])
def test_rules_of_the_standard(vector: dict[str, Any]) -> None:
    body = vector["body"].encode()
    expected = {**NOTHING, **vector["expected"]}
    assert interpret_event_stream(body) == expected
    whole = decode([body])
    assert interpretation(whole) == expected
    for chunks in every_split(body):
        assert decode(chunks) == whole


@pytest.mark.parametrize(
    "bad",
    [
        b"\x80",
        b"\xc3",
        b"\xe8\xb1",
        b"\xf0\x9f\xa6",
        b"\xed\xa0\x80",
        b"\xff\xfe",
        b"\xc0\x8a",
        b"\xf4\x90\x80\x80",
        b"\xe0\x80\x80",
    ],
)
def test_malformed_utf8(bad: bytes) -> None:
    body = b"data: " + bad + b"\n\ndata: b\n\n"
    expected = interpret_event_stream(body)
    assert len(expected["events"]) == 2
    for chunks in every_split(body):
        assert interpretation(decode(chunks)) == expected


def test_byte_order_mark_of_a_later_chunk_stays() -> None:
    body = "data: a\n\n\ufeffdata: b\n\n".encode()
    assert interpretation(decode(cut_at(body, 9)))["events"] == [
        {"event": "message", "data": "a", "id": ""}
    ]


def test_order_of_what_is_found() -> None:
    body = b":a\nretry: 5\ndata: 1\n:b\n\nid: 7\n\n:c\ndata: 2\n\nid: 8\ndata: 3\n\n"
    assert decode([body]) == [
        Mark("comment", "a"),
        Mark("retry", "5"),
        Mark("comment", "b"),
        RawEvent("message", "1", None, False, 0.005),
        Mark("id", "7"),
        Mark("comment", "c"),
        RawEvent("message", "2", "7", False, None),
        RawEvent("message", "3", "8", True, None),
    ]
    assert decode([b"\n"]) == []


def test_retry_belongs_to_the_event_of_its_block() -> None:
    found = decode([b"retry: 1\n\ndata: a\n\nretry: 2\ndata: b\n\n"])
    assert [e.retry for e in found if isinstance(e, RawEvent)] == [None, 0.002]


def test_cursor_of_the_connection_before() -> None:
    found = decode([b"data: a\n\nid: 8\ndata: b\n\n"], last_event_id="7")
    assert [event["id"] for event in interpretation(found)["events"]] == ["7", "8"]
    assert decode([b"id:\n\n"], last_event_id="7") == [Mark("id", None)]


def over(body: str, limit: int) -> bool:
    outcomes = {
        any(what == Mark("too_large") for what in decode(chunks, limit))
        for chunks in every_split(body.encode())
    }
    assert len(outcomes) == 1
    return outcomes.pop()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("data: 1234567890\n\n", False),
        ("data: 12345678901\n\n", True),
        ("data: 1234\ndata: 67890\n\ndata: 1234\ndata: 67890\n\n", False),
        ("data: 1234\ndata: 678901\n\n", True),
        ("data: 豆腐豆a\n\n", False),
        ("data: 豆腐豆ab\n\n", True),
        ("data\n" * 11 + "\n", False),
        ("data\n" * 12 + "\n", True),
    ],
)
def test_max_event_bytes_counts_bytes_of_data(body: str, expected: bool) -> None:
    assert over(body, 10) is expected


@pytest.mark.parametrize("line", [":", "event: ", "id: ", "color: ", "color", "data: "])
def test_max_event_bytes_bounds_lines_of_every_kind(line: str) -> None:
    assert over(line + "a" * 64, 32)
    assert over(line + "a" * 64 + "\n\n", 32)


def test_too_large_is_reported_in_its_place() -> None:
    found = decode([b"data: a\n\ndata: 12345678901\n\n"], 10)
    assert found[:2] == [RawEvent("message", "a"), Mark("too_large")]


def test_comments_do_not_add_up() -> None:
    found = decode([b":ping\n"] * 10_000, 100)
    assert found == [Mark("comment", "ping")] * 10_000


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 0, False),
        ("a", 0, True),
        ("aaa", 3, False),
        ("aaaa", 3, True),
        ("é", 1, True),
        ("é", 2, False),
        ("豆", 3, False),
        ("🦊", 3, True),
        ("🦊", 4, False),
    ],
)
def test_is_over(text: str, limit: int, expected: bool) -> None:
    assert is_over(text, limit) is expected


TEXT = st.one_of(
    st.text(max_size=12).map(lambda text: text.replace("\r", "").replace("\n", "")),
    st.sampled_from(["", " ", ":", "0", "100", "\0", "\u2028", "\ufeff", "data: x", "🦊"]),
)
FIELD = st.one_of(st.sampled_from(["data", "event", "id", "retry"]), TEXT)
LINE = st.one_of(
    st.tuples(FIELD, st.sampled_from([":", ": ", ""]), TEXT).map("".join),
    st.just(""),
    TEXT.map(lambda text: ":" + text),
)
LINES = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r", "\r\n"])).map("".join), max_size=40)
GRAMMAR = st.tuples(st.sampled_from(["", "\ufeff"]), LINES.map("".join)).map(
    lambda parts: "".join(parts).encode()
)
LOOSE = st.lists(
    st.sampled_from([b"\r", b"\n", b":", b" ", b"0", b"data", b"id:1", b"\0", b"\xff", b"\xe8"]),
    max_size=60,
).map(b"".join)


@given(
    body=st.one_of(GRAMMAR, LOOSE, st.binary(max_size=120)),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
@settings(max_examples=400, deadline=None, database=None, derandomize=True)
def test_any_stream_in_any_chunks(body: bytes, cuts: list[int]) -> None:
    whole = decode([body])
    assert interpretation(whole) == interpret_event_stream(body)
    offsets = sorted(min(cut, len(body)) for cut in cuts)
    assert decode(cut_at(body, *offsets)) == whole
    assert decode(chunked(body, 1)) == whole
    assert decode(chunked(body, 3)) == whole


def count_lines(decoder: SseDecoder, chunks: list[bytes]) -> int:
    """Count the lines of code that run: work that no clock measures."""
    count = 0

    def trace(_frame: object, event: str, _arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        for chunk in chunks:
            decoder.feed(chunk)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("line", ["data: 1\n\n", "data: 1\n", ":\n", "id: 1\n", "data: 1\r\n\r\n"])
def test_work_is_linear(line: str) -> None:
    def work(n: int) -> int:
        return count_lines(SseDecoder([], 64 * MIB), chunked(line.encode() * n, 1024))

    assert abs(work(20_000) / work(10_000) - 2) < 0.02


@pytest.mark.parametrize("end", [b"\n\n", b"\r\r", b"\r\n\r\n"])
def test_one_event_of_16_mib_in_small_chunks(end: bytes) -> None:
    """Quadratic work would take minutes."""
    found: list[Found] = []
    decoder = SseDecoder(found, 16 * MIB)
    for chunk in chunked(b"data: " + b"a" * 16 * MIB + end, 1024):
        decoder.feed(chunk)
    assert [len(e.data) for e in found if isinstance(e, RawEvent)] == [16 * MIB]
