import { describe, expect, test } from "vitest";
import { gnosticProto, googleProtos } from "../../../annotations/testing/gnostic-proto.js";
import type { Options } from "../../../options.js";
import { compileFiles, documentsOf } from "../testing/compile.js";
import { findErrors } from "../testing/validate-document.js";

/** The documents of a proto file of package `t`, which imports what it names. */
function emit(text: string, files: Record<string, string>, options: Partial<Options> = {}) {
  const imports = Object.keys(files).map((name) => `import "${name}";`);
  const head = ['syntax = "proto3";', "package t;", 'import "sse/v1/annotations.proto";', ...imports];
  const { api } = compileFiles({ ...files, "t.proto": [...head, text].join("\n") });
  const documents = documentsOf(api, { openapi_format: ["json"], ...options });
  return documents.map(({ name, content }) => ({ name, document: JSON.parse(content) as Loose }));
}

interface Loose {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there
  readonly [key: string]: any;
}

describe("google.api.field_behavior", () => {
  const [{ document } = { document: undefined }] = emit(
    `
      service S { rpc Get(Thing) returns (Thing) { option (sse.v1.http) = {get: "/things"}; } }
      message Thing {
        // The name.
        string name = 1 [(google.api.field_behavior) = IDENTIFIER, (google.api.field_behavior) = REQUIRED];
        string made = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
        string secret = 3 [(google.api.field_behavior) = INPUT_ONLY];
        string kind = 4 [(google.api.field_behavior) = IMMUTABLE, (google.api.field_behavior) = NON_EMPTY_DEFAULT];
        repeated string tags = 5 [(google.api.field_behavior) = UNORDERED_LIST];
        string plain = 6 [(google.api.field_behavior) = OPTIONAL, (google.api.field_behavior) = LATER];
        Inner inner = 7 [(google.api.field_behavior) = REQUIRED];
      }
      message Inner { int32 depth = 1 [(google.api.field_behavior) = REQUIRED]; }
    `,
    googleProtos,
  );
  const { properties = {}, required } = document?.["components"]["schemas"]["t.Thing"] ?? {};

  test("says what is required, read-only and write-only", () => {
    expect(required).toEqual(["inner"]); // a server leaves out a name that is empty
    expect(properties["made"]).toEqual({ type: "string", readOnly: true });
    expect(properties["secret"]).toEqual({ type: "string", writeOnly: true });
    expect(properties["plain"]).toEqual({ type: "string" });
  });

  test("requires no member of a oneof, of which one is set and the others are not", () => {
    const [{ document: choice } = { document: undefined }] = emit(
      `
        service S {
          rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/m"}; }
          rpc Send(In) returns (stream M) { option (sse.v1.http) = {post: "/m", body: "*"}; }
        }
        message In { oneof o { string a = 1 [(google.api.field_behavior) = REQUIRED]; string b = 2; } }
        message M {
          oneof o {
            option (sse.v1.events) = true;
            string a = 1 [(google.api.field_behavior) = REQUIRED];
            string b = 2 [(google.api.field_behavior) = REQUIRED];
          }
        }
      `,
      googleProtos,
    );
    const { "t.M": both, "t.In": request } = choice?.["components"]["schemas"] ?? {};
    expect([both.required, request.required]).toEqual([undefined, undefined]);
    expect(both.properties).toEqual({ a: { type: "string" }, b: { type: "string" } });
    expect(choice?.["paths"]["/m"].get.parameters).toMatchObject([{ name: "a" }, { name: "b" }]);
    expect(JSON.stringify(choice?.["paths"]["/m"].get.parameters)).not.toContain("required");
  });

  test("is described where no keyword can express it", () => {
    expect(properties["name"]).toEqual({
      type: "string",
      description: "The name.\n\nThe identifier of the resource.\n\nRequired in requests.",
      "x-field-behavior": ["IDENTIFIER"],
    });
    expect(properties["kind"]).toMatchObject({
      description: expect.stringMatching(/^Immutable: .*\n\nIf it is not set, /),
      "x-field-behavior": ["IMMUTABLE", "NON_EMPTY_DEFAULT"],
    });
    expect(properties["tags"]?.["x-field-behavior"]).toEqual(["UNORDERED_LIST"]);
  });

  test("says which parameters are required", () => {
    const parameters = document?.["paths"]["/things"].get.parameters as { name: string; required?: true }[];
    expect(parameters.filter((parameter) => parameter.required).map(({ name }) => name)).toEqual([
      "name",
      "inner.depth",
    ]);
  });
});

