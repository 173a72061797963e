import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { compileText, protoText, runPlugin } from "../../../../test/compile-text.js";
import { findErrors } from "../testing/validate-document.js";

const text = protoText('rpc A(M) returns (M) { option (sse.v1.http) = {get: "/a"}; }').replace(
  "service S",
  "// Says.\nservice S",
);
const request = compileText({ "t.proto": text });
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "openapi-base-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(base: string | object | undefined, options = "", name = "base.yaml") {
  const path = join(dir, name);
  if (base !== undefined) {
    writeFileSync(path, typeof base === "string" ? base : stringify(base));
  }
  const parameter = ["emit=openapi", `openapi_base=${path}`, options].filter((o) => o !== "").join(",");
  const { error, files } = runPlugin({ ...request, parameter });
  return { error: error.replaceAll(dir, "<dir>"), files, document: parse(files.get("S.openapi.yaml") ?? "{}") };
}

const base = {
  info: { title: "Ours", version: "1.2.3", description: "Of us.", license: { name: "MIT", identifier: "MIT" } },
  servers: [{ url: "https://example.com", description: "The one." }],
  security: [{ token: [] }],
  tags: [
    { name: "S", description: "Theirs.", externalDocs: { url: "https://example.com/docs" } },
    { name: "Other", description: "Kept." },
  ],
  components: {
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
    schemas: {
      Zebra: { type: "string" },
      "t.M": { description: "A message.", properties: { more: { type: "string" } } },
    },
  },
  paths: {
    "/a": { get: { security: [], operationId: "Mine", responses: { "404": { description: "Not there." } } } },
    "/health": { get: { operationId: "Health", responses: { "200": { description: "Well." } } } },
  },
  "x-ours": { a: 1 },
};

describe("a base document", () => {
  test("lies under ours", async () => {
    const { error, document } = run(base);
    expect(error).toBe("");
    expect(await findErrors(document)).toEqual([]);
    expect(document).toMatchObject({
      openapi: "3.2.0",
      info: base.info,
      servers: base.servers,
      security: base.security,
      "x-ours": { a: 1 },
      components: { securitySchemes: base.components.securitySchemes },
    });
    expect(document.tags.map((tag: { name: string }) => tag.name)).toEqual(["S", "Other"]);
    expect(document.tags[0]).toMatchObject({ description: "Says.", externalDocs: { url: "https://example.com/docs" } });
    expect(Object.keys(document.paths)).toEqual(["/a", "/health"]);
    expect(document.paths["/a"].get).toMatchObject({ operationId: "S_A", security: [] });
    expect(Object.keys(document.paths["/a"].get.responses).sort()).toEqual(["200", "404", "default"]);
    expect(Object.keys(document.components.schemas)).toEqual([
      "Zebra",
      "google.protobuf.Any",
      "google.rpc.Status",
      "t.M",
    ]);
    expect(document.components.schemas["t.M"]).toMatchObject({ title: "M", description: "A message." });
    expect(Object.keys(document.components.schemas["t.M"].properties)).toEqual(["id", "more"]);
    expect(Object.keys(document)).toEqual([
      "openapi",
      "info",
      "servers",
      "security",
      "tags",
      "paths",
      "x-ours",
      "components",
    ]);
  });

  test("gives way to options, and to no default", () => {
    const { document } = run(base, "openapi_title=Said,openapi_version=9,openapi_servers=/api");
    expect(document.info).toMatchObject({ title: "Said", version: "9", description: "Of us." });
    expect(document.servers).toEqual([{ url: "/api" }]);
    expect(run({}).document.info).toEqual({ title: "t", version: "0.0.0" });
    expect(run(base, "openapi_version=0.0.0").document.info).toMatchObject({ version: "0.0.0" });
  });

  test("may be JSON, and is looked for from where the plugin runs", () => {
    run(JSON.stringify(base), "", "base.json");
    const parameter = `emit=openapi,openapi_base=${relative(process.cwd(), join(dir, "base.json"))}`;
    expect(runPlugin({ ...request, parameter }).files.get("S.openapi.yaml")).toContain("title: Ours");
  });

  test("may say the version that the document has", () => {
    expect(run({ openapi: "3.2.0" }).error).toBe("");
    expect(run({ openapi: "3.1.1" }, "openapi=3.1").document.openapi).toBe("3.1.0");
  });

  test("adds members with the names that every object inherits", () => {
    const { document } = run('components: {schemas: {constructor: {type: string}, "__proto__": {type: string}}}');
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(["constructor", "__proto__"]));
  });
});

describe("what is no base document is an error of the option", () => {
  const wrong: [what: string, base: string | object | undefined, error: string | RegExp, options?: string][] = [
    [
      "no file",
      undefined,
      /^option "openapi_base": got "<dir>\/none.yaml", and there is no such file; it is looked for in "/,
    ],
    ["a list", "[1]", 'option "openapi_base": "<dir>/base.yaml" holds a list, and no OpenAPI document'],
    ["text", "hello", 'option "openapi_base": "<dir>/base.yaml" holds text, and no OpenAPI document'],
    ["nothing", "", 'option "openapi_base": "<dir>/base.yaml" holds nothing, and no OpenAPI document'],
    [
      "no YAML",
      "a: [1\nb: }",
      /^option "openapi_base": "<dir>\/base.yaml" is neither YAML nor JSON: .* at line 2, column 1$/,
    ],
    ["two documents", "a: 1\n---\nb: 2", /neither YAML nor JSON: /],
    ["a field of no document", { secuirty: [] }, /has no field "secuirty" \(did you mean "security"\?\)$/],
    ["a field of another kind", { tags: {} }, /"tags" is an object, and in an OpenAPI document a list$/],
    ["a version that is a number", "info: {version: 1.0}", /"info.version" is a number: quote it, and it is text$/],
    [
      "an old version",
      { openapi: "3.0.3" },
      'option "openapi_base": is OpenAPI 3.0.3, and the document 3.2.0: write no version in it',
    ],
    ["one version of two", { openapi: "3.2.0" }, /is OpenAPI 3.2.0, and the document 3.1.0/, "openapi=3.1+3.2"],
  ];

  test.each(wrong)("%s", (what, document, error, options) => {
    const got = run(document, options, what === "no file" ? "none.yaml" : "base.yaml");
    expect(got.error).toEqual(typeof error === "string" ? error : expect.stringMatching(error));
    expect(got.files.size).toBe(0);
  });

  test("a folder, and no name", () => {
    const errors = [dir, ""].map((path) => runPlugin({ ...request, parameter: `openapi_base=${path}` }).error);
    expect(errors).toEqual([
      expect.stringMatching(/^option "openapi_base": got ".*", and it cannot be read \(EISDIR\)/),
      expect.stringMatching(/^option "openapi_base": got "", takes the path of a YAML or JSON file/),
    ]);
  });
});

test("a base refers to schemas by either of their names where they are short", () => {
  const base = (name: string) => ({
    components: {
      schemas: { [name]: { "x-of-base": true }, Own: { items: { $ref: `#/components/schemas/${name}` } } },
    },
  });
  for (const name of ["t.M", "M"]) {
    const { schemas } = run(base(name), "openapi_names=short").document.components;
    expect(schemas["M"]).toMatchObject({ type: "object", "x-of-base": true });
    expect(schemas["Own"]).toEqual({ items: { $ref: "#/components/schemas/M" } });
    expect(schemas).not.toHaveProperty("t.M");
  }
});
