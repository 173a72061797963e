/** Generators of code name classes after titles: of two that are equal, openapi-python-client drops both schemas. */
import { describe, expect, test } from "vitest";
import { Problems } from "../../../problems.js";
import { type Compiled, cases, compileCase, compileFiles, defaultOptions } from "../testing/compile.js";
import { openApiDocument } from "./document.js";

/** What a class is called after the title of each schema of a document, or after the component where it has no title. */
function classNames({ api }: Compiled, version: "3.1" | "3.2", openapi_oneof: "exclusive" | "union"): string[] {
  const options = { ...defaultOptions, openapi_oneof };
  const { paths, components } = openApiDocument(api, version, options, new Problems());
  const untitled = Object.entries(components.schemas).flatMap(([name, { title }]) =>
    title === undefined ? [name] : [],
  );
  return [...untitled, ...titles([paths, components])].map((name) => name.replace(/[^\p{L}\p{N}]/gu, "").toLowerCase());
}

function titles(node: unknown, key = ""): string[] {
  if (typeof node !== "object" || node === null || key === "examples") {
    return [];
  }
  return Object.entries(node).flatMap(([name, value]) =>
    name === "title" && typeof value === "string" ? [value] : titles(value, name),
  );
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, i) => names.indexOf(name) !== i);
}

describe.each(["3.1", "3.2"] as const)("titles of schemas in %s", (version) => {
  test.each(cases)("are unique: %s", (name) => {
    for (const oneofs of ["exclusive", "union"] as const) {
      expect(repeated(classNames(compileCase(name), version, oneofs))).toEqual([]);
    }
  });

  test("are unique where packages, services and nested messages have equal names", () => {
    const file = (name: string) => `
      syntax = "proto3";
      package ${name};
      import "sse/v1/annotations.proto";
      service S {
        rpc Get(M) returns (stream M) { option (sse.v1.http) = {post: "/${name}/{a.b}" body: "*"}; }
        rpc Put(M) returns (M) { option (sse.v1.http) = {put: "/${name}" body: "*"}; }
      }
      service GetEvent { rpc Message(M) returns (stream E) { option (sse.v1.http) = {put: "/${name}/m" body: "*"}; } }
      message M { A a = 1; MessageError e = 2; oneof x { string get = 3; A put = 4; } }
      message A { string b = 1; message M { State s = 1; } M m = 2; enum State { OFF = 0; } }
      message MessageError { enum State { ON = 0; } State s = 1; }
      message E { oneof e { option (sse.v1.events) = true; M error_ = 1 [(sse.v1.event) = {name: "event"}]; } }
    `;
    const compiled = compileFiles({ "a/a.proto": file("a"), "b/b.proto": file("b") });
    for (const oneofs of ["exclusive", "union"] as const) {
      expect(repeated(classNames(compiled, version, oneofs))).toEqual([]);
    }
  });
});
