import { create } from "@bufbuild/protobuf";
import { SourceCodeInfoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { compileText, protoText, runPlugin } from "../test/compile-text.js";
import { didYouMean } from "./problems.js";

const error = (methods: string) => runPlugin(compileText({ "t.proto": protoText(methods) })).error;

describe("a problem stands where the mistake is", () => {
  test("inside a template within a message literal", () => {
    const methods = '  rpc A(M) returns (M) {\n    option (sse.v1.http) = {get: "/a/{idd}"};\n  }';
    expect(error(methods)).toBe(
      't.proto:6:39: rpc t.S.A: path variable {idd}: no field "idd" in t.M (did you mean "id"?)',
    );
  });

  test("inside a template that an option statement ends with", () => {
    const methods = '  rpc A(M) returns (M) {\n    option (sse.v1.http).get = "/a/{idd}";\n  }';
    expect(error(methods)).toMatch(/^t\.proto:6:37: /);
  });

  test("at the option where the template has escapes or parts, as its columns are not known", () => {
    const methods = '  rpc A(M) returns (M) {\n    option (sse.v1.http) = {get: "/\\x61/"\n      "{idd}"};\n  }';
    expect(error(methods)).toMatch(/^t\.proto:6:\d+: rpc t\.S\.A: path variable \{idd\}/);
  });

  test("at the name of the method where the compiler sends no source info", () => {
    const request = compileText({
      "t.proto": protoText('rpc A(M) returns (M) { option (sse.v1.http) = {get: "/{idd}"}; }'),
    });
    for (const file of request.protoFile) {
      file.sourceCodeInfo = create(SourceCodeInfoSchema);
    }
    expect(runPlugin(request).error).toMatch(/^t\.proto: rpc t\.S\.A: path variable \{idd\}/);
  });
});

test("problems are sorted by place, and each is reported once", () => {
  const methods = [
    'rpc A(M) returns (M) { option (sse.v1.http) = {get: "/b/{nope}"}; }',
    'rpc B(M) returns (M) { option (sse.v1.http) = {get: "/a", body: "nope"}; }',
  ];
  const base = 'option (sse.v1.service) = {base_path: "v1"};';
  const lines = error([base, ...methods].join("\n")).split("\n");
  expect(lines.map((line) => line.split(":")[1])).toEqual(["5", "6", "7"]);
});

describe("didYouMean", () => {
  test("suggests the closest name, without case", () => {
    expect(didYouMean("symbl", ["size", "symbol", "symbols"])).toBe(' (did you mean "symbol"?)');
    expect(didYouMean("PageToken", ["page_token"])).toBe(' (did you mean "page_token"?)');
  });

  test("suggests nothing that is far off", () => {
    expect(didYouMean("symbol", ["price", "id", "x"])).toBe("");
    expect(didYouMean("x", ["y"])).toBe("");
  });
});
