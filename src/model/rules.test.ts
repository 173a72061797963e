import { describe, expect, test } from "vitest";
import { compileText, runPlugin } from "../../test/compile-text.js";
import { gnosticProto } from "../annotations/testing/gnostic-proto.js";
import { validateProto } from "../annotations/testing/validate-proto.js";

const imported = {
  "buf/validate/validate.proto": validateProto(),
  "gnostic.proto": gnosticProto("openapi.v3"),
  "sebuf/http/annotations.proto": `
    syntax = "proto3";
    package sebuf.http;
    import "google/protobuf/descriptor.proto";
    message FieldExamples { repeated string values = 1; }
    extend google.protobuf.FieldOptions { FieldExamples field_examples = 50007; }
  `,
};

/** The request for a service `t.S`, whose one method takes the message `M` and has these options. */
function request(messages: string, parameter: string, options = "") {
  const text = [
    'syntax = "proto3";',
    "package t;",
    'import "buf/validate/validate.proto";',
    'import "gnostic.proto";',
    'import "google/protobuf/duration.proto";',
    'import "sebuf/http/annotations.proto";',
    'import "sse/v1/annotations.proto";',
    "service S {",
    `  rpc A(M) returns (M) { option (sse.v1.http) = {post: "/a" body: "*"}; ${options} }`,
    "}",
    messages,
  ];
  const { fileToGenerate: _, ...rest } = compileText({ ...imported, "t.proto": text.join("\n") }, parameter);
  return { ...rest, fileToGenerate: ["t.proto"] };
}

// A duration of 31,000 years, and an Any of a type that no file declares.
const TOO_LONG = "{seconds: 999999999999}";
const UNKNOWN_ANY = '{value: {type_url: "x/y.Z" value: "a"}}';

describe.each(["client", "server", "openapi", "client+server+openapi"])("with emit=%s", (emit) => {
  test("mistakes in the options of messages and fields are errors, with their places", () => {
    const messages = `
      message M {
        option (openapi.v3.schema).example = ${UNKNOWN_ANY};
        N n = 1 [(openapi.v3.property).example = ${UNKNOWN_ANY}];
        repeated google.protobuf.Duration list = 2 [(buf.validate.field).repeated.items.duration.const = ${TOO_LONG}];
      }
      message N { google.protobuf.Duration f = 1 [(buf.validate.field).duration.const = ${TOO_LONG}]; }
    `;
    const { error, files } = runPlugin(request(messages, `emit=${emit}`));
    const wrong = (place: string, desc: string, option: string) =>
      expect.stringMatching(
        `^t\\.proto:${place}: ${desc}: \\(${option}\\) has a value that cannot be written as JSON: .`,
      );
    expect(error.split("\n")).toEqual([
      wrong("13:9", "message t\\.M", "openapi\\.v3\\.schema"),
      wrong("14:17", "field t\\.M\\.n", "openapi\\.v3\\.property"),
      wrong("15:52", "field t\\.M\\.list", "buf\\.validate\\.field"),
      wrong("17:50", "field t\\.N\\.f", "buf\\.validate\\.field"),
    ]);
    expect(files.size).toBe(0);
  });

  test("a mistake in an option of a method is an error, with its place", () => {
    const options = `option (openapi.v3.operation) = {parameters: {parameter: {example: ${UNKNOWN_ANY}}}};`;
    const { error } = runPlugin(request("message M {}", `emit=${emit}`, options));
    expect(error).toMatch(/^t\.proto:9:80: rpc t\.S\.A: \(openapi\.v3\.operation\) has a value that cannot be written/);
  });

  test("an example that is not a value of its field is a warning", () => {
    const messages = 'message M { int32 n = 1 [(sebuf.http.field_examples) = {values: ["1", "one"]}]; }';
    const warning = 't.proto:11:13: field t.M.n: the example "one" is not a value of the field: it is left out';
    expect(runPlugin(request(messages, `emit=${emit}`)).warnings).toEqual([warning]);
    expect(runPlugin(request(messages, `emit=${emit},strict=true`)).error).toBe(warning);
  });

  test("options of messages that no method leads to are not read", () => {
    const unused = `message Unused { google.protobuf.Duration f = 1 [(buf.validate.field).duration.const = ${TOO_LONG}]; }`;
    const { error, files } = runPlugin(request(`message M {} ${unused}`, `emit=${emit}`));
    expect([error, files.size > 0]).toEqual(["", true]);
  });
});
