/** The options of sse.v1 about documents, beside a base, options of gnostic, and the options of the plugin. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { compileText, runPlugin } from "../../../../test/compile-text.js";
import { root } from "../../../../test/golden.js";
import { gnosticProto } from "../../../annotations/testing/gnostic-proto.js";
import { findErrors } from "../testing/validate-document.js";

const head = 'syntax = "proto3";\npackage t;\nimport "sse/v1/annotations.proto";\n';

/** What the plugin answers for a file of package `t`, with its JSON documents by name. */
function run(text: string, parameter = "", files: Record<string, string> = {}) {
  const imports = Object.keys(files).map((name) => `import "${name}";\n`);
  const request = compileText({ ...files, "t.proto": head + imports.join("") + text });
  const options = ["emit=openapi", "openapi_format=json", parameter].filter((option) => option !== "").join(",");
  const { error, files: emitted } = runPlugin({ ...request, fileToGenerate: ["t.proto"], parameter: options });
  return { error, document: (name = "S.openapi.json") => JSON.parse(emitted.get(name) ?? "{}") };
}

function withBase<T>(base: object, use: (parameter: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "openapi-own-"));
  try {
    writeFileSync(join(dir, "base.yaml"), stringify(base));
    return use(`openapi_base=${join(dir, "base.yaml")}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const method = (options: string, field = "") =>
  `service S { rpc A(M) returns (M) { option (sse.v1.http) = {get: "/a"}; ${options} } }
   message M { string id = 1 ${field}; }`;

test("an option of sse.v1 wins over one of gnostic, which adds what it does not say", async () => {
  const { error, document } = run(
    method(
      `option (sse.v1.document) = {
         tags: "Ours" summary: "Ours." external_docs: {url: "https://example.com/ours"}
         security: {} errors: {status: "404" schema: "M"}
       };
       option (openapi.v3.operation) = {
         tags: "Theirs" summary: "Theirs." operation_id: "Theirs" external_docs: {url: "https://example.com/theirs" description: "D."}
         security: {additional_properties: {name: "token" value: {}}}
         responses: {
           response_or_reference: {name: "404" value: {response: {description: "Theirs."}}}
           response_or_reference: {name: "409" value: {response: {description: "Theirs."}}}
         }
       };`,
      `[(sse.v1.field_document) = {summary: "Ours." example: "ours" external_docs: {url: "https://example.com/ours"}},
        (openapi.v3.property) = {description: "Theirs." max_length: 9 example: {yaml: "theirs"}}]`,
    ),
    "",
    { "gnostic.proto": gnosticProto("openapi.v3") },
  );
  expect(error).toBe("");
  const { get } = document().paths["/a"];
  expect(get).toMatchObject({
    tags: ["Ours"],
    summary: "Ours.",
    externalDocs: { url: "https://example.com/ours" },
    security: [],
    operationId: "Theirs",
  });
  expect(get.externalDocs).not.toHaveProperty("description");
  expect(get.responses["404"]).toEqual({
    description: "Not Found.",
    content: { "application/json": { schema: { $ref: "#/components/schemas/t.M" } } },
  });
  expect(get.responses["409"]).toEqual({ description: "Theirs." });
  const property = {
    type: "string",
    maxLength: 9,
    description: "Ours.",
    examples: ["ours"],
    externalDocs: { url: "https://example.com/ours" },
  };
  expect(document().components.schemas["t.M"].properties.id).toEqual(property);
  const { description, ...schema } = property;
  expect(get.parameters[0]).toMatchObject({ description, schema });
  expect(await findErrors(document())).toEqual([]);
});

test("methods use the schemes of a base and of gnostic, and a scheme of sse.v1 replaces one of the same name", async () => {
  const text = `
    option (openapi.v3.document) = {components: {security_schemes: {additional_properties: {
      name: "gnostic" value: {security_scheme: {type: "http" scheme: "basic"}}
    } additional_properties: {
      name: "own" value: {security_scheme: {type: "http" scheme: "digest" description: "Theirs."}}
    }}}};
    service S {
      option (sse.v1.service_document) = {
        security_schemes: {name: "own" header: "X-Key"}
        security: {scheme: "base" scopes: "reader"}
        security: {scheme: "gnostic"}
      };
      rpc A(M) returns (M) { option (sse.v1.http) = {get: "/a"}; }
    }
    message M { string id = 1; }`;
  const own = { type: "apiKey", in: "header", name: "X-Key" };
  const base = { type: "http", scheme: "bearer" };
  const components = { securitySchemes: { base, own: { ...base, description: "Theirs." } } };
  const { error, document } = withBase({ components }, (parameter) =>
    run(text, parameter, { "gnostic.proto": gnosticProto("openapi.v3") }),
  );
  expect(error).toBe("");
  expect(document().components.securitySchemes).toEqual({ base, gnostic: { type: "http", scheme: "basic" }, own });
  expect(document().paths["/a"].get.security).toEqual([{ base: ["reader"] }, { gnostic: [] }]);
  expect(await findErrors(document())).toEqual([]);
  expect(run(text, "", { "gnostic.proto": gnosticProto("openapi.v3") }).error).toContain('unknown scheme "base"');
});

test("a scheme is known in the services of its package, and is in the documents that use it", () => {
  const { error, document } = run(`
    service S {
      option (sse.v1.service_document) = {security_schemes: {name: "token" http: "bearer"}};
      rpc A(M) returns (M) { option (sse.v1.http) = {get: "/a"}; }
    }
    service T {
      rpc B(M) returns (M) { option (sse.v1.http) = {get: "/b"}; option (sse.v1.document) = {security: {scheme: "token"}}; }
    }
    service U { rpc C(M) returns (M) { option (sse.v1.http) = {get: "/c"}; } }
    service V {
      option (sse.v1.service_document) = {security_schemes: {name: "token" http: "bearer"}};
      rpc D(M) returns (M) { option (sse.v1.http) = {get: "/d"}; }
    }
    message M { string id = 1; }`);
  expect(error).toBe("");
  for (const name of ["S", "V"]) {
    expect(Object.keys(document(`${name}.openapi.json`).components.securitySchemes)).toEqual(["token"]);
  }
  expect(document("T.openapi.json").components.securitySchemes).toEqual({ token: { type: "http", scheme: "bearer" } });
  expect(document("U.openapi.json").components).not.toHaveProperty("securitySchemes");
});

test("one document has no two schemes of one name", () => {
  const file = (name: string, scheme: string) => `
    syntax = "proto3"; package ${name}; import "sse/v1/annotations.proto";
    service S {
      option (sse.v1.service_document) = {security_schemes: {name: "token" http: "${scheme}"}};
      rpc A(M) returns (M) { option (sse.v1.http) = {get: "/${name}"}; }
    }
    message M { string id = 1; }`;
  const request = compileText({ "a/a.proto": file("a", "bearer"), "b/b.proto": file("b", "basic") });
  const errorOf = (parameter: string) => runPlugin({ ...request, parameter: `emit=openapi,${parameter}` }).error;
  expect(errorOf("openapi_output=merged")).toMatch(
    /^b\/b\.proto:4:\d+: service b\.S: security scheme "token" differs from that of service a\.S, which is in the same document: rename one$/,
  );
  expect(errorOf("openapi_output=service")).toBe("");
});

test("services share tags, which the one that describes them does", () => {
  const { error, document } = run(
    `service S {
       rpc A(M) returns (M) { option (sse.v1.http) = {get: "/a"}; option (sse.v1.document).tags = "T"; }
       rpc B(M) returns (M) { option (sse.v1.http) = {get: "/b"}; }
     }
     // Says.
     service T {
       option (sse.v1.service_document) = {tag_descriptions: {key: "Own" value: "Described."}};
       rpc C(M) returns (M) { option (sse.v1.http) = {get: "/c"}; }
       rpc D(M) returns (M) { option (sse.v1.http) = {get: "/d"}; option (sse.v1.document).tags = "Own"; }
     }
     message M { string id = 1; }`,
    "openapi_output=merged,openapi=3.1",
  );
  expect(error).toBe("");
  expect(document("openapi.json").tags).toEqual([
    { name: "S" },
    { name: "T", description: "Says." },
    { name: "Own", description: "Described." },
  ]);
  expect(document("openapi.json").paths["/d"].get).toMatchObject({ tags: ["Own"], operationId: "T_D" });
});

test("names that begin with x- stay in a plain document", () => {
  const { document } = run(
    `service S {
       option (sse.v1.service_document) = {
         security_schemes: {name: "x-key" oauth2: {password: {
           token_url: "https://example.com/token" scopes: {key: "x-read" value: "Read."}
         }}}
         security: {scheme: "x-key" scopes: "x-read"}
       };
       rpc A(M) returns (M) { option (sse.v1.http) = {get: "/a"}; }
     }
     message M { string id = 1; }`,
    "openapi=3.1,openapi_streams=plain",
  );
  expect(document().paths["/a"].get.security).toEqual([{ "x-key": ["x-read"] }]);
  expect(document().components.securitySchemes["x-key"].flows.password.scopes).toEqual({ "x-read": "Read." });
});

test("an example has the form that the document describes, and can hold any message", () => {
  const text = `
    service S { rpc A(M) returns (M) {
      option (sse.v1.http) = {post: "/a/{user_id}" body: "*"};
      option (sse.v1.document) = {example: {
        request: '{"userId": "u", "kind": "BIG", "any": {"@type": "x/t.N", "theKind": "BIG"}}'
        responses: '{"user_id": "u"}'
      }};
    } }
    message M { string user_id = 1; Kind kind = 2; google.protobuf.Any any = 3; }
    message N { Kind the_kind = 1; }
    enum Kind { SMALL = 0; BIG = 1; }`;
  const examples = (parameter: string) => {
    const { document } = run(`import "google/protobuf/any.proto";${text}`, parameter);
    const { parameters, requestBody, responses } =
      document().paths["/a/{userId}"]?.post ?? document().paths["/a/{user_id}"].post;
    return [parameters[0].example, requestBody, responses["200"]].map(
      (part) => part.content?.["application/json"].example ?? part,
    );
  };
  expect(examples("")).toEqual([
    "u",
    { kind: "BIG", any: { "@type": "type.googleapis.com/t.N", theKind: "BIG" } },
    { userId: "u" },
  ]);
  expect(examples("openapi_proto_names=true,openapi_enum=integer")).toEqual([
    "u",
    { kind: 1, any: { "@type": "type.googleapis.com/t.N", the_kind: 1 } },
    { user_id: "u" },
  ]);
});

test("the default error can be the author's", async () => {
  const { document } = run(method('option (sse.v1.document) = {errors: {status: "default" schema: ".t.M"}};'));
  expect(document().paths["/a"].get.responses.default.content["application/json"].schema).toEqual({
    $ref: "#/components/schemas/t.M",
  });
  expect(document().components.responses).toEqual({});
  expect(await findErrors(document())).toEqual([]);
});

test("mistakes are found without a document, too", () => {
  expect(
    run(method('option (sse.v1.document) = {security: {scheme: "token"}};'), "emit=client,runtime=x").error,
  ).toContain('security: unknown scheme "token"');
});

test("the example of docs/openapi.md is right", async () => {
  const page = readFileSync(join(root, "docs/openapi.md"), "utf8");
  const examples = [...page.matchAll(/^```proto\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  expect(examples).toHaveLength(1);
  for (const example of examples) {
    const { error, document } = run(example);
    expect(error).toBe("");
    expect(document("MarketService.openapi.json").paths["/quotes/{symbol}"].get.security).toEqual([]);
    expect(await findErrors(document("MarketService.openapi.json"))).toEqual([]);
  }
});
