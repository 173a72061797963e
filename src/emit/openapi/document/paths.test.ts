import { describe, expect, test } from "vitest";
import type { Options } from "../../../options.js";
import { Problems } from "../../../problems.js";
import type { OpenApiVersion } from "../context.js";
import type { OperationObject, PathItemObject } from "../objects.js";
import { type Compiled, cases, compileCase, compileFiles, compileProto, defaultOptions } from "../testing/compile.js";
import { openApiDocument } from "./document.js";

function build({ api }: Compiled, options: Partial<Options> = {}, version: OpenApiVersion = "3.2") {
  const problems = new Problems();
  const document = openApiDocument(api, version, { ...defaultOptions, ...options }, problems);
  return { document, warnings: problems.warnings() };
}

/** A document of the methods of a service, each `Name: {http rule}`. */
function methods(rules: Record<string, string>, message: string, options?: Partial<Options>, version?: OpenApiVersion) {
  const rpcs = Object.entries(rules).map(
    ([name, rule]) => `rpc ${name}(M) returns (M) { option (sse.v1.http) = {${rule}}; }`,
  );
  return build(compileProto(`service S { ${rpcs.join("\n")} }\nmessage M { ${message} }`), options, version);
}

function operationsOf(item: PathItemObject): Map<string, OperationObject> {
  const { additionalOperations = {}, ...named } = item;
  const entries = Object.entries(named).map(([method, operation]) => [method.toUpperCase(), operation] as const);
  return new Map([...entries, ...Object.entries(additionalOperations)] as [string, OperationObject][]); // all that is left
}

describe("a path", () => {
  const forms: [string, string][] = [
    ["/", "/"],
    ["/v1/things", "/v1/things"],
    ["/v1/things:watch", "/v1/things:watch"],
    ["/v1/{name}", "/v1/{name}"],
    ["/v1/{name=*}", "/v1/{name}"],
    ["/v1/{two_words}", "/v1/{twoWords}"],
    ["/v1/{in_it.two_words}:watch", "/v1/{inIt_twoWords}:watch"],
    ["/v1/{name=shelves/*}", "/v1/shelves/{shelf}"],
    ["/v1/{name=shelves/*/books/*}:move", "/v1/shelves/{shelf}/books/{book}:move"],
    ["/v1/{name=shelves/*/books/**}", "/v1/shelves/{shelf}/books/{book}"],
    ["/v1/{name=things/*}/things/{two_words=things/*}", "/v1/things/{thing}/things/things/{thing_2}"],
    ["/v1/{name=names/*}/{two_words=names/*}", "/v1/names/{name}/names/{name_2}"],
    ["/v1/{two_words=names/*}/{name}", "/v1/names/{name_2}/{name}"],
    ["/v1/{name=*/*}", "/v1/{v1}/{name}"],
    ["/v1/{name=a/b}", "/v1/a/b"],
    ["/{name=**}", "/{name}"],
    ["/{name=**}/end", "/{name}/end"],
    ["/things/*", "/things/{thing}"],
    ["/*/**", "/{wildcard}/{wildcard_2}"],
  ];

  const singulars = {
    shelves: "shelf",
    leaves: "leaf",
    drives: "drive",
    entries: "entry",
    movies: "movie",
    boxes: "box",
    branches: "branch",
    caches: "cache",
    addresses: "address",
    status: "status",
    analysis: "analysis",
    sizes: "size",
    news: "new",
    gas: "ga",
    s: "s",
    chat: "chat",
    databases: "database",
  };
  const renamed = "/v1/{name=shelves/*}/{two_words}/**";
  const inProto = "/v1/{two_words}/{in_it.two_words}";
  const clashing = "/v1.2/*/{in_it.name}/{more}";
  const templates = [
    ...forms.map(([template]) => template),
    ...Object.keys(singulars).map((s) => `/${s}/*`),
    renamed,
    inProto,
    clashing,
  ];
  const compiled = compileFiles(
    Object.fromEntries(templates.map((template, i) => [`p${i}/p.proto`, protoOf(template, i)])),
  );

  /** The one path of a document, and its operation. */
  const of = (template: string, options?: Partial<Options>) => {
    const services = compiled.api.services.filter(({ methods }) => methods[0]?.bindings[0].template.text === template);
    const { document } = build({ ...compiled, api: { ...compiled.api, services } }, options);
    const [path = "", item = {}] = Object.entries(document.paths)[0] ?? [];
    return { path, operation: operationsOf(item).get("GET") };
  };

  test.each(forms)("%s is %s", (template, path) => {
    const { path: got, operation } = of(template);
    expect(got).toBe(path);
    const names = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
    expect(operation?.parameters?.filter((p) => p.in === "path").map((p) => [p.name, p.required]) ?? []).toEqual(
      names.map((name) => [name, true]),
    );
    expect(operation?.["x-google-http-template"]).toBe(template === path ? undefined : template);
  });

  test.each(Object.entries(singulars))("names one of %s %s", (plural, one) => {
    expect(of(`/${plural}/*`).path).toBe(`/${plural}/{${one}}`);
  });

  test("keeps proto names with the option", () => {
    expect(of(inProto, { openapi_proto_names: true }).path).toBe("/v1/{two_words}/{in_it_two_words}");
  });

  test("describes the field of a parameter whose name differs", () => {
    const parameters = of(renamed).operation?.parameters;
    expect(parameters?.slice(0, 3)).toEqual([
      expect.objectContaining({ name: "shelf", "x-proto-field": "name", schema: { type: "string" } }),
      expect.objectContaining({ name: "twoWords", "x-proto-field": undefined }),
      expect.objectContaining({ name: "wildcard", "x-multi-segment": true, allowReserved: true }),
    ]);
  });

  test("has no dots in its names, as Spectral takes none, and no name twice", () => {
    const { path, operation } = of(clashing);
    expect(path).toBe("/v1.2/{v1_2}/{inIt_name}/{inIt_name_2}");
    expect(operation?.parameters?.slice(0, 3).map((p) => [p.name, p["x-proto-field"]])).toEqual([
      ["v1_2", undefined],
      ["inIt_name", "in_it.name"],
      ["inIt_name_2", "more"],
    ]);
  });

  test("of several segments has no word in 3.1", () => {
    const { document } = methods({ Get: 'get: "/{name=**}"' }, "string name = 1;", {}, "3.1");
    const [parameter] = document.paths["/{name}"]
      ? (operationsOf(document.paths["/{name}"]).get("GET")?.parameters ?? [])
      : [];
    expect(parameter).toMatchObject({ "x-multi-segment": true, description: "May contain `/`." });
    expect(parameter?.allowReserved).toBeUndefined();
  });
});

