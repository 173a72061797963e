/** Input at the edge of what is sensible: it is taken, or refused clearly, and costs no more than its size. */
import { describe, expect, test } from "vitest";
import { compileText, protoText, runPlugin } from "./compile-text.js";

const emit = "emit=client+server,runtime=x";
const method = (option: string, name = "A") => `rpc ${name}(M) returns (M) { option (sse.v1.http) = {${option}}; }`;

describe("size", () => {
  test("a template of 10,000 characters", () => {
    const path = "/a".repeat(5000);
    const { error, files } = runPlugin(compileText({ "t.proto": protoText(method(`get: "${path}"`)) }, emit));
    expect(error).toBe("");
    expect(files.get("t_client.ts")).toContain(`path: "${path}"`);
  });

  test("a template of 10,000 characters with a mistake at its end", () => {
    const { error } = runPlugin(compileText({ "t.proto": protoText(method(`get: "${"/a".repeat(5000)}/{"`)) }, emit));
    expect(error).toMatch(/^t\.proto:5:\d{5}: rpc t\.S\.A: path .*unexpected end/);
  });

  test("1,000 bindings of one method", () => {
    const more = Array.from({ length: 1000 }, (_, i) => `{get: "/b${i}/{id}"}`).join(", ");
    const text = protoText(method(`get: "/a/{id}", additional_bindings: [${more}]`));
    const { error, files } = runPlugin(compileText({ "t.proto": text }, emit));
    expect(error).toBe("");
    expect(files.get("t_server.ts")?.match(/method: "GET"/g)).toHaveLength(1001);
  });

  test("a oneof of 500 events", () => {
    const members = Array.from({ length: 500 }, (_, i) => `string m${i} = ${i + 1};`).join("\n");
    const text = protoText(
      method('get: "/a/{id}"').replace("returns (M)", "returns (stream E)"),
      `message M { string id = 1; } message E { oneof event { option (sse.v1.events) = true; ${members} } }`,
    );
    const { error, files } = runPlugin(compileText({ "t.proto": text }));
    expect(error).toBe("");
    expect(files.get("t_client.ts")).toContain('m499: { field: "m499" }');
    expect(files.get("S.openapi.yaml")).toContain("t.S.A.Event.m499");
  });

  test("twice the methods take about twice the printed text, and no more", () => {
    const length = (count: number) => {
      const methods = Array.from({ length: count }, (_, i) => method(`get: "/a${i}/{id}"`, `A${i}`));
      const { error, files } = runPlugin(compileText({ "t.proto": protoText(methods.join("\n")) }, emit));
      expect(error).toBe("");
      return [...files.values()].join("").length;
    };
    expect(length(400) / length(200)).toBeLessThan(2.1);
  });
});

describe("options that are not followed", () => {
  test("those of a newer version are ignored, with a warning", () => {
    const newer = `
      syntax = "proto3"; package t; import "google/protobuf/descriptor.proto";
      message Rule { string get = 2; string shape = 99; }
      extend google.protobuf.MethodOptions { Rule http = 50100; bool later = 50199; }
      service S { rpc A(M) returns (M) {
        option (http) = {get: "/a", shape: "round"};
        option (later) = true;
      } }
      message M {}
    `;
    const { error, warnings, files } = runPlugin(compileText({ "t.proto": newer }, emit, { withAnnotations: false }));
    expect(error).toBe("");
    expect(files.has("t_client.ts")).toBe(true);
    const end = "is not known to this version of protoc-gen-sse and is ignored: update protoc-gen-sse";
    expect(warnings).toEqual([
      `t.proto:6:37: rpc t.S.A: field 99 of (sse.v1.http) ${end}`,
      `t.proto:7:9: rpc t.S.A: option 50199 of sse.v1 ${end}`,
    ]);
  });

  test("strict=true makes warnings errors", () => {
    const request = compileText({ "t.proto": protoText(method('get: "/a"')) }, `${emit},strict=true`);
    expect(runPlugin(request).error).toBe("");
    const late = `
      syntax = "proto3"; package t; import "google/protobuf/descriptor.proto";
      extend google.protobuf.MethodOptions { bool later = 50199; }
      service S { rpc A(M) returns (M) { option (later) = true; } }
      message M {}
    `;
    expect(runPlugin(compileText({ "t.proto": late }, `${emit},strict=true`)).error).toMatch(/option 50199 of sse\.v1/);
    expect(runPlugin(compileText({ "t.proto": late }, emit)).error).toBe("");
  });

  test("options of others are nobody's business here", () => {
    const foreign = `
      syntax = "proto3"; package t; import "google/protobuf/descriptor.proto"; import "sse/v1/annotations.proto";
      extend google.protobuf.MethodOptions { string team = 51000; }
      service S { rpc A(M) returns (M) { option (team) = "x"; option (sse.v1.http) = {get: "/a"}; } }
      message M {}
    `;
    expect(runPlugin(compileText({ "t.proto": foreign }, emit))).toMatchObject({ error: "", warnings: [] });
  });
});

test("files whose names differ in case alone are refused, as some file systems hold one of them", () => {
  const request = compileText({ "t.proto": protoText(method('get: "/a"')), "u.proto": 'syntax = "proto3";' }, emit);
  const second = structuredClone(request.protoFile.find((file) => file.name === "t.proto"));
  if (second === undefined) {
    throw new Error("t.proto is not in the request");
  }
  Object.assign(second, { name: "T.proto", package: "v" });
  for (const declared of second.service[0]?.method ?? []) {
    Object.assign(declared, { inputType: ".v.M", outputType: ".v.M" });
  }
  request.protoFile.push(second);
  request.fileToGenerate.push("T.proto");
  expect(runPlugin(request).error).toContain("T.proto:2:1: its name differs from t.proto only in case: rename one");
});
