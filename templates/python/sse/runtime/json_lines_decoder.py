"""Decodes JSON Lines."""

import json
import re

from .sse_decoder import Found, Mark, RawEvent, Utf8Decoder, is_over

_SPACE = " \t\r\n"
_is_error = re.compile(r'\{\s*"@error"\s*:').match


class JsonLinesDecoder:
    """Decodes JSON Lines: each line that is not blank is an event, also the last one without LF.

    The line `{"@error":{…}}` is the event `error_event` with the Status as its data.

    With `has_controls`, a blank line after the first is the comment of a heartbeat, the line
    `{"@end":{}}` is the comment `end`, and a last line without LF was cut.
    """

    __slots__ = (
        "_error_event",
        "_found",
        "_has_controls",
        "_is_opening",
        "_limit",
        "_rest",
        "_rest_size",
        "_utf8",
    )

    def __init__(
        self, found: list[Found], limit: int, error_event: str, *, has_controls: bool = False
    ) -> None:
        self._found = found
        self._limit = limit
        self._error_event = error_event
        self._has_controls = has_controls
        self._is_opening = True
        self._utf8 = Utf8Decoder()
        self._rest: list[str] = []
        self._rest_size = 0

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Decode the next bytes; `final` for the end of the body."""
        text = self._utf8.decode(chunk, final=final)
        if "\n" in text:
            lines = text.split("\n")
            text = lines.pop()
            self._rest.append(lines[0])
            lines[0] = "".join(self._rest)
            self._rest.clear()
            self._rest_size = 0
            for line in lines:
                self._read(line)
                self._is_opening = False
        if text:
            self._rest.append(text)
            self._rest_size += len(text)
            if self._rest_size > self._limit and not final:
                self._found.append(Mark("too_large"))
        if final:
            if not self._has_controls:
                self._read("".join(self._rest))
            self._found.append(Mark("end"))

    def _read(self, line: str) -> None:
        # The CR of a CRLF is white space of JSON.
        data = line.strip(_SPACE)
        if is_over(line, self._limit):
            self._found.append(Mark("too_large"))
        elif self._has_controls and not data:
            if not self._is_opening:
                self._found.append(Mark("comment", ""))
        elif self._has_controls and data == '{"@end":{}}':
            self._found.append(Mark("comment", "end"))
        elif data:
            error = _read_error(data) if _is_error(data) else None
            self._found.append(
                RawEvent("message", data) if error is None else RawEvent(self._error_event, error)
            )


def _read_error(line: str) -> str | None:
    """Return the JSON of the Status. None: not JSON, which the decoder of messages reports."""
    try:
        status = json.loads(line)["@error"]
        return json.dumps(status, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None
