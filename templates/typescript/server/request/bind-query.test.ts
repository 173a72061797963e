import { isMessage, type Message, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { type Params, ParamsSchema } from "../../../../test/gen/vectors/v1/http_rule_pb.js";
import facts from "../../../../test/http-rule.json" with { type: "json" };
import type { HttpBinding } from "../../shared/method.js";
import { BindError, type BindOptions, createBinder, type FieldViolation } from "./bind.js";

const byQuery: HttpBinding = { method: "GET", path: "/v1/params" };

describe("facts of three implementations", () => {
  for (const { id, area, query, expect: fact } of facts.queries) {
    test(`${id} ${area}: ${query}`, () => {
      if (fact.error) {
        expect(violations(query)).not.toEqual([]);
      }
      // Through the text of JSON, where -0 is 0.
      else {
        expect(JSON.parse(JSON.stringify(toJson(ParamsSchema, bind(query))))).toEqual(fact.json);
      }
    });
  }
});

describe("values", () => {
  test.each([
    ["f_int32=2147483647", { fInt32: 2147483647 }],
    ["f_int32=-0", {}],
    ["f_int32=007", { fInt32: 7 }],
    ["f_uint64=00000000000000000000000018446744073709551615", { fUint64: "18446744073709551615" }],
    ["f_double=5e-324", { fDouble: 5e-324 }],
    ["f_double=.5", { fDouble: 0.5 }],
    ["f_double=5.", { fDouble: 5 }],
    ["f_float=3.4028234663852886e38", { fFloat: 3.4028234663852886e38 }],
    ["f_float=-3.4028235e%2B38", { fFloat: -3.4028234663852886e38 }],
    ["f_bool=1", { fBool: true }],
    ["o_bool=0", { oBool: false }],
    ["f_color=2", { fColor: "GREEN" }],
    ["f_color=-3", { fColor: "NEG" }],
    ["f_color=99", { fColor: 99 }],
    ["f_bytes=YQ", { fBytes: "YQ==" }],
    ["f_bytes=-_8", { fBytes: "+/8=" }],
    ["f_bytes=%2B%2F8%3D", { fBytes: "+/8=" }],
    ["f_null=NULL_VALUE", {}],
    ["dur=-0.5s", { dur: "-0.500s" }],
    ["mask=", { mask: "" }],
    ["mask=a,displayName.b", { mask: "a,displayName.b" }],
    ["w_string=", { wString: "" }],
    ["w_bool=true&w_uint32=7&w_bytes=YQ", { wBool: true, wUint32: 7, wBytes: "YQ==" }],
    ["w_int64.value=5", { wInt64: "5" }],
    ["dur.seconds=5&dur.nanos=500000000", { dur: "5.500s" }],
    ["r_int32=1&r_int32=2&r_int32=1", { rInt32: [1, 2, 1] }],
    ["r_string=&r_string=a", { rString: ["", "a"] }],
    ["r_ts=2021-01-01T00:00:00Z&r_ts=2022-01-01T00:00:00Z", { rTs: ["2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"] }],
    ["r_wstring=a&r_wstring=", { rWstring: ["a", ""] }],
    ["r_color=RED&r_color=2", { rColor: ["RED", "GREEN"] }],
    ["m_string[a]=b&m_string[]=c&m_string[a][b].c]=d%3D", { mString: { a: "b", "": "c", "a][b].c": "d=" } }],
    ["m_string[constructor]=a&m_string[hasOwnProperty]=b", { mString: { constructor: "a", hasOwnProperty: "b" } }],
    ["mInt32[-1]=true&m_int32[7]=0", { mInt32: { "-1": true, "7": false } }],
    ["c_nested.name=x&c_nested.amount=1", { cNested: { name: "x", amount: 1 } }],
    ["customJsonName=x&snakeCaseName=y", { customJsonName: "x", snakeCaseName: "y" }],
    ["?f_int32=1", { fInt32: 1 }],
    ["f_string=a%F0%9F%98%80%2B+%2b", { fString: "a\u{1f600}+ +" }],
  ])("%s", (query, json) => {
    expect(toJson(ParamsSchema, bind(query))).toEqual(json);
  });

  test("zero keeps its sign", () => {
    expect(bind("f_double=-0&w_double=-0&r_double=-0")).toMatchObject({ fDouble: -0, wDouble: -0, rDouble: [-0] });
  });

  test.each([
    ["f_int32=12345678901", "f_int32", '"12345678901" is not an integer from -2147483648 to 2147483647'],
    ["f_uint64=-1", "f_uint64", '"-1" is not an integer from 0 to 18446744073709551615'],
    ["f_double=abc", "f_double", '"abc" is not a number'],
    ["f_float=3.5e38", "f_float", '"3.5e38" is not a number of single precision'],
    ["f_double=1e", "f_double", '"1e" is not a number'],
    ["f_double=%201", "f_double", '" 1" is not a number'],
    ["f_double=infinity", "f_double", '"infinity" is not a number'],
    ["f_bool=TRUE", "f_bool", '"TRUE" is not "true" or "false"'],
    ["f_color=PURPLE", "f_color", '"PURPLE" is not a value of vectors.v1.Color'],
    ["f_color=2147483648", "f_color", '"2147483648" is not a value of vectors.v1.Color'],
    ["f_bytes=a", "f_bytes", '"a" is not base64'],
    ["f_bytes=YQ=", "f_bytes", '"YQ=" is not base64'],
    ["f_bytes=YWI==", "f_bytes", '"YWI==" is not base64'],
    ["f_bytes=YQ==YQ==", "f_bytes", '"YQ==YQ==" is not base64'],
    ["f_bytes=YQ=A", "f_bytes", '"YQ=A" is not base64'],
    ["f_bytes=-_%2B/", "f_bytes", '"-_+/" is not base64'],
    ["f_bytes=Y%20Q=", "f_bytes", '"Y Q=" is not base64'],
    ["ts=2021-01-01T24:00:00Z", "ts", '"2021-01-01T24:00:00Z" is not a time as in 2026-01-31T09:30:00Z'],
    ["ts=0000-01-01T00:00:00Z", "ts", '"0000-01-01T00:00:00Z" is not a time as in 2026-01-31T09:30:00Z'],
    ["r_ts=now", "r_ts", '"now" is not a time as in 2026-01-31T09:30:00Z'],
    ["dur=1sx", "dur", '"1sx" is not seconds as in 1.5s'],
    ["dur=1.0123456789s", "dur", '"1.0123456789s" is not seconds as in 1.5s'],
    ["dur=999999999999s", "dur", '"999999999999s" is not seconds as in 1.5s'],
    ["mask=display_name", "mask", '"display_name" is not names of fields, as in id,displayName'],
    ["w_bool=2", "w_bool", '"2" is not "true" or "false"'],
    ["w_string.x=2", "w_string", 'has no ".x"'],
    ["f_int32=1&fInt32=1", "f_int32", "is given twice"],
    ["ts=2021-01-01T00:00:00Z&ts.nanos=1", "ts", "is given twice"],
    ["ts.nanos=1&ts=2021-01-01T00:00:00Z", "ts", "is given twice"],
    ["nested.on=true&nested.on=true", "nested.on", "is given twice"],
    ["w_string=a&w_string.value=a", "w_string", "is given twice"],
    ["m_int32[1]=true&m_int32[01]=true", 'm_int32["01"]', "is given twice"],
    ["m_int32[1.5]=true", 'm_int32["1.5"]', "the key is not an integer from -2147483648 to 2147483647"],
    ["m_int32[1]=x", 'm_int32["1"]', '"x" is not "true" or "false"'],
    ["m_string[a=b", "m_string", "is a map: write its entries as m_string[key]=value"],
    ["m_string[a]x=b", "m_string", "is a map: write its entries as m_string[key]=value"],
    ["m_string[__proto__]=x", 'm_string["__proto__"]', "the key is not supported"],
    ["m_nested[a].name=x", "m_nested", "cannot be a query parameter"],
    ["r_nested.name=x", "r_nested", "cannot be a query parameter"],
    ["st.a=x", "st", "cannot be a query parameter"],
    ["nested=x", "nested", "is a message: write its fields as nested.field=value"],
    ["nested[name]=x", "nested", "is a message: write its fields as nested.field=value"],
    ["nested.inner.amount=x", "nested.inner.amount", '"x" is not an integer from -2147483648 to 2147483647'],
    ["f_string[0]=x", "f_string", 'has no "[0]"'],
    ["r_string.0=x", "r_string", 'has no ".0"'],
    ["c_string=a&c_int32=1", "c_int32", 'is set beside "c_string" of the same oneof: leave one of them out'],
    ["c_nested.name=a&c_string=b", "c_string", 'is set beside "c_nested" of the same oneof: leave one of them out'],
    ["c_string=b&c_nested.name=a", "c_nested", 'is set beside "c_string" of the same oneof: leave one of them out'],
    ["f_string=%FF", "f_string", '"f_string=%FF" is not percent-encoded UTF-8'],
    ["f_string=%C0%AF", "f_string", '"f_string=%C0%AF" is not percent-encoded UTF-8'],
    ["f_string=%ED%A0%80", "f_string", '"f_string=%ED%A0%80" is not percent-encoded UTF-8'],
    ["unknown=%zz", "unknown", '"unknown=%zz" is not percent-encoded UTF-8'],
    ["%FF=1", "", 'the query\'s "%FF=1" is not percent-encoded UTF-8'],
  ])("%s is refused", (query, field, description) => {
    expect(violations(query)).toEqual([{ field, description }]);
  });

  test("all mistakes are reported, up to a limit", () => {
    expect(violations("f_int32=x&nested.amount=y&f_bool=1").map(({ field }) => field)).toEqual([
      "f_int32",
      "nested.amount",
    ]);
    expect(violations("r_int32=x&".repeat(1000))).toHaveLength(16);
  });

  test("a long value is shortened in the error", () => {
    expect(violations(`f_int32=${"x".repeat(1000)}`)[0]?.description).toMatch(/^"x{60}…" is not/);
  });
});

describe("unknown parameters", () => {
  test.each([
    "utm=1",
    "nested.unknown=1",
    "unknown.name=1",
    "=1",
    "F_INT32=1",
    "toString=1",
    "__proto__=1",
    "__proto__.name=1",
    "constructor.prototype=1",
    "nested.__proto__.x=1",
  ])("%s is ignored, unless it is to be rejected", (query) => {
    expect(toJson(ParamsSchema, bind(query))).toEqual({});
    const name = query.slice(0, query.indexOf("="));
    expect(violations(query, { unknownQuery: "reject" })).toEqual([{ field: name, description: "no such parameter" }]);
  });

  test("reserved ones are not unknown", () => {
    const options: BindOptions = { unknownQuery: "reject", reserved: ["last_event_id"] };
    expect(violations("last_event_id=1", options)).toEqual([]);
    expect(violations("last_event_ID=1", options)).toHaveLength(1);
  });
});

describe("a table of names", () => {
  const binding: HttpBinding = {
    ...byQuery,
    query: {
      "": {
        fString: { name: "q", required: true },
        fInt32: { name: "page[size]" },
        fInt64: { name: "page[size].more" },
        mString: { name: "filter", map: true },
        nested: { name: "n", message: "vectors.v1.Nested" },
        cNested: { message: "vectors.v1.Nested 2" },
      },
      "vectors.v1.Nested": {
        name: { name: "is.called" },
        inner: { message: "vectors.v1.Nested" },
        amount: { required: true },
      },
      "vectors.v1.Nested 2": { tags: { name: "t" } },
    },
  };

  test("replaces the fields' names", () => {
    const query =
      "q=a&page[size]=1&page[size].more=2&filter[k]=v&n.is.called=x&n.amount=1&n.inner.is.called=y&n.inner.amount=2&c_nested.t=z";
    expect(toJson(ParamsSchema, bind(query, {}, binding))).toEqual({
      fString: "a",
      fInt32: 1,
      fInt64: "2",
      mString: { k: "v" },
      nested: { name: "x", amount: 1, inner: { name: "y", amount: 2 } },
      cNested: { tags: ["z"] },
    });
    expect(
      toJson(ParamsSchema, bind("q=a&f_string=b&fInt32=1&nested.name=c&n.name=d&c_nested.tags=e", {}, binding)),
    ).toEqual({ fString: "a" });
  });

  test("a required message is there with one field of its own", () => {
    const required: HttpBinding = { ...byQuery, query: { "": { nested: { required: true } } } };
    expect(violations("nested.unknown=1", {}, required)).toEqual([{ field: "nested", description: "is required" }]);
    expect(violations("nested.on=0", {}, required)).toEqual([]);
  });

  test("reports missing required fields, and nested ones if their message is set", () => {
    expect(violations("", {}, binding)).toEqual([{ field: "f_string", description: "is required" }]);
    expect(violations("q=", {}, binding)).toEqual([]);
    expect(violations("q=&n.inner.on=1", {}, binding).map(({ field }) => field)).toEqual([
      "nested.amount",
      "nested.inner.amount",
    ]);
    expect(violations("q=&n.unknown=1&n.inner.x=1", {}, binding)).toEqual([]);
  });
});

describe("what path and body bind is none of the query", () => {
  test("fields of the path, whole and in part", () => {
    const binding: HttpBinding = {
      method: "GET",
      path: "/v1/{f_string}/{nested.inner.name}",
      variables: [{ field: ["fString"] }, { field: ["nested", "inner", "name"] }],
    };
    const binder = createBinder(ParamsSchema, binding);
    const query = "f_string=x&nested.inner.name=y&nested.inner.amount=1&nested.name=z&f_int32=1";
    expect(toJson(ParamsSchema, asParams(binder.bind({ variables: ["a", "b"], query })))).toEqual({
      fString: "a",
      nested: { name: "z", inner: { name: "b", amount: 1 } },
      fInt32: 1,
    });
    expect(
      rejected(() =>
        createBinder(ParamsSchema, binding, { unknownQuery: "reject" }).bind({ variables: ["a", "b"], query }),
      ),
    ).toEqual([
      { field: "f_string", description: "no such parameter" },
      { field: "nested.inner.name", description: "no such parameter" },
    ]);
  });

  test("a field that is the body", () => {
    const binding: HttpBinding = { method: "PUT", path: "/v1", body: { field: "nested" } };
    expect(toJson(ParamsSchema, bind("nested.name=x&f_int32=1", {}, binding))).toEqual({ fInt32: 1 });
  });

  test("all, when the body is the message", () => {
    const binding: HttpBinding = { method: "POST", path: "/v1", body: "*" };
    expect(toJson(ParamsSchema, bind("f_int32=1&f_int32=x", {}, binding))).toEqual({});
    expect(violations("f_int32=1", { unknownQuery: "reject" }, binding)).toHaveLength(1);
  });

  test("required beside a path variable of the same message", () => {
    const binding: HttpBinding = {
      method: "GET",
      path: "/v1/{nested.name}",
      variables: [{ field: ["nested", "name"] }],
      query: { "": { nested: { message: "n" } }, n: { amount: { required: true }, name: { required: true } } },
    };
    expect(rejected(() => createBinder(ParamsSchema, binding).bind({ variables: ["a"], query: "" }))).toEqual([
      { field: "nested.amount", description: "is required" },
    ]);
  });
});

// Each would take minutes, or gigabytes, done the simple way: the test's limit ends it.
describe("what is made to be slow is refused, or read", () => {
  test("a million parameters", () => {
    for (const parameter of ["r_int32=1&", "x=1&", "x&"]) {
      expect(violations(parameter.repeat(1_000_000))).toEqual([
        { field: "", description: "the query has more than 10000 parameters" },
      ]);
    }
    expect(violations("m_string[a]=1&".repeat(1_000_000))).toHaveLength(16);
    expect(violations("&".repeat(5_000_000))).toEqual([]);
  });

  test("deep nesting", () => {
    const deep = (depth: number) => `nested.${"inner.".repeat(depth)}name=x`;
    expect(bind(deep(99))).toMatchObject({ nested: {} });
    expect(violations(deep(100_000))[0]?.description).toBe("is nested deeper than 100 messages");
    expect(violations(`${"nested.".repeat(1_000_000)}=1`)).toEqual([]);
  });

  test("huge values and names", () => {
    const digits = "9".repeat(4_000_000);
    for (const field of ["f_int64", "f_uint64", "f_double", "f_color", "ts", "dur", "f_bytes=%"]) {
      expect(violations(`${field}=${digits}`)).toHaveLength(1);
    }
    expect(violations(`f_bytes=${"=".repeat(4_000_000)}`)).toHaveLength(1);
    expect(violations(`f_double=${"1".repeat(200)}e${digits}`)).toHaveLength(1);
    expect(violations(`m_int32[${digits}]=true`)).toHaveLength(1);
    expect(violations(`${"x".repeat(4_000_000)}=1`)).toEqual([]);
    expect(violations(`${"[".repeat(4_000_000)}=1`)).toEqual([]);
  });

  test("nothing of it reaches a prototype", () => {
    for (const name of ["__proto__", "constructor", "prototype"]) {
      for (const query of [
        `${name}[x]=1`,
        `${name}.x=1`,
        `m_string.${name}.x=1`,
        `m_string[${name}]=1`,
        `nested.${name}.x=1`,
      ]) {
        violations(query);
      }
    }
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

function bind(query: string, options?: BindOptions, binding: HttpBinding = byQuery): Params {
  return asParams(createBinder(ParamsSchema, binding, options).bind({ variables: [], query }));
}

function asParams(message: Message): Params {
  if (!isMessage(message, ParamsSchema)) {
    throw new Error(`unexpected ${message.$typeName}`);
  }
  return message;
}

function violations(query: string, options?: BindOptions, binding?: HttpBinding): readonly FieldViolation[] {
  return rejected(() => bind(query, options, binding));
}

function rejected(run: () => unknown): readonly FieldViolation[] {
  try {
    run();
    return [];
  } catch (error) {
    if (error instanceof BindError) {
      return error.violations;
    }
    throw error;
  }
}
