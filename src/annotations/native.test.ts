import { describe, expect, test } from "vitest";
import { defaultRules, isEvents, readDetails, readNativeField, readNativeRules, readNativeService } from "./native.js";
import { present, readField, readMessage, readProto } from "./testing/read-proto.js";

function readRpc(options: string) {
  const file = readProto(`service S { rpc A(M) returns (M) { ${options} } } message M { string id = 1; }`);
  return present(file.services[0]?.methods[0]);
}

describe("(sse.v1.http)", () => {
  test.each([
    ['{get: "/a"}', "GET", "/a"],
    ['{put: "/a"}', "PUT", "/a"],
    ['{delete: "/a"}', "DELETE", "/a"],
    ['{custom: {kind: "REPORT" path: "/a"}}', "REPORT", "/a"],
  ])("%s", (rule, method, path) => {
    const [read] = present(readNativeRules(readRpc(`option (sse.v1.http) = ${rule};`)));
    expect(read).toMatchObject({ pattern: { method, path }, body: "", responseBody: "", stream: false });
  });

  test("has additional bindings behind the main one, each with its place", () => {
    const desc = readRpc(`option (sse.v1.http) = {
      post: "/a" body: "*" response_body: "id" stream: true
      additional_bindings: {get: "/b"}
      additional_bindings: {get: "/c" additional_bindings: {get: "/d"}}
    };`);
    const rules = present(readNativeRules(desc));
    expect(rules.map(({ pattern, stream, hasNestedRules }) => [pattern?.path, stream, hasNestedRules])).toEqual([
      ["/a", true, false],
      ["/b", false, false],
      ["/c", false, true],
    ]);
    expect(rules[0]).toMatchObject({ body: "*", responseBody: "id" });
    expect(rules.map(({ place }) => place.option?.slice(2))).toEqual([[], [11, 0], [11, 1]]);
  });

  test("without a pattern has none, and the model reports it", () => {
    expect(present(readNativeRules(readRpc('option (sse.v1.http) = {body: "*"};')))[0].pattern).toBeUndefined();
  });

  test("is undefined where it is not set", () => {
    expect(readNativeRules(readRpc(""))).toBeUndefined();
  });
});

test("a method without annotation has the path of its full name by default", () => {
  expect(defaultRules(readRpc(""))[0]).toMatchObject({ pattern: { method: "POST", path: "/t.S/A" }, body: "*" });
});

test("(sse.v1.stream) and (sse.v1.header) are read on a method of any dialect", () => {
  const desc = readRpc(`
    option (sse.v1.stream) = {resumable: true heartbeat: {seconds: 3}};
    option (sse.v1.header) = {name: "X-A"};
    option (sse.v1.header) = {name: "X-B" required: true};
  `);
  const { stream, headers } = readDetails(desc);
  expect(stream?.rule).toMatchObject({ resumable: true, heartbeat: { seconds: 3n } });
  expect(headers.map(({ header: { name, required } }) => [name, required])).toEqual([
    ["X-A", false],
    ["X-B", true],
  ]);
  expect(headers.map(({ place }) => place.option?.at(-1))).toEqual([0, 1]);
  expect(readDetails(readRpc(""))).toEqual({ stream: undefined, headers: [] });
});

test("(sse.v1.service) has a base path and headers", () => {
  const options = 'option (sse.v1.service) = {base_path: "/v1" headers: {name: "X-A"}};';
  const [service] = readProto(`service S { ${options} }`).services;
  expect(readNativeService(present(service))).toMatchObject({
    basePath: "/v1",
    headers: [{ header: { name: "X-A" } }],
  });
  const [bare] = readProto("service S {}").services;
  expect(readNativeService(present(bare))).toMatchObject({ basePath: "", headers: [] });
});

test("options of a field", () => {
  expect(readNativeField(readField("string id = 1;"))).toEqual({ event: undefined, eventId: false, query: undefined });
  expect(readNativeField(readField("string id = 1 [(sse.v1.event_id) = true];")).eventId).toBe(true);
  expect(readNativeField(readField('string id = 1 [(sse.v1.event).name = "x"];')).event).toMatchObject({ name: "x" });
  expect(readNativeField(readField('string id = 1 [(sse.v1.query).name = "q"];')).query?.rule).toMatchObject({
    name: "q",
    required: false,
  });
});

test.each([
  ["option (sse.v1.events) = true;", true],
  ["option (sse.v1.events) = false;", false],
  ["", false],
])("a oneof with %j carries events: %s", (option, carries) => {
  const { oneofs } = readMessage(`oneof event { ${option} string a = 1; }`);
  expect(isEvents(present(oneofs[0]))).toBe(carries);
});
