import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../shared/json.js";
import type { HttpBinding, MethodHttp } from "../../shared/method.js";
import { bindRequest } from "./bind-request.js";

describe("path", () => {
  test.each([
    ["/v1/quotes/{symbol}", "AAPL", "/v1/quotes/AAPL"],
    ["/v1/quotes/{symbol}", "a/b c?d#e%f+g:h;i", "/v1/quotes/a%2Fb%20c%3Fd%23e%25f%2Bg%3Ah%3Bi"],
    ["/v1/quotes/{symbol}", "\u20ac\u{1f600}\0\\\n", "/v1/quotes/%E2%82%AC%F0%9F%98%80%00%5C%0A"],
    ["/v1/quotes/{symbol}", "...", "/v1/quotes/..."],
    ["/v1/quotes/{symbol}", "%2e", "/v1/quotes/%252e"],
    ["/v1/quotes/{symbol}:watch", "a:b", "/v1/quotes/a%3Ab:watch"],
    ["/{symbol}", "x", "/x"],
    ["/v1/{symbol=shelves/*}/books", "shelves/a b", "/v1/shelves/a%20b/books"],
    ["/v1/{symbol=shelves/**}:read", "shelves/a/b%2Fc", "/v1/shelves/a/b%252Fc:read"],
    ["/v1/{symbol=shelves/**}", "shelves", "/v1/shelves"],
    ["/v1/{symbol=a/**/z}", "a/z", "/v1/a/z"],
    ["/v1/{symbol=a/**/z}", "a/b/c/z", "/v1/a/b/c/z"],
    ["/v1/{symbol=**}/tail", "a", "/v1/a/tail"],
    ["/v1/{symbol=**/*}", "a/b/c", "/v1/a/b/c"],
    ["/v1/{symbol=caf%C3%A9/%2A/*}", "caf\u00e9/*/x", "/v1/caf%C3%A9/%2A/x"],
    ["/v1/{symbol=x%2Fy/*}", "x%2Fy/z", "/v1/x%2Fy/z"],
    ["/v1/{symbol=x%2Fy}", "x/y", "/v1/x%2Fy"],
    ["/v1/{symbol=only}", "only", "/v1/only"],
  ])("%s of %j", (path, symbol, want) => {
    const http = one({ path, variables: [{ field: ["symbol"] }] });
    expect(bindRequest(http, { symbol })).toEqual({
      binding: http.bindings[0],
      method: "GET",
      path: want,
      body: undefined,
    });
  });

  test("keeps the pattern of a variable without a field", () => {
    expect(bindRequest(one({ path: "/v1/{symbol}/{side=sides/*}:read" }), {}).path).toBe("/v1/*/sides/*:read");
  });

  test.each(["/", "/v1", "/v1/a%20b:c"])("%s is taken as it is", (path) => {
    expect(bindRequest(one({ path }), {}).path).toBe(path);
  });

  test.each([
    ["/v1/{symbol}", ""],
    ["/v1/{symbol}", "."],
    ["/v1/{symbol}", ".."],
    ["/v1/{symbol}:watch", ".."],
    ["/v1/{symbol=**}", "a/../b"],
    ["/v1/{symbol=**}", "a/./b"],
    ["/v1/{symbol=**}", "a//b"],
    ["/v1/{symbol=**}", "/a"],
    ["/v1/{symbol=**}", "a/"],
    ["/v1/{symbol=**}", ""],
    ["/v1/{symbol=shelves/*}", "shelves/"],
    ["/v1/{symbol=shelves/*}", "shelves/.."],
    ["/v1/{symbol=shelves/*}", "books/1"],
    ["/v1/{symbol=shelves/*}", "shelves"],
    ["/v1/{symbol=shelves/*}", "shelves/1/2"],
    ["/v1/{symbol=shelves/*/books/*}", "shelves"],
    ["/v1/{symbol=a/**/z}", "a"],
    ["/v1/{symbol=a/**/z}", "a/b"],
    ["/v1/{symbol=only}", "other"],
    ["/v1/{symbol=x%2Fy}", "x%2Fy"],
  ])("%s refuses %j", (path, symbol) => {
    expect(() => bindRequest(one({ path, variables: [{ field: ["symbol"] }] }), { symbol })).toThrow(
      new RangeError(`"symbol" is "${symbol}", which "${path}" cannot hold`),
    );
  });

  test("half of a surrogate pair is no text, wherever it stands", () => {
    const get = one({ path: "/v1/{a}", variables: [{ field: ["a"] }], query: { "": { m: { map: true } } } });
    for (const [request, text] of [
      [{ a: "\ud800" }, "\ud800"],
      [{ a: "x", b: ["\udc00x"] }, "\udc00x"],
      [{ a: "x", m: { "\ud800": "x" } }, "m[\ud800]"],
    ] as const) {
      expect(() => bindRequest(get, request as JsonValue)).toThrow(
        new RangeError(`"${text}" is not valid text: it has half of a surrogate pair`),
      );
    }
  });

  test("what ProtoJSON leaves out is filled in, where the message that has it is there", () => {
    const get = one({
      path: "/v1/{count}/{item.kind}",
      variables: [
        { field: ["count"], implicit: "0" },
        { field: ["item", "kind"], implicit: "NONE" },
      ],
    });
    expect(bindRequest(get, { item: {} }).path).toBe("/v1/0/NONE");
    expect(bindRequest(get, { count: -0, item: { kind: 7, name: "x" } }).path).toBe("/v1/-0/7?item.name=x");
    expect(() => bindRequest(get, {})).toThrow('"item.kind" is ""');
    expect(() => bindRequest(get, { item: null })).toThrow('"item.kind" is ""');
  });

  test("names of Object.prototype are fields like others", () => {
    const get = one({ path: "/{constructor}", variables: [{ field: ["constructor"] }], query: { "": {} } });
    expect(bindRequest(get, JSON.parse('{"constructor":"a","toString":"b"}')).path).toBe("/a?toString=b");
    expect(() => bindRequest(get, {})).toThrow('"constructor" is ""');
    const plain = one({ path: "/", query: { "": {} } });
    expect(bindRequest(plain, JSON.parse('{"constructor":"a"}')).path).toBe("/?constructor=a");
  });
});

