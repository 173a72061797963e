import { once } from "node:events";
import { createServer } from "node:http";
import { create, fromJson, isMessage, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { EmptySchema, NullValue } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NestedSchema, type Params, ParamsSchema } from "../../../../test/gen/vectors/v1/http_rule_pb.js";
import { type BoundRequest, bindRequest } from "../../client/request/bind-request.js";
import type { JsonValue } from "../../shared/json.js";
import type { HttpBinding, MethodHttp } from "../../shared/method.js";
import { createBinder } from "./bind.js";
import { createRouter } from "./router.js";

const often = <T>(arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ arbitrary, weight: 20 });
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> => ({ arbitrary, weight: 1 });

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom(
    "",
    "a",
    "null",
    "true",
    "0",
    "%",
    "%2F",
    "%2f",
    "%25",
    "+",
    "a/b",
    "/",
    "//",
    "a:b",
    "[x]",
    ".",
    "..",
    "a.b",
    "?",
    "#",
    "\\",
    "\0",
    "\r\n",
    "\ufeff",
    "\u2028",
  ),
);
const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
const uint32 = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32 - 1));
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 2n ** 63n - 1n, -(2n ** 63n)),
);
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 64n - 1n));
const double = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, Number.MAX_VALUE),
);
const float = fc.oneof(fc.float(), fc.constantFrom(0, -0, Number.NaN, 2 ** 128 - 2 ** 104));
const bool = fc.boolean();
// Fresh memory, as the bytes of fast-check may be views of more.
const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => new Uint8Array([...array]));
const color = fc.oneof(fc.constantFrom(0, 1, 2, -3), int32);
const mapKey = text.filter((key) => key !== "__proto__");
const seconds = fc.oneof(
  fc.bigInt({ min: -62135596800n, max: 253402300799n }),
  fc.constantFrom(0n, -62135596800n, 253402300799n),
);
const timestamp = fc.record({ seconds, nanos: fc.oneof(fc.nat(999_999_999), fc.constantFrom(0, 500_000_000, 1)) });
const duration = fc
  .tuple(fc.bigInt({ min: -315576000000n, max: 315576000000n }), fc.nat(999_999_999))
  .map(([seconds, nanos]) => ({ seconds, nanos: seconds < 0n ? -nanos : nanos }));
const fieldMask = fc.record({ paths: fc.array(fc.constantFrom("a", "display_name", "a.b_c.d"), { maxLength: 3 }) });
const nested: fc.Arbitrary<MessageInitShape<typeof NestedSchema>> = fc.letrec<{
  nested: MessageInitShape<typeof NestedSchema>;
}>((tie) => ({
  nested: fc.record(
    {
      name: text,
      amount: int32,
      on: bool,
      tags: fc.array(text, { maxLength: 3 }),
      inner: fc.option(tie("nested"), { nil: undefined, maxDepth: 3 }),
    },
    // An empty message is refused in a query: few of them are enough.
    { requiredKeys: ["amount"] },
  ),
})).nested;

