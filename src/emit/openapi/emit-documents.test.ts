import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Options } from "../../options.js";
import { Problems } from "../../problems.js";
import type { OpenApiVersion } from "./context.js";
import { cases, compileCase, compileFiles, documentsOf } from "./testing/compile.js";
import { findErrors } from "./testing/validate-document.js";

function emit(name: string, options: Partial<Options> = {}) {
  const problems = new Problems();
  const files = documentsOf(compileCase(name).api, options, problems);
  return { files, names: files.map((file) => file.name), warnings: problems.warnings() };
}

const variants: Partial<Options>[] = [
  { openapi: ["3.2", "3.1"], openapi_format: ["yaml", "json"] },
  {
    openapi: ["3.2", "3.1"],
    openapi_output: "merged",
    openapi_oneof: "union",
    openapi_enum: "open",
    openapi_proto_names: true,
  },
  { openapi: ["3.2", "3.1"], openapi_output: "merged", openapi_names: "short", openapi_streams: "plain" },
  {
    openapi: ["3.2", "3.1"],
    openapi_output: "file",
    openapi_enum: "integer",
    openapi_servers: ["https://example.com/api"],
    openapi_title: "No: 1\n2",
  },
];

describe.each(cases)("the documents of %s", (name) => {
  test.each(variants)("have no error by the official schema: %j", async (options) => {
    const { files } = emit(name, options);
    expect(files.length).toBeGreaterThan(1);
    for (const { name, content } of files) {
      expect({ name, errors: await findErrors(parse(content)) }).toEqual({ name, errors: [] });
    }
  });

  test("say the same to readers of YAML 1.1, of YAML 1.2 and of JSON", () => {
    const { files } = emit(name, { openapi_format: ["yaml", "json"] });
    for (const yaml of files.filter((file) => file.name.endsWith(".yaml"))) {
      const json = files.find((file) => file.name === yaml.name.replace(/yaml$/, "json"));
      const expected = JSON.parse(json?.content ?? "");
      expect(parse(yaml.content, { version: "1.1" })).toEqual(expected);
      expect(parse(yaml.content, { version: "1.2" })).toEqual(expected);
    }
  });

  test("are the same, run after run", () => {
    expect(emit(name).files).toEqual(emit(name).files);
  });
});

describe("the official schema", () => {
  const text = (version: OpenApiVersion) =>
    emit("events", { openapi: [version], openapi_format: ["json"] }).files[0]?.content ?? "";
  const faults: [string, string | RegExp, string][] = [
    ["no title", '"title": "assistant.v1"', '"x-title": ""'],
    ["a path without slash", '"/v1/ask"', '"v1/ask"'],
    ["an unknown method", '"post"', '"report"'],
    ["a parameter in nothing", '"in": "path"', '"in": "nothing"'],
    ["a path parameter that is optional", /"required": true,(?=\s+"schema")/, ""],
    ["an unknown type", '"type": "object"', '"type": "message"'],
    ["a required that is no list", /"required": \[[^\]]*\]/, '"required": true'],
    ["a component's name with a space", '"assistant.v1.Delta": {', '"a b": {'],
    ["an invalid response", '"Error": {', '"Error": 1, "x": {'],
  ];

  test.each(faults)("finds %s, in both versions", async (_, right, wrong) => {
    for (const version of ["3.1", "3.2"] as const) {
      const spoilt = text(version).replace(right, wrong);
      expect(spoilt).not.toBe(text(version));
      expect(await findErrors(JSON.parse(spoilt))).not.toEqual([]);
    }
  });

  test("finds what is 3.2 in 3.1", async () => {
    expect(await findErrors({ ...JSON.parse(text("3.2")), openapi: "3.1.0" })).not.toEqual([]);
  });
});

