"""Finds the field that makes a message unreadable. Libraries name it in part, or not at all."""

from collections.abc import Callable
from typing import Literal, TypeVar

from .errors import JsonValue

D = TypeVar("D")
Container = Literal["map", "list", "none"]


def wrong_field(
    descriptor: D,
    value: JsonValue,
    reads: Callable[[D, JsonValue], bool],
    inner: Callable[[D, str], tuple[D | None, Container] | None],
) -> str:
    """Return the path of the first wrong value: `legs[1].size`. Empty: the message itself.

    `reads` says whether the JSON is a message. `inner` returns the descriptor of the messages in a
    field, if it has any, and what holds them; None for an unknown key.
    """
    if not isinstance(value, dict):
        return ""
    for key, item in value.items():
        field = inner(descriptor, key)
        if field is None or reads(descriptor, {key: item}):
            continue
        message, container = field
        parts: list[tuple[str, JsonValue, JsonValue]] = []
        if container == "map" and isinstance(item, dict):
            parts = [(f"{key}[{name}]", part, {name: part}) for name, part in item.items()]
        elif container == "list" and isinstance(item, list):
            parts = [(f"{key}[{index}]", part, [part]) for index, part in enumerate(item)]
        path, wrong = next(
            ((path, part) for path, part, alone in parts if not reads(descriptor, {key: alone})),
            (key, item),
        )
        rest = "" if message is None else wrong_field(message, wrong, reads, inner)
        return f"{path}.{rest}" if rest else path
    return ""
