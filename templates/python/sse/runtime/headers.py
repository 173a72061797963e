"""The headers of a request."""

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import cast

from .errors import MessageError
from .options import HeaderValues

_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_find_control = re.compile(r"[\0-\x08\n-\x1f\x7f]").search


class Headers(MutableMapping[str, str]):
    """Headers by name. Names are compared without case, and the last value of a name counts."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __setitem__(self, name: str, value: str) -> None:
        self._values[name.lower()] = value

    def __delitem__(self, name: str) -> None:
        del self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"

    def merge(self, values: HeaderValues) -> None:
        """Add headers. A value of another type is written as text; None omits the header."""
        pairs = values.items() if isinstance(values, Mapping) else values
        for name, value in pairs:
            if value is not None:
                self[name] = _to_text(value)

    def encode(self) -> list[tuple[bytes, bytes]]:
        """Return the headers as HTTP sends them.

        Raises a `MessageError` for what no header can hold (RFC 9110, section 5.5).
        """
        pairs: list[tuple[bytes, bytes]] = []
        for name, value in self._values.items():
            if not _is_token(name):
                raise MessageError(f'check the headers: "{name}" is no name of a header')
            if _find_control(value):
                raise MessageError(f'the header "{name}" holds a control character')
            # An id is sent as the bytes of its UTF-8, as in WHATWG HTML 9.2.3.
            encoding = "utf-8" if name == "last-event-id" else "latin-1"
            try:
                pairs.append((name.encode("ascii"), value.strip(" \t").encode(encoding)))
            except UnicodeEncodeError as error:
                raise MessageError(
                    f'the header "{name}" holds {value[error.start]!r}, which is not Latin-1'
                ) from error
        return pairs


def _to_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, list | tuple):
        return ", ".join(_to_text(item) for item in cast("Sequence[object]", value))
    return str(value)