describe.each(["openapi.v3", "gnostic.openapi.v3"])("the options of %s", (pkg) => {
  const [{ document } = { document: undefined }] = emit(
    `
      option (${pkg}.document) = {
        openapi: "3.0.3"
        info: {
          title: "Told" version: "2" summary: "Short." description: "Long." terms_of_service: "https://example.com/terms"
          contact: {name: "Us" email: "us@example.com"} license: {name: "MIT" url: "https://example.com/mit"}
          specification_extension: {name: "x-logo" value: {yaml: "{url: /logo.png}"}}
        }
        servers: {url: "https://{region}.example.com" variables: {additional_properties: {name: "region" value: {default: "eu" enum: ["eu", "us"]}}}}
        components: {security_schemes: {
          additional_properties: {name: "token" value: {security_scheme: {type: "http" scheme: "bearer" bearer_format: "JWT"}}}
          additional_properties: {name: "oauth" value: {security_scheme: {type: "oauth2" flows: {client_credentials: {token_url: "https://example.com/token" scopes: {additional_properties: {name: "read" value: "Reads."}}}}}}}
          additional_properties: {name: "other" value: {reference: {_ref: "#/components/securitySchemes/token"}}}
        }}
        security: {additional_properties: {name: "token"}}
        security: {additional_properties: {name: "oauth" value: {value: ["read"]}}}
        tags: {name: "S" description: "Told of S." external_docs: {url: "https://example.com/s"}}
        external_docs: {url: "https://example.com"}
        specification_extension: {name: "x-all" value: {yaml: "[1, two]"}}
      };
      // Said.
      service S {
        // Said.
        rpc Get(Thing) returns (Thing) {
          option (sse.v1.http) = {get: "/things/{name}"};
          option (${pkg}.operation) = {
            summary: "Told." operation_id: "told" tags: ["S", "More"] deprecated: true
            external_docs: {url: "https://example.com/get"}
            security: {}
            parameters: {parameter: {name: "name" in: "path" description: "Told name." example: {yaml: "a1"}}}
            parameters: {parameter: {name: "X-Trace" in: "header" schema: {schema: {type: "string" format: "uuid"}}}}
            parameters: {parameter: {name: "count" in: "header" schema: {schema: {type: "string"}}}}
            parameters: {reference: {_ref: "#/components/parameters/None"}}
            responses: {
              response_or_reference: {name: "404" value: {response: {description: "Not there."}}}
              default: {response: {description: "Told failure."}}
            }
          };
        }
        rpc Again(Thing) returns (Thing) {
          option (sse.v1.http) = {post: "/things" body: "*"};
          option (${pkg}.operation) = {operation_id: "told"};
        }
      }
      message Thing {
        option (${pkg}.schema) = {title: "Told thing" example: {yaml: "{name: a}"} required: ["name"]};
        // Said.
        string name = 1 [(${pkg}.property) = {description: "Told." min_length: 3 max_length: 9 pattern: "^a" default: {string: "abc"} format: "slug"}];
        int32 count = 2 [(${pkg}.property) = {nullable: true read_only: true minimum: 1 exclusive_minimum: true maximum: 9 example: {yaml: "4"}}];
        bytes data = 3 [(${pkg}.property) = {write_only: true, title: "Data" specification_extension: {name: "x-a" value: {yaml: "1"}}}];
        repeated string tags = 4 [(${pkg}.property) = {items: {schema_or_reference: {schema: {enum: [{yaml: "a"}, {yaml: "b"}]}}}}];
        map<string, string> more = 5 [(${pkg}.property) = {additional_properties: {schema_or_reference: {schema: {max_length: 2}}}}];
        string limit = 6 [(${pkg}.property) = {exclusive_maximum: true}];
      }
    `,
    { "gnostic.proto": gnosticProto(pkg) },
    { openapi_servers: [] },
  );

  test("say over the document", () => {
    expect(document).toMatchObject({
      openapi: "3.2.0",
      info: {
        title: "Told",
        version: "2",
        summary: "Short.",
        description: "Long.",
        termsOfService: "https://example.com/terms",
        contact: { name: "Us", email: "us@example.com" },
        license: { name: "MIT", url: "https://example.com/mit" },
        "x-logo": { url: "/logo.png" },
      },
      servers: [{ url: "https://{region}.example.com", variables: { region: { default: "eu", enum: ["eu", "us"] } } }],
      security: [{ token: [] }, { oauth: ["read"] }],
      tags: [{ name: "S", kind: "nav", description: "Told of S.", externalDocs: { url: "https://example.com/s" } }],
      externalDocs: { url: "https://example.com" },
      "x-all": [1, "two"],
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          oauth: {
            type: "oauth2",
            flows: { clientCredentials: { tokenUrl: "https://example.com/token", scopes: { read: "Reads." } } },
          },
          other: { $ref: "#/components/securitySchemes/token" },
        },
      },
    });
  });

  test("say over an operation", () => {
    const { get } = document?.["paths"]["/things/{name}"] ?? {};
    expect(get).toMatchObject({
      tags: ["S", "More"],
      summary: "Told.",
      operationId: "told",
      deprecated: true,
      externalDocs: { url: "https://example.com/get" },
      security: [{}],
      responses: { "200": { description: "OK." }, "404": { description: "Not there." } },
    });
    const [first, ...others] = get.parameters as Loose[];
    expect(first).toMatchObject({ name: "name", in: "path", required: true, description: "Told name.", example: "a1" });
    expect(others.map((parameter) => parameter["$ref"] ?? `${parameter["name"]} in ${parameter["in"]}`)).toEqual([
      "X-Trace in header",
      "count in header",
      "#/components/parameters/None",
      ...["count", "data", "tags", "more", "limit"].map((name) => `${name} in query`),
    ]);
    expect(document?.["paths"]["/things"].post.operationId).toBe("told_2");
  });

  test("say over a message and its fields", () => {
    const { properties, ...thing } = document?.["components"]["schemas"]["t.Thing"] ?? {};
    expect(thing).toEqual({ title: "Told thing", type: "object", examples: [{ name: "a" }], required: ["name"] });
    expect(properties).toEqual({
      name: {
        type: "string",
        description: "Told.",
        minLength: 3,
        maxLength: 9,
        pattern: "^a",
        default: "abc",
        format: "slug",
      },
      count: {
        type: "integer",
        format: "int32",
        readOnly: true,
        minimum: -2147483648,
        exclusiveMinimum: 1,
        maximum: 9,
        examples: [4],
      },
      data: { type: "string", format: "byte", contentEncoding: "base64", writeOnly: true, title: "Data", "x-a": 1 },
      tags: { type: "array", items: { type: "string", enum: ["a", "b"] } },
      more: { type: "object", additionalProperties: { type: "string", maxLength: 2 } },
      limit: { type: "string", exclusiveMaximum: 0 },
    });
  });

  test("make a document without an error, but for the reference to nothing", async () => {
    const text = JSON.stringify(document).replace(
      '{"$ref":"#/components/parameters/None"}',
      '{"name":"a","in":"query","schema":{}}',
    );
    expect(text).not.toBe(JSON.stringify(document));
    expect(await findErrors(JSON.parse(text))).toEqual([]);
  });

  test("give way to options of the plugin", () => {
    const [{ document } = { document: undefined }] = emit(
      `
        option (${pkg}.document) = {info: {title: "Told" version: "2"} servers: {url: "/told"}};
        service S { rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/m"}; } }
        message M {}
      `,
      { "gnostic.proto": gnosticProto(pkg) },
      {
        openapi_title: "From the option",
        openapi_version: "3",
        openapi_servers: ["/option"],
        openapi_base: { info: { title: "Base", description: "Base." } },
      },
    );
    expect(document).toMatchObject({
      info: { title: "From the option", version: "3", description: "Base." },
      servers: [{ url: "/option" }],
    });
  });
});

