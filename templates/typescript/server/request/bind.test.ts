import { type DescMessage, isMessage, type Message, toJson } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { describe, expect, test } from "vitest";
import { GetQuoteRequestSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { type Params, ParamsSchema } from "../../../../test/gen/vectors/v1/http_rule_pb.js";
import type { HttpBinding } from "../../shared/method.js";
import { buildMessages } from "../../testing/build-message.js";
import { BindError, type BindOptions, createBinder, type FieldViolation, type RequestContent } from "./bind.js";

describe("path", () => {
  const kinds = (...fields: [string, ...string[]][]): HttpBinding => ({
    method: "GET",
    path: `/v1${fields.map((field) => `/{${field.join(".")}}`).join("")}`,
    variables: fields.map((field) => ({ field })),
  });

  test("takes every scalar and enum, at any depth", () => {
    const binding = kinds(
      ["fDouble"],
      ["fInt64"],
      ["fBool"],
      ["fBytes"],
      ["fColor"],
      ["oString"],
      ["cInt32"],
      ["nested", "inner", "name"],
    );
    const variables = ["-0", "-9223372036854775808", "true", "-_8", "NEG", "%E2%82%AC%2F", "0", "x%20y"];
    expect(bind(binding, { variables })).toMatchObject({
      fDouble: -0,
      fInt64: -(2n ** 63n),
      fBool: true,
      fBytes: new Uint8Array([0xfb, 0xff]),
      fColor: -3,
      oString: "\u20ac/",
      choice: { case: "cInt32", value: 0 },
      nested: { inner: { name: "x y" } },
    });
  });

  test("decodes a variable of one segment whole, and leaves %2F in one that spans them", () => {
    const binding: HttpBinding = {
      method: "GET",
      path: "/v1/{f_string}/{o_string=a/*}/{snake_case_name=**}:read",
      variables: [{ field: ["fString"] }, { field: ["oString"] }, { field: ["snakeCaseName"] }],
    };
    expect(bind(binding, { variables: ["a%2Fb", "a/b%2fc%20", "%252F"] })).toMatchObject({
      fString: "a/b",
      oString: "a/b%2fc ",
      snakeCaseName: "%2F",
    });
  });

  test.each([
    ["fInt32", "x", "f_int32", '"x" is not an integer from -2147483648 to 2147483647'],
    ["fInt32", "", "f_int32", '"" is not an integer from -2147483648 to 2147483647'],
    ["fColor", "red", "f_color", '"red" is not a value of vectors.v1.Color'],
    ["fString", "%zz", "f_string", '"%zz" is not percent-encoded UTF-8'],
    ["fString", "%FF", "f_string", '"%FF" is not percent-encoded UTF-8'],
    ["fString", "%", "f_string", '"%" is not percent-encoded UTF-8'],
  ])("%s refuses %j", (field, raw, path, description) => {
    expect(violations(kinds([field]), { variables: [raw] })).toEqual([{ field: path, description }]);
  });

  test("mistakes of path and query are reported together", () => {
    expect(
      violations(kinds(["nested", "amount"]), { variables: ["x"], query: "f_int32=y" }).map(({ field }) => field),
    ).toEqual(["nested.amount", "f_int32"]);
  });

  test("a table that is not of the message is refused at once", () => {
    expect(() => createBinder(ParamsSchema, kinds(["nope"]))).toThrow('has no variable "nope" of vectors.v1.Params');
    expect(() => createBinder(ParamsSchema, { ...kinds(["fInt32"]), path: "/v1" })).toThrow(
      '"/v1" has no variable "fInt32"',
    );
    expect(() => createBinder(ParamsSchema, { method: "PUT", path: "/", body: { field: "nope" } })).toThrow(
      'has no field "nope"',
    );
  });
});

describe("JSON body", () => {
  const whole: HttpBinding = { method: "POST", path: "/v1", body: "*" };
  const field = (name: string): HttpBinding => ({ method: "POST", path: "/v1", body: { field: name } });

  test("is the message, unknown fields ignored", () => {
    expect(bindBody(whole, '{"fInt32":1,"f_string":"x","nope":{"a":[1]},"nested":{"name":"y","nope":1}}')).toEqual({
      fInt32: 1,
      fString: "x",
      nested: { name: "y" },
    });
  });

  test("or refused, when the options of fromJson say so", () => {
    expect(violations(whole, { body: bytes('{"nope":1}') }, { json: { ignoreUnknownFields: false } })).toEqual([
      { field: "", description: 'key "nope" is unknown' },
    ]);
  });

  test.each([
    ["nested", '{"name":"x"}', { nested: { name: "x" } }],
    ["nested", "{}", { nested: {} }],
    ["nested", "null", {}],
    ["fString", '"x"', { fString: "x" }],
    ["fInt64", '"5"', { fInt64: "5" }],
    ["rInt32", "[1,2]", { rInt32: [1, 2] }],
    ["mNested", '{"a":{"name":"x"}}', { mNested: { a: { name: "x" } } }],
    ["ts", '"2021-01-01T00:00:00Z"', { ts: "2021-01-01T00:00:00Z" }],
    ["val", "null", { val: null }],
    ["st", '{"a":[1]}', { st: { a: [1] } }],
    ["cNested", "{}", { cNested: {} }],
  ])("is the field %s: %s", (name, body, json) => {
    expect(bindBody(field(name), body)).toEqual(json);
  });

  test("that is empty sets nothing", () => {
    for (const binding of [whole, field("nested"), field("fString")]) {
      expect(bindBody(binding, "")).toEqual({});
      expect(bind(binding, { body: undefined })).toMatchObject({ fInt32: 0 });
    }
  });

  test("is not read where the binding has none", () => {
    expect(bindBody({ method: "GET", path: "/v1" }, "{")).toEqual({});
    expect(createBinder(ParamsSchema, { method: "GET", path: "/v1" }).body).toBe("none");
    expect(createBinder(ParamsSchema, whole).body).toBe("json");
  });

  test("yields to the path, and to nothing else", () => {
    const binding: HttpBinding = {
      method: "POST",
      path: "/v1/{f_string}/{nested.name}",
      variables: [{ field: ["fString"] }, { field: ["nested", "name"] }],
      body: "*",
    };
    const body = bytes('{"fString":"x","nested":{"name":"y","amount":1}}');
    expect(bind(binding, { variables: ["a", "b"], query: "nested.amount=2", body })).toMatchObject({
      fString: "a",
      nested: { name: "b", amount: 1 },
    });
    expect(bind(binding, { variables: ["a", "b"] })).toMatchObject({ nested: { name: "b" } });
  });

  test("with a oneof that path or query set too is refused", () => {
    const path: HttpBinding = {
      method: "POST",
      path: "/v1/{c_string}",
      variables: [{ field: ["cString"] }],
      body: "*",
    };
    const beside = 'is set beside "c_int32" of the same oneof: leave one of them out';
    expect(violations(path, { variables: ["x"], body: bytes('{"cInt32":1}') })).toEqual([
      { field: "c_string", description: beside },
    ]);
    expect(violations(field("cInt32"), { query: "c_nested.name=x", body: bytes("1") })).toEqual([
      { field: "c_nested", description: beside },
    ]);
    const inner: HttpBinding = { ...path, path: "/v1/{c_nested.name}", variables: [{ field: ["cNested", "name"] }] };
    expect(violations(inner, { variables: ["x"], body: bytes('{"cInt32":1}') })).toEqual([
      { field: "c_nested", description: beside },
    ]);
    expect(bind(inner, { variables: ["x"], body: bytes('{"cNested":{"amount":1}}') })).toMatchObject({
      choice: { value: { name: "x", amount: 1 } },
    });
  });

  test.each([
    ['{"fInt32":"x"}', "f_int32", '"x" is not an integer from -2147483648 to 2147483647'],
    ['{"f_int32":1.5}', "f_int32", "1.5 is not an integer from -2147483648 to 2147483647"],
    ['{"fString":1}', "f_string", "1 is not text"],
    ['{"fString":"\\ud800"}', "f_string", '"\ud800" is not text'],
    ['{"fBool":"true"}', "f_bool", '"true" is not "true" or "false"'],
    ['{"fColor":true}', "f_color", "true is not a value of vectors.v1.Color"],
    [
      '{"nested":{"inner":{"amount":[]}}}',
      "nested.inner.amount",
      "a list is not an integer from -2147483648 to 2147483647",
    ],
    ['{"nested":1}', "nested", "1 is not a vectors.v1.Nested"],
    ['{"rNested":[{},{"name":"x"},{"name":7}]}', "r_nested[2].name", "7 is not text"],
    ['{"rInt32":[1,null]}', "r_int32[1]", "null is not an integer from -2147483648 to 2147483647"],
    ['{"rInt32":1}', "r_int32", "1 is not a list"],
    ['{"rTs":["2021-01-01T00:00:00Z","x"]}', "r_ts[1]", '"x" is not a time as in 2026-01-31T09:30:00Z'],
    ['{"mNested":{"a":{},"b":{"on":1}}}', 'm_nested["b"].on', '1 is not "true" or "false"'],
    ['{"mString":[]}', "m_string", "a list is not an object"],
    ['{"wInt32":"x"}', "w_int32", '"x" is not an integer from -2147483648 to 2147483647'],
    ['{"ts":{}}', "ts", "an object is not a time as in 2026-01-31T09:30:00Z"],
    ['{"any":{"@type":"x"}}', "any", "an object is not a google.protobuf.Any"],
    ["[]", "", "a list is not a vectors.v1.Params"],
    ["null", "", "null is not a vectors.v1.Params"],
    ['{"cString":"a","cInt32":1}', "choice", "oneof set multiple times by c_string and c_int32"],
    ['{"fInt32":1,"f_int32":1}', "f_int32", "set multiple times"],
    ['{"mString":{"__proto__":"x"}}', "", 'the key "__proto__" is not supported'],
    ['{"st":{"a":[{"\\u005f_proto__":{}}]}}', "", 'the key "__proto__" is not supported'],
  ])("%s is refused with its place", (body, path, description) => {
    expect(violations(whole, { body: bytes(body) })).toEqual([{ field: path, description }]);
  });

  test("a text of that key is one", () => {
    expect(bindBody(whole, '{"fString":"__proto__","mString":{"constructor":"\\u005f"}}')).toEqual({
      fString: "__proto__",
      mString: { constructor: "_" },
    });
  });

  test("that is no JSON, or no UTF-8", () => {
    expect(violations(whole, { body: bytes("{") })).toMatchObject([
      { field: "", description: expect.stringMatching(/^the body is not JSON: /) },
    ]);
    expect(violations(whole, { body: new Uint8Array([0x22, 0xff, 0x22]) })).toEqual([
      { field: "", description: "the body is not UTF-8" },
    ]);
    expect(violations(whole, { body: bytes('{"__proto__":{"fInt32":1}}') })).toHaveLength(1);
    expect(bindBody(whole, '\ufeff{"fInt32":1}')).toEqual({ fInt32: 1 });
  });

  // Each would overflow the stack, or take minutes, done the simple way: the test's limit ends it.
  test.each([
    ["lists", "[".repeat(2_000_000)],
    ["closed lists", "[".repeat(2_000_000) + "]".repeat(2_000_000)],
    ["an unknown field", `{"nope":${"[".repeat(1_000_000)}"__proto__"${"]".repeat(1_000_000)}}x`],
    ["messages in a field", `{"nested":${'{"inner":'.repeat(5_000)}1${"}".repeat(5_000)}}`],
    ["a Struct", `{"st":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}}`],
    ["a late error", `{"rNested":[${'{"name":"x"},'.repeat(200_000)}{"name":1}]}`],
    ["a deep late error", `{"nested":${'{"inner":'.repeat(90)}{"tags":[${'"x",'.repeat(10_000)}1]}${"}".repeat(90)}}`],
    ["a huge number", `{"fInt64":${"9".repeat(1_000_000)}}`],
    ["a huge exponent", `{"fDouble":1e${"9".repeat(1_000_000)}}`],
    ["a huge integer in quotes", `{"fInt64":"${"9".repeat(300_000)}"}`],
    [
      "many unknown fields, and an error",
      `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`).join(",")},"fInt32":"x"}`,
    ],
  ])("made of %s is refused", (_, body) => {
    expect(violations(whole, { body: bytes(body) }).length).toBeGreaterThan(0);
  });

  test("mistakes in a large body are reported in the same way", () => {
    const body = (length: number) => bytes(`{"nested":{"inner":{"tags":[${'"x",'.repeat(length)}1]}}}`);
    expect(violations(whole, { body: body(3) })).toMatchObject([{ field: "nested.inner.tags[3]" }]);
    expect(violations(whole, { body: body(100_000) })).toMatchObject([{ field: "nested.inner.tags[100000]" }]);
  });

  test("is the empty message where there is none, unless that is not valid", () => {
    for (const body of [undefined, bytes("")]) {
      expect(bind(whole, { body })).toMatchObject({ fInt32: 0 });
      expect(violations({ ...whole, bodyRequired: true }, { body })).toEqual([
        { field: "", description: "the request has no body" },
      ]);
    }
    expect(bind({ ...whole, bodyRequired: true }, { body: bytes("{}") })).toMatchObject({ fInt32: 0 });
  });

  test("what nests deeper than fromJson reads says so", () => {
    const body = bytes(`{"nested":${'{"inner":'.repeat(5_000)}{}${"}".repeat(5_000)}}`);
    expect(violations(whole, { body })).toEqual([
      { field: "", description: "the JSON nests deeper than 100 messages" },
    ]);
  });
});

describe("google.api.HttpBody", () => {
  const message = buildMessages("google.api", {
    HttpBody: [
      { name: "content_type", type: "string", jsonName: "contentType" },
      { name: "data", type: "bytes" },
    ],
    Upload: [
      { name: "name", type: "string" },
      { name: "file", type: ".google.api.HttpBody" },
      { name: "overwrite", type: "bool" },
    ],
  });
  const body = new Uint8Array([0, 0xff, 0x7b]);

  test("as the request", () => {
    const binder = createBinder(message("HttpBody"), { method: "POST", path: "/raw", body: "*", rawBody: true });
    expect(binder.body).toBe("bytes");
    expect(
      json(message("HttpBody"), binder.bind({ variables: [], query: "", body, contentType: "image/png" })),
    ).toEqual({
      contentType: "image/png",
      data: "AP97",
    });
    expect(json(message("HttpBody"), binder.bind({ variables: [], query: "" }))).toEqual({});
  });

  test("as a field", () => {
    const binder = createBinder(message("Upload"), {
      method: "PUT",
      path: "/files/{name}",
      variables: [{ field: ["name"] }],
      body: { field: "file" },
      rawBody: true,
    });
    expect(binder.body).toBe("bytes");
    const parts = { variables: ["a"], query: "overwrite=1&file.data=YQ" };
    expect(json(message("Upload"), binder.bind({ ...parts, body, contentType: "text/csv" }))).toEqual({
      name: "a",
      file: { contentType: "text/csv", data: "AP97" },
      overwrite: true,
    });
    expect(
      json(message("Upload"), binder.bind({ ...parts, body: new Uint8Array(), contentType: "text/csv" })),
    ).toMatchObject({
      file: { contentType: "text/csv" },
    });
    expect(json(message("Upload"), binder.bind(parts))).toEqual({ name: "a", overwrite: true });
  });

  test("is none of the query", () => {
    const binder = createBinder(message("Upload"), { method: "PUT", path: "/files" });
    expect(() => binder.bind({ variables: [], query: "file.data=YQ" })).toThrow("file: cannot be a query parameter");
  });

  function json(desc: DescMessage, message: Message) {
    return toJson(desc, reflect(desc, message).message);
  }
});

test("a message of the market", () => {
  const binder = createBinder(GetQuoteRequestSchema, {
    method: "GET",
    path: "/v1/quotes/{symbol}",
    variables: [{ field: ["symbol"] }],
  });
  expect(binder.bind({ variables: ["BRK.B"], query: "" })).toEqual({
    $typeName: "market.v1.GetQuoteRequest",
    symbol: "BRK.B",
  });
});

test("an error says in one line what is wrong", () => {
  const error = new BindError([
    { field: "a", description: "is required" },
    { field: "", description: "the body is not UTF-8" },
  ]);
  expect(error.message).toBe("a: is required; the body is not UTF-8");
});

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function bind(binding: HttpBinding, parts: Partial<RequestContent>, options?: BindOptions): Params {
  const message = createBinder(ParamsSchema, binding, options).bind({ variables: [], query: "", ...parts });
  if (!isMessage(message, ParamsSchema)) {
    throw new Error(`unexpected ${message.$typeName}`);
  }
  return message;
}

function bindBody(binding: HttpBinding, body: string) {
  return toJson(ParamsSchema, bind(binding, { body: bytes(body) }));
}

function violations(
  binding: HttpBinding,
  parts: Partial<RequestContent>,
  options?: BindOptions,
): readonly FieldViolation[] {
  try {
    bind(binding, parts, options);
    return [];
  } catch (error) {
    if (error instanceof BindError) {
      return error.violations;
    }
    throw error;
  }
}
