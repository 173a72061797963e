"""Ways to cut bytes into chunks."""

from collections.abc import Iterator
from itertools import pairwise


def cut_at(data: bytes, *offsets: int) -> list[bytes]:
    """Cut bytes at offsets, which may be equal: a chunk may be empty."""
    places = [0, *offsets, len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def chunked(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into chunks of one size."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def every_split(data: bytes) -> Iterator[list[bytes]]:
    """Cut bytes in ways that must not change what a decoder finds.

    No cut, everywhere, at any one place, and in short input at any two.
    """
    yield [data]
    yield chunked(data, 1)
    for i in range(len(data) + 1):
        yield cut_at(data, i)
        if len(data) <= 48:
            for j in range(i, len(data) + 1):
                yield cut_at(data, i, j)