describe("google.api.visibility", () => {
  const documents = emit(
    `
      service Public {
        rpc Get(Thing) returns (Thing) { option (sse.v1.http) = {get: "/things"}; }
        rpc Put(Thing) returns (Thing) {
          option (sse.v1.http) = {put: "/things" body: "*"};
          option (google.api.method_visibility).restriction = "INTERNAL";
        }
        rpc Post(Thing) returns (Thing) {
          option (sse.v1.http) = {post: "/things" body: "*"};
          option (google.api.method_visibility).selector = "says nothing";
        }
      }
      service Internal {
        option (google.api.api_visibility).restriction = "INTERNAL, PREVIEW";
        rpc Get(Thing) returns (Thing) { option (sse.v1.http) = {get: "/internal"}; }
      }
      service Empty {
        rpc Get(Thing) returns (Thing) {
          option (sse.v1.http) = {get: "/empty"};
          option (google.api.method_visibility).restriction = "INTERNAL";
        }
      }
      message Thing {
        string shown = 1;
        string hidden = 2 [(google.api.field_visibility).restriction = "INTERNAL"];
        oneof choice { string a = 3; string b = 4 [(google.api.field_visibility).restriction = "INTERNAL"]; }
      }
    `,
    googleProtos,
  );

  test("keeps services, methods and fields out of the documents", () => {
    expect(documents.map(({ name }) => name)).toEqual(["Public.openapi.json"]);
    const { document } = documents[0] ?? {};
    expect(Object.keys(document?.["paths"]["/things"])).toEqual(["get", "post"]);
    expect(document?.["paths"]["/things"].get.parameters.map(({ name }: { name: string }) => name)).toEqual([
      "shown",
      "a",
    ]);
    const { properties, ...thing } = document?.["components"]["schemas"]["t.Thing"] ?? {};
    expect(Object.keys(properties ?? {})).toEqual(["shown", "a"]);
    expect(thing).toEqual({ title: "Thing", type: "object" });
  });
});