describe("the files", () => {
  test("are one a service, beside its proto", () => {
    expect(emit("multi-file").names).toEqual([
      "billing/v1/BillingService.openapi.yaml",
      "shop/v1/OrderService.openapi.yaml",
      "shop/v1/OrderEventService.openapi.yaml",
    ]);
  });

  test("are one for each proto with services, with the option", () => {
    expect(emit("multi-file", { openapi_output: "file" }).names).toEqual([
      "billing/v1/billing.openapi.yaml",
      "shop/v1/orders.openapi.yaml",
    ]);
  });

  test("are one for all with openapi_output=merged", () => {
    const { files } = emit("multi-file", { openapi_output: "merged" });
    expect(files.map(({ name }) => name)).toEqual(["openapi.yaml"]);
    const document = parse(files[0]?.content ?? "");
    expect(document.info).toEqual({ title: "billing.v1, shop.v1", version: "0.0.0" });
    expect(Object.keys(document.paths)).toEqual([
      "/v1/bills",
      "/v1/ledger",
      "/v1/orders/{number}",
      "/v1/orders/{number}/total",
      "/v1/orders/{number}:watch",
    ]);
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(expect.arrayContaining(["billing.v1.Order", "shop.v1.Order", "shop.v1.Order.Item"]));
    expect(names).toEqual([...names].sort());
  });

  test("name components without the package, where no other has the name, with openapi_names=short", () => {
    const { files } = emit("multi-file", { openapi_output: "merged", openapi_names: "short" });
    const text = files[0]?.content ?? "";
    const names = Object.keys(parse(text).components.schemas);
    expect(names).toEqual([
      "Any",
      "BillingService_WatchLedger_Event",
      "BillingService_WatchLedger_Event_error",
      "BillingService_WatchLedger_Event_message",
      "Currency",
      "Entry",
      "JsonLinesError",
      "Money",
      "OrderEventService_WatchOrder_Event",
      "OrderEventService_WatchOrder_Event_error",
      "OrderEventService_WatchOrder_Event_message",
      "Order_Item",
      "Status",
      "billing.v1.Order",
      "shop.v1.Order",
    ]);
    for (const [, name] of text.matchAll(/#\/components\/schemas\/([^"'\s]+)/g)) {
      expect(names).toContain(name);
    }
  });

  test("are one a version and a format, the newest version under the plain name", () => {
    const { names, files } = emit("sse", { openapi: ["3.1", "3.2"], openapi_format: ["yaml", "json"] });
    expect(names).toEqual([
      "chat/v1/ChatService.openapi-3.1.yaml",
      "chat/v1/ChatService.openapi-3.1.json",
      "chat/v1/ChatService.openapi.yaml",
      "chat/v1/ChatService.openapi.json",
    ]);
    expect(files.map(({ content }) => parse(content).openapi)).toEqual(["3.1.0", "3.1.0", "3.2.0", "3.2.0"]);
    expect(emit("sse", { openapi: ["3.1"] }).names).toEqual(["chat/v1/ChatService.openapi.yaml"]);
  });

  test("have the title, the version and the servers of the options", () => {
    const title = "no: # a \"title\"\nwith 'quotes'";
    const [file] = emit("sse", {
      openapi_title: title,
      openapi_version: "1.0",
      openapi_servers: ["https://a.example/b", "/c"],
    }).files;
    expect(parse(file?.content ?? "")).toMatchObject({
      info: { title, version: "1.0" },
      servers: [{ url: "https://a.example/b" }, { url: "/c" }],
    });
  });

  test("are none without services", () => {
    expect(documentsOf({ ...compileCase("sse").api, services: [] })).toEqual([]);
  });
});

describe("a tag", () => {
  const tags = (version: OpenApiVersion) => {
    const [file] = emit("multi-file", { openapi_output: "merged", openapi: [version] }).files;
    return parse(file?.content ?? "").tags;
  };

  test("is a service, in the tag of its package", () => {
    const service = (name: string, parent: string, description: string) => ({
      name,
      summary: name,
      parent,
      kind: "nav",
      description,
    });
    expect(tags("3.2")).toEqual([
      { name: "billing.v1", summary: "billing.v1", kind: "nav", description: "The package `billing.v1`." },
      { name: "shop.v1", summary: "shop.v1", kind: "nav", description: "The package `shop.v1`." },
      service("BillingService", "billing.v1", "Bills."),
      service("OrderService", "shop.v1", "Orders."),
      service("OrderEventService", "shop.v1", "What happens to orders."),
    ]);
  });

  test("is in no tag of a package where there is one package", () => {
    const [file] = emit("sse").files;
    expect(parse(file?.content ?? "").tags).toEqual([
      { name: "ChatService", summary: "ChatService", kind: "nav", description: expect.any(String) },
    ]);
  });

  test("is a name and a description in 3.1", () => {
    expect(tags("3.1")[0]).toEqual({ name: "BillingService", description: "Bills." });
  });

  test("has the full name of a service where the short one says too little", () => {
    const { api } = compileFiles({
      "a/a.proto": service("package a;", "/a"),
      "b/b.proto": service("package b;", "/b"),
      "c/c.proto": service("package T;", "/c").replace("service S", "service T"),
      "d/d.proto": service("package d;", "/d").replace("service S", "service U"),
    });
    const [file] = documentsOf(api, { openapi_output: "merged" });
    const document = parse(file?.content ?? "");
    expect(document.tags.slice(4).map((tag: { name: string }) => tag.name)).toEqual(["a.S", "b.S", "T.T", "U"]);
    expect([document.paths["/a"].get.operationId, document.paths["/b"].get.operationId]).toEqual([
      "a_S_Get",
      "b_S_Get",
    ]);
  });
});

function service(head: string, path: string): string {
  return `
    syntax = "proto3"; ${head}
    import "sse/v1/annotations.proto";
    service S { rpc Get(M) returns (M) { option (sse.v1.http) = {get: "${path}"}; } }
    message M {}
  `;
}
