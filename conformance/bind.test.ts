/**
 * Everything that the client writes, the server reads back to the same message. And bind.json, where other languages
 * find what the client wrote: `UPDATE_GOLDEN=1` rewrites it.
 */
import { writeFileSync } from "node:fs";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Message,
  type MessageInitShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { EmptySchema, FileDescriptorSetSchema, NullValue } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReader } from "../src/annotations/read.js";
import { buildApi } from "../src/model/build.js";
import { methodTable } from "../src/model/method-table.js";
import { Problems } from "../src/problems.js";
import { type BoundRequest, bindRequest } from "../templates/typescript/client/request/bind-request.js";
import { createBinder } from "../templates/typescript/server/request/bind.js";
import { createRouter } from "../templates/typescript/server/request/router.js";
import type { MethodHttp } from "../templates/typescript/shared/method.js";
import { compile } from "../test/golden.js";
import { type BindRow, bindFile, readRows } from "./bind.js";
import { protos } from "./cases.js";

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
const nested: fc.Arbitrary<object> = fc.letrec<{ nested: object }>((tie) => ({
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

/** Query parameters with names of their own. */
const renamed = fc.record(
  {
    size: int32,
    page: int64,
    all: bool,
    text,
    filter: fc.dictionary(mapKey, text, { maxKeys: 3, noNullPrototype: true }),
    nested,
    choice: fc.oneof(
      fc.record({ case: fc.constant("cString" as const), value: text }),
      fc.record({ case: fc.constant("cNested" as const), value: nested }),
    ),
  },
  { requiredKeys: [] },
);

/** What only a body can hold, and the rest. */
const document = fc.record(
  {
    params: queryable,
    rNested: fc.array(nested, { maxLength: 2 }),
    mNested: fc.dictionary(mapKey, nested, { maxKeys: 2, noNullPrototype: true }),
    st: fc.dictionary(mapKey, fc.oneof(text, bool, fc.constant(null)), { maxKeys: 2, noNullPrototype: true }),
    val: fc.constant({ kind: { case: "nullValue" as const, value: NullValue.NULL_VALUE } }),
    lst: fc.record({
      values: fc.array(
        bool.map((value) => ({ kind: { case: "boolValue", value } })),
        { maxLength: 2 },
      ),
    }),
  },
  { requiredKeys: [] },
);

const requests: Readonly<Record<string, fc.Arbitrary<object>>> = {
  Params: queryable,
  Renamed: renamed,
  Document: document,
};

/** The methods that are about requests. */
const files = createFileRegistry(create(FileDescriptorSetSchema, { file: compile(protos) }));
const file = files.getFile("conformance/v1/conformance.proto");
const methods = buildApi(file ? [file] : [], createReader({ defaultBinding: false }), new Problems())
  .services.flatMap(({ methods }) => methods)
  .flatMap((method) => {
    const { name, input } = method.desc;
    const request = requests[input.name];
    // As JSON, the table is what a client has.
    const http: MethodHttp = JSON.parse(JSON.stringify(methodTable(method)));
    return request ? [{ name, input, http, request }] : [];
  });

describe("the server reads what the client wrote:", () => {
  test.each(methods)("$name", ({ input, http, request }) => {
    const server = serverOf(input, http);
    let sent = 0;
    fc.assert(
      fc.property(request, (init) => {
        const message = create(input, init as MessageInitShape<typeof input>);
        const bound = clientOf(input, http, message);
        if (typeof bound === "string") {
          expect(holdsEmpty(toJson(input, message)), bound).toBe(true);
          return;
        }
        sent++;
        check(server, input, message, bound);
      }),
      { numRuns: 500 },
    );
    expect(sent).toBeGreaterThan(100);
  });
});

describe("bind.json", () => {
  const rows = methods.flatMap(rowsOf);

  test("holds what the client writes", () => {
    if (process.env["UPDATE_GOLDEN"] === "1") {
      const ascii = (text: string) =>
        text.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
      writeFileSync(bindFile, `[\n${rows.map((row) => ascii(JSON.stringify(row))).join(",\n")}\n]\n`);
    }
    expect(rows).toEqual(readRows());
  });

  test.each(methods)("has every binding of $name", (method) => {
    const ofMethod = rows.filter((row) => row.method === method.name);
    expect(new Set(ofMethod.map(createBindingOf(method))).size).toBe(method.http.bindings.length);
  });

  test.each(methods.filter(isWhole))("has every field of $name", ({ name, input }) => {
    const ofMethod = rows.filter(({ method }) => method === name);
    const fields = ofMethod.flatMap(({ request }) => Object.keys(request as object));
    const missing = input.fields.map(({ jsonName }) => jsonName).filter((field) => !fields.includes(field));
    // An empty message cannot be a query parameter, and a NullValue has one value only.
    expect(missing.filter((field) => !["cEmpty", "empty", "fNull"].includes(field))).toEqual([]);
  });
});

/** The rows of a method, the same each time: some have one field, others the fields of the path and a few more. */
function rowsOf(method: (typeof methods)[number]): BindRow[] {
  const { input, http, request } = method;
  const inits = fc.sample(request, { seed: 1, numRuns: 400 });
  const keys = [...new Set(inits.flatMap((init) => Object.keys(init)))].sort();
  const valuesOf = (key: string) =>
    inits
      .flatMap((init) => (key in init ? [(init as Record<string, unknown>)[key]] : []))
      .filter((value) => isPlain(key, value))
      .map((value) => (key === "params" ? few(value as object) : value));
  const values = Object.fromEntries(keys.map((key) => [key, valuesOf(key)]));
  const pick = (keys: readonly string[], index: number) =>
    Object.fromEntries(keys.map((key) => [key, values[key]?.[index % values[key].length]]));

  const alone = (isWhole(method) ? keys : []).flatMap((key) => {
    const rows = (values[key] ?? []).slice(0, 60).flatMap((value) => rowOf(method, { [key]: value }));
    return distinct(rows)
      .filter(({ request }) => Object.keys(request as object).length)
      .slice(0, key === "choice" ? 12 : 3);
  });
  const inPath = http.bindings.flatMap(({ variables = [] }) =>
    variables.map(({ field: [name] }) => {
      const field = input.fields.find(({ jsonName }) => jsonName === name);
      return field?.oneof?.localName ?? field?.localName ?? "";
    }),
  );
  const together = Array.from({ length: 256 }, (_, index) => {
    const given = [...new Set(inPath)].filter((_name, at) => !((index >> at) & 1));
    const start = (index * 2) % keys.length;
    return rowOf(method, pick([...given, ...keys.slice(start, start + 2)], index));
  });
  const bindingOf = createBindingOf(method);
  const counts = new Map<unknown, number>();
  const some = together.flat().filter((row) => {
    const count = counts.get(bindingOf(row)) ?? 0;
    counts.set(bindingOf(row), count + 1);
    return count < 16;
  });
  return distinct([...alone, ...some]);
}

/** Finds the binding of a row. */
function createBindingOf({ input, http }: (typeof methods)[number]): (row: BindRow) => unknown {
  const router = routerOf(input, http);
  return ({ verb, url }) => {
    const match = router.match(verb, url.split("?")[0] ?? "");
    return match.kind === "match" ? match.value : undefined;
  };
}

/** Whether the whole request is in the query or in the body. */
function isWhole({ http }: (typeof methods)[number]): boolean {
  const [{ variables, body = "*" }] = http.bindings;
  return !variables && body === "*";
}

function distinct(rows: readonly BindRow[]): BindRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

/** Some of the fields, so that a row can be read. */
function few(init: object): object {
  return Object.fromEntries(
    Object.entries(init).filter(([key, value], index) => index % 5 === 0 && isPlain(key, value)),
  );
}

/** Whether all languages write a value alike. As a float, 0.1 is `0.1` to some and `0.10000000149011612` to others. */
function isPlain(key: string, value: unknown): boolean {
  return !/^[fw]Float$/.test(key) || String(value) === String(Number(Number(value).toPrecision(6)));
}

function rowOf({ name, input, http }: (typeof methods)[number], init: object): BindRow[] {
  // JSON has no -0.
  const message = reread(input, create(input, init as MessageInitShape<typeof input>));
  const bound = clientOf(input, http, message);
  if (typeof bound === "string") {
    return [];
  }
  check(serverOf(input, http), input, message, bound);
  const { method: verb, path: url, body } = bound;
  const json = toJson(input, message);
  // Some libraries keep no number that the enum does not declare.
  const hasNumber = /Color":[^"a-z]*\d/.test(JSON.stringify(json).replace(/"[A-Z_]+"/g, ""));
  return [
    {
      method: name,
      ...(hasNumber && { needs: ["enumNumbers"] }),
      request: json,
      verb,
      url,
      ...(body !== undefined && { body }),
    },
  ];
}

type Server = (verb: string, url: string, body: JsonValue | undefined) => Message;

function routerOf(input: DescMessage, { bindings }: MethodHttp) {
  return createRouter(
    bindings.map((binding) => ({ method: binding.method, path: binding.path, value: createBinder(input, binding) })),
  );
}

function serverOf(input: DescMessage, http: MethodHttp): Server {
  const router = routerOf(input, http);
  return (verb, url, body) => {
    const { pathname, search } = new URL(`http://host${url}`);
    const match = router.match(verb, pathname);
    if (match.kind !== "match") {
      throw new Error(`${match.kind}: ${verb} ${pathname}`);
    }
    return match.value.bind({
      variables: match.variables,
      query: search,
      body: body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body)),
    });
  };
}

/** What the client sends, or why it does not. */
function clientOf(input: DescMessage, http: MethodHttp, message: Message): BoundRequest | string {
  try {
    return bindRequest(http, toJson(input, message));
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

/** Throws unless the server reads the message that the client wrote. */
function check(server: Server, input: DescMessage, message: Message, { method, path, body }: BoundRequest): void {
  const bound = server(method, path, body);
  // JSON.stringify writes -0 as 0.
  const [got, wanted] = body === undefined ? [bound, message] : [reread(input, bound), reread(input, message)];
  expect(toJson(input, got)).toEqual(toJson(input, wanted));
  expect(toBinary(input, got)).toEqual(toBinary(input, wanted));
}

function reread(input: DescMessage, message: Message): Message {
  return fromJson(input, JSON.parse(JSON.stringify(toJson(input, message))));
}