/** A file of its own package, so that no route is another's. */
function protoOf(template: string, index: number): string {
  return `
    syntax = "proto3"; package p${index};
    import "sse/v1/annotations.proto";
    service S { rpc Get(M) returns (M) { option (sse.v1.http) = {get: "${template}"}; } }
    message M { string name = 1; string two_words = 2; M in_it = 3; string more = 4 [json_name = "inIt_name"]; }
  `;
}

describe("paths", () => {
  test("that differ in names alone are one, with the names of the first", () => {
    const { document, warnings } = methods(
      { Get: 'get: "/m/{a}"', Delete: 'delete: "/m/{b}"', Put: 'put: "/m/{c=**}" body: "*"' },
      "string a = 1; string b = 2; string c = 3;",
    );
    expect(Object.keys(document.paths)).toEqual(["/m/{a}"]);
    const operations = operationsOf(document.paths["/m/{a}"] ?? {});
    expect(
      [...operations].map(([method, { parameters = [] }]) => [
        method,
        parameters[0]?.name,
        parameters[0]?.["x-proto-field"],
      ]),
    ).toEqual([
      ["GET", "a", undefined],
      ["DELETE", "a", "b"],
      ["PUT", "a", "c"],
    ]);
    expect(warnings).toEqual([]);
  });

  test("that OpenAPI cannot distinguish are reported, and the second is omitted", () => {
    const { document, warnings } = methods(
      { One: 'get: "/m/{a}"', All: 'get: "/m/{b=**}"' },
      "string a = 1; string b = 2;",
    );
    expect(Object.keys(document.paths)).toEqual(["/m/{a}"]);
    expect(operationsOf(document.paths["/m/{a}"] ?? {}).get("GET")?.operationId).toBe("S_One");
    expect(warnings).toEqual([
      "t.proto:5:1: rpc t.S.All: GET /m/{b=**} is left out of the OpenAPI document: its path is /m/{b} there, and /m/{a} has a GET already",
    ]);
  });

  const customMethods = {
    Report: 'custom: {kind: "REPORT" path: "/m"} body: "*"',
    Query: 'custom: {kind: "QUERY" path: "/m"} body: "*"',
    Options: 'custom: {kind: "OPTIONS" path: "/m"}',
  };

  test("have every method in 3.2", () => {
    const { document, warnings } = methods(customMethods, "string a = 1;");
    expect(Object.keys(document.paths["/m"] ?? {})).toEqual(["query", "options", "additionalOperations"]);
    expect(Object.keys(document.paths["/m"]?.additionalOperations ?? {})).toEqual(["REPORT"]);
    expect(warnings).toEqual([]);
  });

  test("lack some methods in 3.1, with a warning for each", () => {
    const { document, warnings } = methods(customMethods, "string a = 1;", {}, "3.1");
    expect(Object.keys(document.paths["/m"] ?? {})).toEqual(["options"]);
    expect(warnings).toEqual([
      "t.proto:4:13: rpc t.S.Report: REPORT /m is left out of the OpenAPI document: 3.1 has no place for the method REPORT, but 3.2 has",
      "t.proto:5:1: rpc t.S.Query: QUERY /m is left out of the OpenAPI document: 3.1 has no place for the method QUERY, but 3.2 has",
    ]);
  });

  test.each(cases)("are the routes of the services of %s, all of them", (name) => {
    const compiled = compileCase(name);
    const { document, warnings } = build(compiled, { openapi_output: "merged" });
    const documented = Object.entries(document.paths).flatMap(([path, item]) =>
      [...operationsOf(item)].map(([method, operation]) => `${method} ${operation["x-google-http-template"] ?? path}`),
    );
    const routes = compiled.api.services.flatMap((service) =>
      service.methods.flatMap((method) => method.bindings.map(({ method, template }) => `${method} ${template.text}`)),
    );
    expect(documented.sort()).toEqual(routes.sort());
    expect(warnings).toEqual([]);
  });

  test.each(cases)("have operation ids that occur once in %s", (name) => {
    const { document } = build(compileCase(name), { openapi_output: "merged" });
    const ids = Object.values(document.paths).flatMap((item) =>
      [...operationsOf(item).values()].map((o) => o.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
