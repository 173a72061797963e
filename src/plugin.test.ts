import { describe, expect, test } from "vitest";
import { compileText, protoText, runPlugin } from "../test/compile-text.js";

const bare = protoText("rpc A(M) returns (M); rpc B(M) returns (stream M); rpc C(stream M) returns (M);");
const annotated = protoText('rpc A(M) returns (M) { option (sse.v1.http) = {get: "/a"}; }');

describe("what is emitted", () => {
  test("nothing, and no error, for a request without services or without annotations", () => {
    const messages = 'syntax = "proto3"; message M {}';
    for (const text of [messages, bare]) {
      const { error, files } = runPlugin(compileText({ "t.proto": text }));
      expect({ error, files: [...files.keys()] }).toEqual({ error: "", files: [] });
    }
  });

  test("default_binding=true binds every method that HTTP can carry", () => {
    const { error, files } = runPlugin(compileText({ "t.proto": bare }, "default_binding=true,emit=client"));
    expect(error).toBe("");
    expect(files.get("t_client.ts")).toContain('bindings: [{ verb: "POST", path: "/t.S/A", body: "*" }],');
    expect(files.get("t_client.ts")).toContain('path: "/t.S/B"');
    expect(files.get("t_client.ts")).not.toContain("/t.S/C");
  });

  test.each([
    ["emit=client", ["t_client.ts"]],
    ["emit=server", ["t_server.ts"]],
    ["emit=openapi", ["S.openapi.yaml"]],
    ["emit=client+server+openapi", ["S.openapi.yaml", "t_client.ts", "t_server.ts"]],
    ["", ["S.openapi.yaml", "t_client.ts", "t_server.ts"]],
  ])("emit: %s", (option, want) => {
    const { files } = runPlugin(compileText({ "t.proto": annotated }, `${option},runtime=x`));
    expect([...files.keys()].sort()).toEqual(want);
  });
});

describe("the runtime", () => {
  const emitted = (options: string) => runPlugin(compileText({ "t.proto": annotated }, options)).files;

  test("is what the emitted code needs and no more", () => {
    const client = [...emitted("emit=client").keys()];
    expect(client).toContain("sse/runtime/client.ts");
    expect(client.filter((name) => name.startsWith("sse/runtime/server"))).toEqual([]);
    const server = [...emitted("emit=server").keys()];
    expect(server).toContain("sse/runtime/server.ts");
    expect(server.filter((name) => name.startsWith("sse/runtime/client"))).toEqual([]);
    expect([...emitted("emit=openapi").keys()].filter((name) => name.startsWith("sse/"))).toEqual([]);
  });

  test("imports with the extension that is asked for", () => {
    for (const [option, extension] of [
      ["none", ""],
      ["js", ".js"],
      ["ts", ".ts"],
    ] as const) {
      const files = emitted(`import_extension=${option}`);
      const relative = [...files].flatMap(([name, content]) =>
        name.endsWith(".ts") ? [...content.matchAll(/from "(\.[^"]*)"/g)].map(([, specifier = ""]) => specifier) : [],
      );
      expect(relative.length).toBeGreaterThan(10);
      expect(relative.filter((specifier) => /(\.[jt]s)?$/.exec(specifier)?.[0] !== extension)).toEqual([]);
    }
  });

  test("is imported from elsewhere and not emitted, with `runtime`", () => {
    for (const [option, specifier] of [
      ["protoc-gen-sse", "protoc-gen-sse/client"],
      ["./lib/rt", "./lib/rt/client"],
    ]) {
      const files = emitted(`emit=client,runtime=${option}`);
      expect([...files.keys()]).toEqual(["t_client.ts"]);
      expect(files.get("t_client.ts")).toContain(`from "${specifier}";`);
    }
  });

  test("of messages=json imports nothing of @bufbuild/protobuf at run time", () => {
    const files = emitted("emit=client,messages=json");
    expect(files.get("t_client.ts")).toContain('from "./sse/runtime/client-json";');
    for (const content of files.values()) {
      expect(content).not.toMatch(/^(import|export) (?!type )[^;]*"@bufbuild\/protobuf/m);
    }
  });
});
