"""Decodes `text/event-stream`."""

import codecs
from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class RawEvent:
    """An event as received: the fields of WHATWG HTML 9.2.6, its data not yet decoded."""

    event: str
    """The event's type; `"message"` if the server sent none, and for a line of JSON Lines."""
    data: str
    """The `data:` lines, joined by LF; or the line of JSON."""
    id: str | None = None
    """The last event ID in force. An earlier event may have set it: see `own_id`."""
    own_id: bool = False
    """Whether this event has an `id:` of its own."""
    retry: float | None = None
    """Seconds from a `retry:` of this event."""


@dataclass(slots=True)
class Mark:
    """A part of a body that is not an event."""

    kind: Literal["id", "comment", "retry", "too_large", "end"]
    """What it is.

    `id`: the last event ID, if a block without data sets it. `comment`: the text after the colon,
    unchanged. `retry`: a reconnection time, in milliseconds. `too_large`: an event or a line is
    over the limit. `end`: the body ended.
    """
    value: str | None = None


Found = RawEvent | Mark


def is_over(text: str, limit: int) -> bool:
    """Whether a text takes more than `limit` bytes of UTF-8."""
    # A character takes four bytes at most: a text of less than a quarter is not counted.
    return len(text) * 4 > limit and (len(text) > limit or len(text.encode()) > limit)


class Utf8Decoder:
    """Decodes UTF-8 chunk by chunk, and removes one leading byte order mark.

    That is "UTF-8 decode" of the Encoding Standard: what is malformed becomes U+FFFD.
    """

    __slots__ = ("_is_first", "_rest")

    def __init__(self) -> None:
        self._is_first = True
        # The start of a character that a chunk cuts.
        self._rest = b""

    def decode(self, chunk: bytes, *, final: bool = False) -> str:
        """Decode the next bytes."""
        if self._rest:
            chunk = self._rest + chunk
        text, consumed = codecs.utf_8_decode(chunk, "replace", final)
        self._rest = chunk[consumed:]
        if self._is_first and text:
            self._is_first = False
            return text.removeprefix("\ufeff")
        return text


class SseDecoder:
    """Decodes `text/event-stream` by the rules of WHATWG HTML 9.2.5 and 9.2.6, in linear time.

    Appends what it finds to a list, in the order of the bytes. An event is found at its blank line.
    An event without a blank line at the end of the body is dropped.

    `last_event_id` is in force until the body sets another. The standard empties the last event ID
    buffer for each connection. Then, one event without id after a reconnection would make the next
    reconnection start over, so browsers keep the id, and so does this.
    """

    __slots__ = (
        "_data",
        "_event",
        "_found",
        "_id",
        "_limit",
        "_longest",
        "_own_id",
        "_rest",
        "_rest_size",
        "_retry",
        "_size",
        "_skip_lf",
        "_utf8",
    )

    def __init__(self, found: list[Found], limit: int, last_event_id: str | None = None) -> None:
        self._found = found
        self._limit = limit
        # The six characters are the `data: ` before the data.
        self._longest = limit + 6
        self._utf8 = Utf8Decoder()
        # The parts of the line that has not ended yet. They are joined once: a line of many chunks
        # would be copied for each.
        self._rest: list[str] = []
        self._rest_size = 0
        # Whether the last character was a CR: an LF after it does not end another line.
        self._skip_lf = False
        self._data: list[str] = []
        self._size = 0
        self._event = "message"
        self._id = last_event_id or None
        self._own_id = False
        self._retry: float | None = None

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Decode the next bytes; `final` for the end of the body."""
        text = self._utf8.decode(chunk, final=final)
        # Without a character, the LF of a cut CRLF may still come.
        if text:
            if self._skip_lf:
                self._skip_lf = False
                text = text.removeprefix("\n")
            if "\r" in text:
                self._skip_lf = text[-1] == "\r"
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            if "\n" in text:
                lines = text.split("\n")
                text = lines.pop()
                if self._rest:
                    self._rest.append(lines[0])
                    lines[0] = "".join(self._rest)
                    self._rest.clear()
                    self._rest_size = 0
                self._read(lines)
            if text:
                self._rest.append(text)
                self._rest_size += len(text)
                if self._rest_size + self._size > self._longest:
                    self._found.append(Mark("too_large"))
        if final:
            self._found.append(Mark("end"))

    def _read(self, lines: list[str]) -> None:
        """Read lines. A call costs as much as the work: the common lines are read in place."""
        found, data, longest, size = self._found, self._data, self._longest, self._size
        for line in lines:
            # For every line of any field: so the result does not depend on how the bytes are cut,
            # and a server cannot fill the memory.
            if len(line) + size > longest:
                found.append(Mark("too_large"))
            if not line:
                if data:
                    text = data[0] if len(data) == 1 else "\n".join(data)
                    data.clear()
                    size = 0
                    found.append(
                        Mark("too_large")
                        if len(text) * 4 > self._limit and is_over(text, self._limit)
                        else RawEvent(self._event, text, self._id, self._own_id, self._retry)
                    )
                elif self._own_id:
                    found.append(Mark("id", self._id))
                self._event = "message"
                self._own_id = False
                self._retry = None
            elif line.startswith("data:"):
                value = line[6:] if line.startswith(" ", 5) else line[5:]
                # The LF between two lines counts, too: or lines without data would fill the memory.
                size += len(value) + 1
                data.append(value)
            elif line.startswith("id:"):
                value = line[4:] if line.startswith(" ", 3) else line[3:]
                if "\0" not in value:
                    self._id = value or None
                    self._own_id = True
            elif line.startswith(":"):
                found.append(Mark("comment", line[1:]))
            elif line == "data":
                size += 1
                data.append("")
            else:
                self._read_field(line)
        self._size = size

    def _read_field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value or "message"
        elif name == "id":
            self._id = None
            self._own_id = True
        elif name == "retry" and value.isascii() and value.isdigit():
            self._retry = int(value) / 1000
            self._found.append(Mark("retry", value))