describe("the binding", () => {
  const http = {
    bindings: [
      { method: "GET", path: "/v1/{parent=shelves/*}/{name}", variables: [{ field: ["parent"] }, { field: ["name"] }] },
      { method: "GET", path: "/v1/{parent=racks/*}", variables: [{ field: ["parent"] }] },
      { method: "POST", path: "/v1", body: "*" },
    ],
  } as const satisfies MethodHttp;

  test("is the first whose variables are all set to what it takes", () => {
    expect(bindRequest(http, { parent: "shelves/1", name: "x" }).path).toBe("/v1/shelves/1/x");
    expect(bindRequest(http, { parent: "racks/1", name: "x" }).path).toBe("/v1/racks/1?name=x");
    expect(bindRequest(http, { parent: "shelves/1" })).toMatchObject({
      method: "POST",
      path: "/v1",
      body: { parent: "shelves/1" },
    });
    expect(bindRequest(http, { parent: "shelves/1", name: "" })).toMatchObject({ method: "POST" });
    expect(bindRequest(http, { parent: "shelves/1", name: null })).toMatchObject({ method: "POST" });
    expect(bindRequest(http, {})).toMatchObject({ method: "POST", path: "/v1", body: {} });
  });

  test("is another one, when the first cannot hold a value", () => {
    expect(bindRequest(http, { parent: "shelves/1", name: ".." })).toMatchObject({ method: "POST" });
    const get: MethodHttp = { bindings: [{ method: "GET", path: "/v1" }, http.bindings[2]] };
    expect(bindRequest(get, { page: {} })).toMatchObject({ method: "POST", body: { page: {} } });
  });

  test("when none matches: why not the first", () => {
    expect(() => bindRequest({ bindings: [http.bindings[0], http.bindings[1]] }, { parent: "x" })).toThrow(
      new RangeError('"parent" is "x", which "/v1/{parent=shelves/*}/{name}" cannot hold'),
    );
  });
});

