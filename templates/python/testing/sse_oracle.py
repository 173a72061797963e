"""The algorithm of WHATWG HTML 9.2.6 as it is written, over a whole body. Slow."""

from typing import TypedDict


class Interpretation(TypedDict):
    """What a body of `text/event-stream` means, in the terms of the standard."""

    events: list[dict[str, str]]
    lastEventId: str
    retry: int | None
    comments: list[str]


NOTHING: Interpretation = {"events": [], "lastEventId": "", "retry": None, "comments": []}


def utf8_decode(data: bytes) -> str:
    """Decode as the decoder of the Encoding Standard (8.1.1) does, byte by byte."""
    text: list[str] = []
    point = seen = needed = 0
    lower, upper = 0x80, 0xBF
    queue = list(data)
    at = 0
    while True:
        byte = queue[at] if at < len(queue) else None
        at += 1
        if byte is None:
            if needed:
                text.append("\ufffd")
            break
        if needed == 0:
            if byte <= 0x7F:
                text.append(chr(byte))
            elif 0xC2 <= byte <= 0xDF:
                needed, point = 1, byte & 0x1F
            elif 0xE0 <= byte <= 0xEF:
                lower = 0xA0 if byte == 0xE0 else lower
                upper = 0x9F if byte == 0xED else upper
                needed, point = 2, byte & 0xF
            elif 0xF0 <= byte <= 0xF4:
                lower = 0x90 if byte == 0xF0 else lower
                upper = 0x8F if byte == 0xF4 else upper
                needed, point = 3, byte & 0x7
            else:
                text.append("\ufffd")
            continue
        if not lower <= byte <= upper:
            point = needed = seen = 0
            lower, upper = 0x80, 0xBF
            at -= 1
            text.append("\ufffd")
            continue
        lower, upper = 0x80, 0xBF
        point = (point << 6) | (byte & 0x3F)
        seen += 1
        if seen == needed:
            text.append(chr(point))
            point = needed = seen = 0
    return "".join(text).removeprefix("\ufeff")


def interpret_event_stream(data: bytes) -> Interpretation:
    """Interpret a whole body."""
    text = utf8_decode(data)
    lines: list[str] = []
    current = ""
    i = 0
    while i < len(text):
        if text[i] in "\r\n":
            if text[i : i + 2] == "\r\n":
                i += 1
            lines.append(current)
            current = ""
        else:
            current += text[i]
        i += 1
    buffer = kind = id_buffer = last_id = ""
    retry: int | None = None
    events: list[dict[str, str]] = []
    comments: list[str] = []
    for line in lines:
        if line == "":
            last_id = id_buffer
            if buffer:
                event = {"event": kind or "message", "data": buffer[:-1], "id": last_id}
                events.append(event)
            buffer = kind = ""
            continue
        if line[0] == ":":
            comments.append(line[1:])
            continue
        field, _, value = line.partition(":")
        if value[:1] == " ":
            value = value[1:]
        if field == "event":
            kind = value
        elif field == "data":
            buffer += value + "\n"
        elif field == "id" and "\0" not in value:
            id_buffer = value
        elif field == "retry" and value and all(digit in "0123456789" for digit in value):
            retry = int(value)
    return {"events": events, "lastEventId": last_id, "retry": retry, "comments": comments}
