import json
from typing import Any

import pytest

from .bind_request import bind_request, encode
from .errors import MessageError
from .method import Binding, QueryField


def bind(request: Any, path: str = "/v1", **fields: Any) -> tuple[str, Any]:
    bound = bind_request((Binding(verb="GET", path=path, **fields),), request)
    return bound.path, bound.body if bound.has_body else "none"


NAME = (("name",),)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("/v1/{name}", "a", "/v1/a"),
        ("/v1/{name}", "a/b ?#%é🦊", "/v1/a%2Fb%20%3F%23%25%C3%A9%F0%9F%A6%8A"),
        ("/v1/{name}", "!~*'()-_.", "/v1/!~*'()-_."),
        ("/v1/{name=shelves/*}", "shelves/a b", "/v1/shelves/a%20b"),
        ("/v1/{name=shelves/*/books/*}:read", "shelves/1/books/2", "/v1/shelves/1/books/2:read"),
        ("/v1/{name=**}", "a/b/c", "/v1/a/b/c"),
        ("/v1/{name=files/**}", "files/a/b", "/v1/files/a/b"),
        ("/v1/{name=files/**}", "files", "/v1/files"),
        ("/v1/{name=files/**/end}", "files/a/b/end", "/v1/files/a/b/end"),
        ("/v1/{name=a%20b/*}", "a b/c", "/v1/a%20b/c"),
        ("/v1/{name}", 5, "/v1/5"),
        ("/v1/{name}", True, "/v1/true"),
        ("/v1/{name}", "", None),
        ("/v1/{name}", ".", None),
        ("/v1/{name}", "..", None),
        ("/v1/{name}", "...", "/v1/..."),
        ("/v1/{name=shelves/*}", "shelves/..", None),
        ("/v1/{name=shelves/*}", "shelves/a/b", None),
        ("/v1/{name=shelves/*}", "books/a", None),
        ("/v1/{name=**}", "a//b", None),
        ("/v1/{name}", {}, None),
        ("/v1/{name}", "\ud800", None),
    ],
)
def test_path(path: str, value: object, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(MessageError):
            bind({"name": value}, path, variables=NAME)
    else:
        assert bind({"name": value}, path, variables=NAME) == (expected, "none")


def test_error_of_a_path_names_the_field() -> None:
    with pytest.raises(MessageError, match=r'"a\.b" is "", which "/v1/\{a\.b\}" cannot') as caught:
        bind({"a": {"c": 1}}, "/v1/{a.b}", variables=(("a", "b"),))
    assert caught.value.field == "a.b"


def test_implicit_values() -> None:
    variables = (("a", "b"), ("kind",))
    path = "/v1/{a.b}/{kind}"
    implicit = (None, "KIND_NONE")
    assert bind({"a": {"b": "1"}}, path, variables=variables, implicit=implicit)[0] == (
        "/v1/1/KIND_NONE"
    )
    # The implicit value of a field whose message is not set does not exist.
    with pytest.raises(MessageError):
        bind({"kind": "K"}, path, variables=variables, implicit=("0", None))


def test_variables_of_one_message() -> None:
    request = {"a": {"b": "1", "c": "2"}, "d": "3"}
    variables = (("a", "b"), ("a", "c"))
    assert bind(request, "/{a.b}/{a.c}", variables=variables) == ("/1/2?d=3", "none")
    assert bind(request, "/{a.b}/{a.c}", variables=variables, body="*") == ("/1/2", {"d": "3"})


@pytest.mark.parametrize(
    ("request_json", "fields", "expected"),
    [
        ({"a": "x y", "b": 1, "c": True}, {}, "/v1?a=x%20y&b=1&c=true"),
        ({"a": ["1", "2"], "n": None}, {}, "/v1?a=1&a=2"),
        ({"a": {"b": {"c": 1}}}, {}, "/v1?a.b.c=1"),
        ({"m": {"k": "v", "l": 2}}, {"": {"m": QueryField(map=True)}}, "/v1?m%5Bk%5D=v&m%5Bl%5D=2"),
        ({"userId": "7"}, {"": {"userId": QueryField(name="user_id")}}, "/v1?user_id=7"),
        ({}, {"": {"page": QueryField(required=True, implicit="0")}}, "/v1?page=0"),
        ({"page": 2}, {"": {"page": QueryField(required=True, implicit="0")}}, "/v1?page=2"),
        (
            {"f": {"userId": "7"}},
            {"": {"f": QueryField(message="F")}, "F": {"userId": QueryField(name="user_id")}},
            "/v1?f.user_id=7",
        ),
    ],
)
def test_query(request_json: Any, fields: Any, expected: str) -> None:
    assert bind(request_json, query=fields) == (expected, "none")


@pytest.mark.parametrize("request_json", [{"a": {}}, {"a": [{}]}, {"a": [[]]}, {"a": "\udfff"}])
def test_what_no_query_can_hold(request_json: Any) -> None:
    with pytest.raises(MessageError):
        bind(request_json)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.0, "0"),
        (1.5, "1.5"),
        (1e21, "1e%2B21"),
        (1e20, "100000000000000000000"),
        (1.5e300, "1.5e%2B300"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (5e-324, "5e-324"),
        (123456789012345680000.0, "123456789012345680000"),
        (0.1, "0.1"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_as_in_javascript(value: object, expected: str) -> None:
    assert bind({"a": value})[0] == f"/v1?a={expected}"


def test_body() -> None:
    assert bind({"a": 1, "b": {"c": 2}}, body="*") == ("/v1", {"a": 1, "b": {"c": 2}})
    assert bind({"a": 1, "b": {"c": 2}}, body="b") == ("/v1?a=1", {"c": 2})
    assert bind({"a": 1}, body="b") == ("/v1?a=1", "none")
    assert bind({}, body="*") == ("/v1", {})


def test_the_first_binding_that_can_carry_all() -> None:
    bindings = (
        Binding(verb="GET", path="/v1/{name}", variables=NAME),
        Binding(verb="POST", path="/v1", body="*"),
    )
    assert bind_request(bindings, {"name": "a"}).binding.verb == "GET"
    assert bind_request(bindings, {"name": ".."}).binding.verb == "POST"
    with pytest.raises(MessageError, match="shelves"):
        bind_request(
            (Binding(verb="GET", path="/{name=shelves/*}", variables=NAME), bindings[0]),
            {"name": ".."},
        )


def test_encode_is_json_safe() -> None:
    assert json.loads(json.dumps(encode("a&b=c"))) == "a%26b%3Dc"