describe("body", () => {
  const variables = [{ field: ["book", "name"] as const }];
  const request = { book: { name: "x", title: "t" }, mask: "title", zero: 0 };

  test("is all that the path leaves", () => {
    expect(bindRequest(one({ path: "/v1/{book.name}", variables, body: "*" }), request)).toMatchObject({
      method: "GET",
      path: "/v1/x",
      body: { book: { title: "t" }, mask: "title", zero: 0 },
    });
    expect(bindRequest(one({ path: "/v1/{book.name}", variables, body: "*" }), { book: { name: "x" } }).body).toEqual(
      {},
    );
    expect(request.book.name).toBe("x");
  });

  test("is a field, and the query is the rest", () => {
    const http = one({ path: "/v1/{book.name}", variables, body: { field: "book" } });
    expect(bindRequest(http, request)).toMatchObject({
      method: "GET",
      path: "/v1/x?mask=title&zero=0",
      body: { title: "t" },
    });
    expect(bindRequest(http, { book: { name: "x" } })).toMatchObject({ method: "GET", path: "/v1/x", body: undefined });
  });

  test("of an empty message is sent, of an absent field is not", () => {
    const http = one({ path: "/v1", body: { field: "book" } });
    expect(bindRequest(http, { book: {} }).body).toEqual({});
    expect(bindRequest(http, { book: null }).body).toBeNull();
    expect(bindRequest(http, {}).body).toBeUndefined();
  });

  test("may be any JSON, when the request is", () => {
    expect(bindRequest(one({ path: "/v1", body: "*" }), [1, null]).body).toEqual([1, null]);
  });
});

describe("query", () => {
  test.each<[string, JsonValue, string]>([
    ["scalars", { a: "x y&=+", b: 1e21, c: true, d: -0, e: "" }, "a=x%20y%26%3D%2B&b=1e%2B21&c=true&d=-0&e="],
    ["lists", { a: [1, "x", false], b: [] }, "a=1&a=x&a=false"],
    ["messages", { a: { b: { c: 1 }, d: "x" } }, "a.b.c=1&a.d=x"],
    ["null", { a: null }, ""],
    ["names", { "a&b": 1, "\u20ac": 2 }, "a%26b=1&%E2%82%AC=2"],
  ])("holds %s", (_, request, want) => {
    expect(bindRequest(one({ path: "/v1" }), request).path).toBe(want === "" ? "/v1" : `/v1?${want}`);
  });

  test("follows the table of names and maps, through messages", () => {
    const http = one({
      path: "/v1",
      query: {
        "": { labels: { name: "label", map: true }, page: { name: "p", message: "Page" }, plain: {} },
        Page: { size: { name: "n" }, inner: { message: "Page" }, marks: { map: true } },
      },
    });
    const request = {
      labels: { env: "a", "k[1].%": "b" },
      page: { size: 1, inner: { size: 2, marks: { x: true } }, other: { size: 3 } },
      plain: { size: 4 },
    };
    expect(decodeURIComponent(bindRequest(http, request).path)).toBe(
      "/v1?label[env]=a&label[k[1].%]=b&p.n=1&p.inner.n=2&p.inner.marks[x]=true&p.other.size=3&plain.size=4",
    );
  });

  test("holds a required field that ProtoJSON leaves out", () => {
    const http = one({
      path: "/v1",
      query: {
        "": { offset: { required: true, implicit: "0" }, q: { required: true }, page: { message: "Page" } },
        Page: { size: { name: "n", required: true, implicit: "0" } },
      },
    });
    expect(bindRequest(http, {}).path).toBe("/v1?offset=0");
    expect(bindRequest(http, { offset: 1, page: { x: 1 } }).path).toBe("/v1?offset=1&page.n=0&page.x=1");
  });

  test.each<[string, JsonValue]>([
    ["a", { a: {} }],
    ["a.b", { a: { b: {} } }],
  ])("cannot hold the empty message %s", (name, request) => {
    expect(() => bindRequest(one({ path: "/v1" }), request)).toThrow(
      new RangeError(`"${name}" is an empty message, which cannot be a query parameter`),
    );
  });

  test.each<[string, JsonValue]>([
    ["a", { a: [{}] }],
    ["a", { a: [null] }],
    ["a", { a: [[1]] }],
    ["m[k]", { m: { k: { a: 1 } } }],
  ])("cannot hold JSON in %s", (name, request) => {
    expect(() => bindRequest(one({ path: "/v1", query: { "": { m: { map: true } } } }), request)).toThrow(
      new RangeError(`"${name}" contains an object, which cannot be a query parameter`),
    );
  });

  test("has nothing of what the path holds", () => {
    const variables = [{ field: ["a", "b"] as const }, { field: ["c"] as const }];
    expect(bindRequest(one({ path: "/{a.b}/{c}", variables }), { a: { b: "x" }, c: "y", d: "z" }).path).toBe(
      "/x/y?d=z",
    );
  });
});

function one(binding: Omit<HttpBinding, "method">): MethodHttp {
  return { bindings: [{ method: "GET", ...binding }] };
}
