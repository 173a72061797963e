import { describe, expect, test } from "vitest";
import { readSebufExamples, readSebufJsonOptions, readSebufQuery, readSebufRules, readSebufService } from "./sebuf.js";
import { present, readField, readMessage, readProto } from "./testing/read-proto.js";
import { sebufProtos } from "./testing/sebuf-proto.js";

function readService(basePath: string, config: string) {
  const base = basePath === "" ? "" : `option (sebuf.http.service_config) = {base_path: "${basePath}"};`;
  const rpc = `rpc A(M) returns (M) { ${config && `option (sebuf.http.config) = {${config}};`} }`;
  return present(readProto(`service S { ${base} ${rpc} } message M {}`, sebufProtos).services[0]);
}

describe("sebuf.http.config", () => {
  const read = (config: string, basePath = "") => readSebufRules(present(readService(basePath, config).methods[0]));

  test.each([
    ['path: "/a" method: GET', "GET", "/a", ""],
    ['path: "/a" method: DELETE', "DELETE", "/a", ""],
    ['path: "/a" method: PATCH', "PATCH", "/a", "*"],
    ['path: "/a"', "POST", "/a", "*"],
    ['path: "a" method: PUT', "PUT", "/a", "*"],
  ])("{%s}", (config, method, path, body) => {
    expect(read(config)?.[0]).toMatchObject({ pattern: { method, path }, body, stream: false });
  });

  test("without a path is the base path itself, or has an empty path, which the model reports", () => {
    expect(read("method: GET", "/base")?.[0].pattern?.path).toBe("/");
    expect(read("method: GET")?.[0].pattern?.path).toBe("");
  });

  test("can be a stream", () => {
    expect(read('path: "/a" stream: true')?.[0].stream).toBe(true);
  });

  test("is undefined where it is not set", () => {
    expect(read("")).toBeUndefined();
  });
});

test.each([
  ["/v1", "/v1"],
  ["v1/", "/v1"],
  ["", ""],
])("the base path %j is %j", (written, basePath) => {
  expect(readSebufService(readService(written, "")).basePath).toBe(basePath);
});

test("field_examples and query", () => {
  const field = readField(
    'string a = 1 [(sebuf.http.field_examples) = {values: ["x", "y"]}, (sebuf.http.query) = {name: "q" required: true}];',
    sebufProtos,
  );
  expect(readSebufExamples(field)).toEqual(["x", "y"]);
  expect(readSebufQuery(field)?.rule).toMatchObject({ name: "q", required: true });
  const bare = readField("string a = 1;", sebufProtos);
  expect([readSebufExamples(bare), readSebufQuery(bare)]).toEqual([[], undefined]);
});

test("options that change the JSON are listed by name, with their places", () => {
  const fields =
    "string a = 1 [(sebuf.http.unwrap) = true]; string b = 2 [(sebuf.http.nullable) = true]; string c = 3;";
  const found = readSebufJsonOptions(readMessage(fields, sebufProtos));
  expect(found.map(({ name }) => name)).toEqual(["(sebuf.http.unwrap)", "(sebuf.http.nullable)"]);
  expect(found.map(({ place }) => place.option)).toEqual([
    [8, 50009],
    [8, 50013],
  ]);
});
