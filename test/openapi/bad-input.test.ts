/** Input of a proto that could break a document: it is an error, a warning, or quoted, and the document parses. */
import { parseYaml } from "@redocly/openapi-core";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compileText, protoText, runPlugin } from "../compile-text.js";
import { validators } from "./validators.js";

/** The document of a service of package `t`, in YAML and in JSON, and what the plugin says. */
function emit(methods: string, declarations?: string, parameter = "") {
  const options = ["emit=openapi", "openapi_format=yaml+json", parameter].filter((text) => text !== "").join(",");
  const { error, warnings, files } = runPlugin(compileText({ "t.proto": protoText(methods, declarations) }, options));
  return { error, warnings, yaml: files.get("S.openapi.yaml") ?? "", json: files.get("S.openapi.json") ?? "" };
}

/** Readers of YAML 1.1 and 1.2, by two parsers, say what the JSON says. */
function expectSame({ yaml, json }: { yaml: string; json: string }) {
  const expected = JSON.parse(json);
  expect(parse(yaml, { version: "1.1", merge: true })).toEqual(expected);
  expect(parse(yaml, { version: "1.2" })).toEqual(expected);
  expect(parseYaml(yaml)).toEqual(expected);
  return expected;
}

/** Texts that YAML 1.1 or 1.2 takes for something else when they are not quoted. */
const traps = [
  ..."no No NO yes on off y n true null Null ~ 1.0 1 01 017 0o17 0x1F 0b1 1_000 1e3 .5 .inf -.INF .NaN".split(" "),
  ..."2026-01-01 2026-01-01T00:00:00Z 12:30 12:30:45 190:20:30 << = - ? : -- --- ... ! !tag &a *b # @ ` % | > [ { ' \" ,".split(
    " ",
  ),
  ...[
    "a: b",
    "a #b",
    " a",
    "a ",
    "- a",
    "? a",
    "[a]",
    "{a: b}",
    "é",
    "\u{1F600}",
    "\u2028",
    "a\tb",
    "\u0085",
    "\u007f",
  ],
];

describe("texts that YAML reads otherwise are quoted", () => {
  test("as names of events, comments and values", () => {
    const declarations = `
      message M { oneof e {
        option (sse.v1.events) = true;
        ${traps.map((trap, i) => `// ${trap}\nstring e${i} = ${i + 1} [json_name = ${quote(trap)}, (sse.v1.event) = {name: ${quote(trap)}}];`).join("\n")}
      } }
    `;
    const stream = 'rpc Get(M) returns (stream M) { option (sse.v1.http) = {post: "/m" body: "*"}; }';
    for (const version of ["3.1", "3.2"]) {
      const emitted = emit(stream, declarations, `openapi=${version}`);
      expect(emitted.error).toBe("");
      const document = expectSame(emitted);
      expect(Object.keys(document.components.schemas["t.S.Get.Event"].discriminator.mapping).sort()).toEqual(
        [...traps, "error"].sort(),
      );
      expect(Object.keys(document.components.schemas["t.M"].properties).sort()).toEqual([...traps].sort());
    }
  });

  test.each(["1.0", "no", "null", "2026-01-01", "a\nb", "a\r\nb: c", "'", '"', "# a", "\u0000", "\uFEFFa"])(
    "as title and version: %j",
    (text) => {
      const emitted = emit(get("/m"), undefined, `openapi_title=${text},openapi_version=${text}`);
      expect(emitted.error).toBe("");
      expect(expectSame(emitted).info).toEqual({ title: text, version: text });
    },
  );
});

describe("paths that become equal", () => {
  const declarations = "message M { string id = 1; string name = 2; }";
  const methods = `
    rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/m/{id}"}; }
    rpc Find(M) returns (M) { option (sse.v1.http) = {get: "/m/{name=**}"}; }
  `;

  test("are reported, and the first stays", async () => {
    const { error, warnings, yaml } = emit(methods, declarations);
    expect(error).toBe("");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      "GET /m/{name=**} is left out of the OpenAPI document: its path is /m/{name} there, and /m/{id} has a GET already",
    );
    expect(Object.keys(parse(yaml).paths)).toEqual(["/m/{id}"]);
    expect((await validators.spectral(yaml)).filter(({ isError }) => isError)).toEqual([]);
  });

  test("are an error with strict=true", () => {
    expect(emit(methods, declarations, "strict=true").error).toContain("is left out of the OpenAPI document");
  });

  test("are one path with a name for each place where their HTTP methods differ", () => {
    const { warnings, yaml } = emit(
      `
        rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/shelves/{id}"}; }
        rpc Drop(M) returns (M) { option (sse.v1.http) = {delete: "/{name=shelves/*}"}; }
      `,
      declarations,
    );
    expect(warnings).toEqual([]);
    const { paths } = parse(yaml);
    expect(Object.keys(paths)).toEqual(["/shelves/{id}"]);
    expect(paths["/shelves/{id}"].delete.parameters[0]).toMatchObject({ name: "id", "x-proto-field": "name" });
  });
});

describe("names that clash", () => {
  test("of messages in two packages are two components", () => {
    const { files } = runPlugin(
      compileText(
        {
          "a/a.proto": 'syntax = "proto3"; package a; message M { string a = 1; }',
          "t.proto": protoText(
            'rpc Get(M) returns (a.M) { option (sse.v1.http) = {get: "/m"}; }',
            "message M { string id = 1; }",
          ).replace('import "sse', 'import "a/a.proto"; import "sse'),
        },
        "emit=openapi",
      ),
    );
    const { components } = parse(files.get("S.openapi.yaml") ?? "");
    expect(Object.keys(components.schemas)).toEqual(["a.M", "google.protobuf.Any", "google.rpc.Status"]);
  });

  test("of a message and of the model of errors are two components", () => {
    const status = 'syntax = "proto3"; package google.rpc; message Status { string mood = 1; }';
    const { error, files } = runPlugin(
      compileText(
        {
          "google/rpc/status.proto": status,
          "t.proto": protoText(
            'rpc Get(M) returns (google.rpc.Status) { option (sse.v1.http) = {get: "/m"}; }',
          ).replace('import "sse', 'import "google/rpc/status.proto"; import "sse'),
        },
        "emit=openapi",
      ),
    );
    expect(error).toBe("");
    const document = parse(files.get("S.openapi.yaml") ?? "");
    const answer = document.paths["/m"].get.responses["200"].content["application/json"].schema.$ref.split("/").at(-1);
    const failure = document.components.responses.Error.content["application/json"].schema.$ref.split("/").at(-1);
    expect(Object.keys(document.components.schemas[answer].properties)).toEqual(["mood"]);
    expect(Object.keys(document.components.schemas[failure].properties)).toEqual(["code", "message", "details"]);
  });
});

function get(path: string): string {
  return `rpc Get(M) returns (M) { option (sse.v1.http) = {get: "${path}"}; }`;
}

/** A text literal of a proto. */
function quote(text: string): string {
  return JSON.stringify(text);
}