/** Every field that a query can hold. */
const queryable = fc.record(
  {
    fDouble: double,
    fFloat: float,
    fInt32: int32,
    fInt64: int64,
    fUint32: uint32,
    fUint64: uint64,
    fSint32: int32,
    fSint64: int64,
    fFixed32: uint32,
    fFixed64: uint64,
    fSfixed32: int32,
    fSfixed64: int64,
    fBool: bool,
    fString: text,
    fBytes: bytes,
    fColor: color,
    nested,
    rInt32: fc.array(int32, { maxLength: 3 }),
    rInt64: fc.array(int64, { maxLength: 3 }),
    rString: fc.array(text, { maxLength: 3 }),
    rBool: fc.array(bool, { maxLength: 3 }),
    rBytes: fc.array(bytes, { maxLength: 3 }),
    rDouble: fc.array(double, { maxLength: 3 }),
    rColor: fc.array(color, { maxLength: 3 }),
    rTs: fc.array(timestamp, { maxLength: 2 }),
    rWstring: fc.array(fc.record({ value: text }), { maxLength: 2 }),
    oString: text,
    oInt32: int32,
    oBool: bool,
    oColor: color,
    choice: fc.oneof(
      often(fc.record({ case: fc.constant("cString" as const), value: text })),
      often(fc.record({ case: fc.constant("cInt32" as const), value: int32 })),
      often(fc.record({ case: fc.constant("cNested" as const), value: nested })),
      rarely(fc.record({ case: fc.constant("cEmpty" as const), value: fc.constant(create(EmptySchema)) })),
    ),
    mString: fc.dictionary(mapKey, text, { maxKeys: 3, noNullPrototype: true }),
    mInt32: fc.array(fc.tuple(int32, bool), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
    ts: timestamp,
    dur: duration,
    mask: fieldMask,
    wDouble: double,
    wFloat: float,
    wInt64: int64,
    wUint64: uint64,
    wInt32: int32,
    wUint32: uint32,
    wBool: bool,
    wString: text,
    wBytes: bytes,
    empty: fc.oneof(often(fc.constant(undefined)), rarely(fc.constant(create(EmptySchema)))),
    fNull: fc.constant(NullValue.NULL_VALUE),
    snakeCaseName: text,
    renamed: text,
  },
  { requiredKeys: [] },
);

/** What only a body can. */
const inBody = fc.record(
  {
    rNested: fc.array(nested, { maxLength: 2 }),
    mNested: fc.dictionary(mapKey, nested, { maxKeys: 2, noNullPrototype: true }),
    st: fc.dictionary(mapKey, fc.oneof(text, bool, fc.constant(null)), { maxKeys: 2, noNullPrototype: true }),
    val: fc.constant({ kind: { case: "nullValue" as const, value: NullValue.NULL_VALUE } }),
  },
  { requiredKeys: [] },
);

const maps = { mString: { map: true }, mInt32: { map: true } } as const;

const severalSegments: MethodHttp = {
  bindings: [
    { method: "GET", path: "/v1/{f_string=a/*}:one", variables: [{ field: ["fString"] }], query: { "": maps } },
    {
      method: "GET",
      path: "/v1/{snake_case_name=**}/tail/{f_string}",
      variables: [{ field: ["snakeCaseName"] }, { field: ["fString"] }],
      query: { "": maps },
    },
    { method: "GET", path: "/v1/{f_string=**}", variables: [{ field: ["fString"] }], query: { "": maps } },
    { method: "GET", path: "/", query: { "": maps } },
  ],
};

const pathAndBody: MethodHttp = {
  bindings: [
    {
      method: "POST",
      path: "/v1/{f_string}/{nested.name}",
      variables: [{ field: ["fString"] }, { field: ["nested", "name"] }],
      body: "*",
    },
    {
      method: "PUT",
      path: "/v1/{nested.amount}",
      variables: [{ field: ["nested", "amount"], implicit: "0" }],
      body: { field: "nested" },
      query: { "": maps },
    },
    { method: "PUT", path: "/v1", body: { field: "cNested" }, query: { "": maps } },
  ],
};

const methods: Readonly<Record<string, MethodHttp>> = {
  "all in the query": one({ method: "GET", path: "/v1/params", query: { "": maps } }),
  "a query of other names": one({
    method: "DELETE",
    path: "/v1:remove",
    query: {
      "": {
        ...maps,
        mString: { map: true, name: "filter[by]" },
        fInt32: { name: "page[size]", required: true, implicit: "0" },
        fInt64: { name: "page" },
        fBool: { name: "a=b&c+d %", required: true, implicit: "false" },
        nested: { name: "n", message: "vectors.v1.Nested" },
        cNested: { message: "vectors.v1.Nested" },
      },
      "vectors.v1.Nested": {
        name: { name: "called.so" },
        inner: { name: "n", message: "vectors.v1.Nested" },
        amount: { required: true, implicit: "0" },
      },
    },
  }),
  "scalars in the path": one({
    method: "GET",
    path: "/v1/{f_double}/{f_float}/{f_int32}/x/{f_int64}/{f_uint32}/{f_uint64}/{f_bool}/{f_color}/{f_fixed64}:get",
    variables: [
      { field: ["fDouble"], implicit: "0" },
      { field: ["fFloat"], implicit: "0" },
      { field: ["fInt32"], implicit: "0" },
      { field: ["fInt64"], implicit: "0" },
      { field: ["fUint32"], implicit: "0" },
      { field: ["fUint64"], implicit: "0" },
      { field: ["fBool"], implicit: "false" },
      { field: ["fColor"], implicit: "COLOR_UNSPECIFIED" },
      { field: ["fFixed64"], implicit: "0" },
    ],
    query: { "": maps },
  }),
  "text in the path, or in the query": {
    bindings: [
      {
        method: "GET",
        path: "/v1/{f_string}/{nested.name}/{f_bytes}",
        variables: [{ field: ["fString"] }, { field: ["nested", "name"] }, { field: ["fBytes"] }],
        query: { "": maps },
      },
      {
        method: "GET",
        path: "/v1/{nested.inner.name}:inner",
        variables: [{ field: ["nested", "inner", "name"] }],
        query: { "": maps },
      },
      { method: "GET", path: "/v1/{c_string}", variables: [{ field: ["cString"] }], query: { "": maps } },
      { method: "GET", path: "/v1", query: { "": maps } },
    ],
  },
  "text of several segments": severalSegments,
  "all in the body": one({ method: "POST", path: "/v1/params", body: "*" }),
  "path and body": pathAndBody,
  "a field of text as the body": one({ method: "PUT", path: "/v1", body: { field: "fString" }, query: { "": maps } }),
};

describe("the server reads what the client wrote:", () => {
  for (const [name, http] of Object.entries(methods)) {
    test(name, () => {
      const server = serverOf(http);
      const wholeBody = http.bindings.every(({ body }) => body === "*");
      const init = wholeBody ? fc.tuple(queryable, inBody).map(([a, b]) => ({ ...a, ...b })) : queryable;
      let sent = 0;
      fc.assert(
        fc.property(init, (init) => {
          const message = create(ParamsSchema, init);
          const request = clientOf(http, message);
          if (typeof request === "string") {
            expect(holdsEmpty(toJson(ParamsSchema, message)), request).toBe(true);
            return;
          }
          sent++;
          const url = new URL(`http://host${request.path}`);
          const body = request.body === undefined ? undefined : JSON.stringify(request.body);
          expectSame(server(request.method, url.pathname, url.search, body), message, body !== undefined);
        }),
        { numRuns: 500 },
      );
      expect(sent).toBeGreaterThan(100);
    });
  }

  test("over HTTP", async () => {
    const received: Params[] = [];
    const http: MethodHttp = {
      bindings: [severalSegments.bindings[0], ...severalSegments.bindings.slice(1, 3), ...pathAndBody.bindings],
    };
    const serve = serverOf(http);
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      const url = new URL(request.url ?? "", "http://host");
      received.push(serve(request.method ?? "", url.pathname, url.search, Buffer.concat(chunks).toString()));
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") {
      throw new Error("no port");
    }
    try {
      for (const init of fc.sample(queryable, 200)) {
        const message = create(ParamsSchema, init);
        const request = clientOf(http, message);
        if (typeof request === "string") {
          continue;
        }
        const body = request.body === undefined ? null : JSON.stringify(request.body);
        const response = await fetch(`http://127.0.0.1:${address.port}${request.path}`, {
          method: request.method,
          body,
        });
        await response.arrayBuffer();
        expect(response.status).toBe(200);
        const [bound, ...more] = received.splice(0);
        expect(more).toEqual([]);
        if (bound === undefined) {
          throw new Error("nothing was received");
        }
        expectSame(bound, message, body !== null);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

function one(binding: HttpBinding): MethodHttp {
  return { bindings: [binding] };
}

function serverOf({ bindings }: MethodHttp): (method: string, path: string, query: string, body?: string) => Params {
  const router = createRouter(
    bindings.map((binding) => ({
      method: binding.method,
      path: binding.path,
      value: createBinder(ParamsSchema, binding),
    })),
  );
  return (method, path, query, body) => {
    const match = router.match(method, path);
    if (match.kind !== "match") {
      throw new Error(`${match.kind}: ${method} ${path}`);
    }
    const message = match.value.bind({
      variables: match.variables,
      query,
      body: body === undefined ? undefined : new TextEncoder().encode(body),
    });
    if (!isMessage(message, ParamsSchema)) {
      throw new Error(`unexpected ${message.$typeName}`);
    }
    return message;
  };
}

/** What the client sends, or why it does not. */
function clientOf(http: MethodHttp, message: Params): BoundRequest | string {
  try {
    return bindRequest(http, toJson(ParamsSchema, message));
  } catch (error) {
    if (error instanceof RangeError) {
      return error.message;
    }
    throw error;
  }
}

/** Whether a message is set whose JSON is `{}`: all that the last binding of each method cannot carry. */
function holdsEmpty(json: JsonValue): boolean {
  if (typeof json !== "object" || json === null) {
    return false;
  }
  const values = Object.values(json);
  return values.some(holdsEmpty) || (!Array.isArray(json) && values.length === 0);
}

function expectSame(bound: Params, message: Params, isJson: boolean): void {
  // JSON.stringify writes -0 as 0.
  const reread = (params: Params) =>
    isJson ? fromJson(ParamsSchema, JSON.parse(JSON.stringify(toJson(ParamsSchema, params)))) : params;
  expect(toJson(ParamsSchema, reread(bound))).toEqual(toJson(ParamsSchema, reread(message)));
  expect(toBinary(ParamsSchema, reread(bound))).toEqual(toBinary(ParamsSchema, reread(message)));
}
