"""Splits a request message into the parts of an HTTP request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import JsonValue, MessageError
from .method import Binding, QueryField


@dataclass(frozen=True, slots=True)
class BoundRequest:
    """The parts of an HTTP request that a message fills."""

    binding: Binding
    """The binding of the request."""
    path: str
    """Path and query, percent-encoded. Starts with `/`, and follows the base URL."""
    has_body: bool
    body: JsonValue
    """The JSON of the body."""


def bind_request(bindings: tuple[Binding, ...], request: JsonValue) -> BoundRequest:
    """Split the ProtoJSON of a request by the first binding that can carry all of it.

    So the server reads the same message. Raises a `MessageError` if no binding can, with the reason
    of the first: a path variable without a value or with a value that does not match its pattern,
    or a value that no URL can hold: `.`, `..` or an empty string as a segment of the path, an empty
    message in the query, half of a surrogate pair.
    """
    first: MessageError | None = None
    for binding in bindings:
        try:
            return _bind(binding, request)
        except MessageError as error:
            first = first or error
    raise first or MessageError("the method has no binding")


def _bind(binding: Binding, request: JsonValue) -> BoundRequest:
    rest = request
    count = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal rest, count
        pattern, at = match[1] or "*", count
        count += 1
        field = binding.variables[at]
        implicit = binding.implicit[at] if binding.implicit else None
        # From the whole request: a message with two variables may be gone after the first.
        value, _ = _take(request, field, implicit)
        text = "" if value is None or isinstance(value, dict | list) else _to_text(value)
        expanded = _expand(pattern, text)
        if expanded is None:
            name = ".".join(field)
            raise MessageError(
                f'"{name}" is "{text}", which "{binding.path}" cannot hold', field=name
            )
        _, rest = _take(rest, field)
        return expanded

    path = re.sub(r"\{[^=}]*=?([^}]*)\}", fill, binding.path)
    content: JsonValue = None
    has_body = binding.body is not None
    if binding.body == "*":
        content, rest = rest, None
    elif binding.body is not None:
        has_body = isinstance(rest, dict) and binding.body in rest
        content, rest = _take(rest, (binding.body,))
    parameters: list[str] = []
    if isinstance(rest, dict):
        _add_fields(parameters, "", rest, binding.query.get("", {}), binding)
    return BoundRequest(
        binding, "?".join([path, *filter(None, ["&".join(parameters)])]), has_body, content
    )


def _add_fields(
    parameters: list[str],
    prefix: str,
    message: dict[str, JsonValue],
    fields: Mapping[str, QueryField],
    binding: Binding,
) -> None:
    for key, field in fields.items():
        if field.implicit is not None and message.get(key) is None:
            _add(parameters, prefix + (field.name or key), field.implicit)
    for key, value in message.items():
        field = fields.get(key, QueryField())
        name = prefix + (field.name or key)
        if isinstance(value, list):
            for item in value:
                _add(parameters, name, item)
        elif not isinstance(value, dict):
            if value is not None:
                _add(parameters, name, value)
        elif field.map:
            for entry, item in value.items():
                _add(parameters, f"{name}[{entry}]", item)
        elif value:
            inner = binding.query.get(field.message or "no message", {})
            _add_fields(parameters, f"{name}.", value, inner, binding)
        else:
            raise MessageError(f'"{name}" is an empty message, which cannot be a query parameter')


def _add(parameters: list[str], name: str, value: JsonValue) -> None:
    if value is None or isinstance(value, dict | list):
        raise MessageError(f'"{name}" contains an object, which cannot be a query parameter')
    parameters.append(f"{encode(name)}={encode(_to_text(value))}")


def query_text(query: Mapping[str, JsonValue]) -> str:
    """Return query parameters as text. None omits one."""
    parameters: list[str] = []
    for name, value in query.items():
        if value is not None:
            _add(parameters, name, value)
    return "&".join(parameters)


def _take(
    message: JsonValue, path: tuple[str, ...], implicit: str | None = None
) -> tuple[JsonValue, JsonValue]:
    """Return the value of a field, or its implicit value if its message is set, and the rest.

    The rest is the message without the field, and without messages that are empty then.
    """
    if not isinstance(message, dict):
        return None, message
    name, *inner = path
    others = {key: value for key, value in message.items() if key != name}
    value = message.get(name)
    if not inner:
        return implicit if value is None else value, others
    found, left = _take(value, tuple(inner), implicit)
    if isinstance(left, dict) and left:
        others[name] = left
    return found, others


def _expand(pattern: str, text: str) -> str | None:
    """Return the text of a path variable; None if its pattern or a URL cannot hold it."""
    literals = pattern.split("/")
    multi = len(literals) > 1 or pattern == "**"
    parts = text.split("/") if multi else [text]
    shape: list[str] = []
    for literal in literals:
        shape += ["*"] * (len(parts) - len(literals) + 1) if literal == "**" else [literal]
    if len(shape) != len(parts):
        return None
    filled: list[str] = []
    for literal, part in zip(shape, parts, strict=True):
        # URLs drop the dots (WHATWG URL, 4.4), and proxies merge slashes.
        if part in ("", ".", "..") if literal == "*" else decode_variable(literal, multi) != part:
            return None
        filled.append(encode(part) if literal == "*" else literal)
    return "/".join(filled)


def decode_variable(text: str, multi: bool) -> str:
    """Return the value of a path variable: a `%2F` of one that spans segments stays as it is."""
    from urllib.parse import unquote_to_bytes

    parts = re.split(r"(%2[Ff])", text) if multi else [text]
    return "".join(
        part if index % 2 else unquote_to_bytes(part).decode() for index, part in enumerate(parts)
    )


def _to_text(value: str | bool | float) -> str:
    """Return the text of a scalar; of a number as JavaScript writes it, which all servers read."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    if not value or 1e-6 <= abs(value) < 1e21:
        from decimal import Decimal  # rarely needed

        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def encode(text: str) -> str:
    """Percent-encode a part of a URL, as `encodeURIComponent` does."""
    # Imported with the first request, as the HTTP client is.
    from urllib.parse import quote

    try:
        return quote(text, safe="!~*'()")
    except UnicodeEncodeError as error:
        raise MessageError(
            f"{text!r} is not valid text: it has half of a surrogate pair"
        ) from error
