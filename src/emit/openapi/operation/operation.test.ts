import { describe, expect, test } from "vitest";
import type { Options } from "../../../options.js";
import { Problems } from "../../../problems.js";
import { openApiDocument } from "../document/document.js";
import type { OpenApiObject, OperationObject, ParameterObject } from "../objects.js";
import { type Compiled, compileCase, compileFiles, compileProto, defaultOptions } from "../testing/compile.js";

function build({ api }: Compiled, options: Partial<Options> = {}): OpenApiObject {
  return openApiDocument(api, "3.2", { ...defaultOptions, ...options }, new Problems());
}

function operation(document: OpenApiObject, id: string): OperationObject {
  const all = Object.values(document.paths).flatMap((item) => Object.values(item) as OperationObject[]); // no custom method
  const found = all.find(({ operationId }) => operationId === id);
  if (found === undefined) {
    throw new Error(`no operation ${id}`);
  }
  return found;
}

/** What is written: without what is undefined. */
function written<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

const query = build(compileCase("bindings"));
const queryOf = (id: string): ParameterObject[] =>
  written(operation(query, id).parameters ?? []).filter((parameter) => parameter.in === "query");

describe("a query parameter", () => {
  test("is a scalar's ProtoJSON", () => {
    const schemas = Object.fromEntries(queryOf("QueryService_Scalars").map(({ name, schema }) => [name, schema]));
    expect(schemas).toEqual({
      d: { type: "number", format: "double" },
      f: { type: "number", format: "float" },
      i32: { type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 },
      i64: { type: "string", format: "int64", pattern: "^-?(?:0|[1-9][0-9]{0,18})$" },
      u32: { type: "integer", format: "uint32", minimum: 0, maximum: 4294967295 },
      u64: { type: "string", format: "uint64", pattern: "^(?:0|[1-9][0-9]{0,19})$" },
      s32: { type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 },
      s64: { type: "string", format: "int64", pattern: "^-?(?:0|[1-9][0-9]{0,18})$" },
      x32: { type: "integer", format: "uint32", minimum: 0, maximum: 4294967295 },
      x64: { type: "string", format: "uint64", pattern: "^(?:0|[1-9][0-9]{0,19})$" },
      sx32: { type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 },
      sx64: { type: "string", format: "int64", pattern: "^-?(?:0|[1-9][0-9]{0,18})$" },
      flag: { type: "boolean" },
      text: { type: "string" },
      data: { type: "string", format: "byte", contentEncoding: "base64" },
      kind: { $ref: "#/components/schemas/depot.v1.Kind" },
      severalWordsLong: { type: "string" },
      "@other": { type: "string" },
    });
  });

  test("is repeated for a list", () => {
    expect(queryOf("QueryService_Lists")[6]).toEqual({
      name: "times",
      in: "query",
      description: "Times.",
      style: "form",
      explode: true,
      schema: { type: "array", items: { type: "string", format: "date-time" } },
    });
  });

  test("has its keys in brackets for a map", () => {
    const [labels, weights, counts, kinds] = queryOf("QueryService_Maps");
    expect(labels).toEqual({
      name: "labels",
      in: "query",
      description: "Strings by string.",
      style: "deepObject",
      explode: true,
      schema: { type: "object", additionalProperties: { type: "string" } },
    });
    expect(weights?.schema.propertyNames).toEqual({ pattern: "^-?(?:0|[1-9][0-9]*)$" });
    expect(counts?.schema.propertyNames).toEqual({ enum: ["true", "false"] });
    expect(kinds?.schema).toMatchObject({
      propertyNames: { pattern: "^(?:0|[1-9][0-9]*)$" },
      additionalProperties: { $ref: "#/components/schemas/depot.v1.Kind" },
    });
  });

  test("is dotted in a message, once for a message in itself", () => {
    expect(queryOf("QueryService_Nested").map(({ name }) => name)).toEqual([
      "place.shelf",
      "place.box",
      "tree.label",
      "tree.fruit",
    ]);
    expect(operation(query, "QueryService_Nested").description).toBe(
      "Further parameters: the members of `tree.left`, `tree.right`, which are those of the message around each.",
    );
  });

  test("has the name that its field gives it, and is required when that says so", () => {
    expect(queryOf("QueryService_Named").map(({ name, required }) => [name, required])).toEqual([
      ["q", true],
      ["tag", undefined],
      ["sizes", true],
      ["w.from", undefined],
      ["w.endTime", undefined],
      ["l", undefined],
      ["exact", true],
    ]);
  });

  test("has its proto name with the option, unless it sets a name", () => {
    const proto = build(compileCase("bindings"), { openapi_proto_names: true });
    expect(operation(proto, "QueryService_Named").parameters?.map(({ name }) => name)).toContain("w.end_time");
    expect(operation(proto, "QueryService_Scalars").parameters?.map(({ name }) => name)).toContain(
      "several_words_long",
    );
  });

  test("is absent when its oneof has a member in the path", () => {
    expect(queryOf("QueryService_OneOf").map(({ name }) => name)).toEqual([
      "name",
      "number",
      "place.shelf",
      "place.box",
      "all",
    ]);
    expect(queryOf("QueryService_OneOfInPath").map(({ name }) => name)).toEqual(["all"]);
  });

  test("is required in a message where every request has the message", () => {
    const document = build(
      compileProto(`
        service S { rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/m/{in_path.a}"}; } }
        message M { N maybe = 1; N must = 2 [(sse.v1.query) = {required: true}]; N in_path = 3; }
        message N { string a = 1; string b = 2 [(sse.v1.query) = {required: true}]; O o = 3 [(sse.v1.query) = {required: true}]; }
        message O { string c = 1 [(sse.v1.query) = {required: true}]; }
      `),
    );
    const { parameters = [] } = operation(document, "S_Get");
    expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual([
      "inPath_a",
      "must.b",
      "must.o.c",
      "inPath.b",
      "inPath.o.c",
    ]);
    expect(
      parameters.filter(({ description }) => description).map(({ name, description }) => [name, description]),
    ).toEqual([
      ["maybe.b", "Required together with any other parameter `maybe.…`."],
      ["maybe.o.c", "Required together with any other parameter `maybe.o.…`."],
    ]);
  });

  test("is deprecated with its field, or one around it", () => {
    const document = build(
      compileProto(`
        service S { rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/m"}; } }
        message M { string old = 1 [deprecated = true]; string new = 2; N n = 3 [deprecated = true]; }
        message N { string a = 1; }
      `),
    );
    expect(operation(document, "S_Get").parameters?.map(({ name, deprecated }) => [name, deprecated])).toEqual([
      ["old", true],
      ["new", undefined],
      ["n.a", true],
    ]);
  });
});

describe("what sebuf's options say", () => {
  const document = build(compileCase("sebuf", { strict: false }));

  test("is read as sebuf reads it: an empty path, paths without a slash, a header of several values", () => {
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(["/api/v1/trends", "/api/v1/trends/{name}"]));
    const [limit, tags] = written(operation(document, "TrendService_ListTrends").parameters ?? []);
    expect(limit).toMatchObject({ name: "limit", schema: { examples: [20] } });
    expect(tags).toEqual({
      name: "X-Tags",
      in: "header",
      required: true,
      schema: { type: "array", items: { type: "string" } },
      example: ["news", "town"],
    });
  });

  test("is an example, in the form of the field's JSON, and one of the stream", () => {
    const { properties = {} } = document.components.schemas["feed.v1.Post"] ?? {};
    const examples = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, schema.examples]));
    expect(written(examples)).toEqual({
      id: ["post-7", "post-8"],
      user: ["ada"],
      mood: ["MOOD_GLAD"],
      likes: [12, 0],
      pinned: [false],
      size: ["1699900000"],
      scores: [{ home: 0.5, away: 1 }],
      views: [3],
      readers: [["bob", "eve"]],
    });
    expect(properties["tags"]?.items?.examples).toEqual(["news", "town"]);
    expect(properties["scores"]?.additionalProperties).toMatchObject({ examples: [0.5] });
    const { responses } = operation(document, "FeedService_WatchPosts");
    expect(JSON.stringify(responses["200"])).toContain('"id\\":\\"post-7\\",\\"user\\":\\"ada\\"');
  });
});

describe("a header", () => {
  const document = build(compileCase("headers"));
  const headers = (id: string) => written(operation(document, id).parameters ?? []).filter((p) => p.in === "header");

  test("is what the method says, and else what the service says", () => {
    expect(headers("VaultService_PutSecret")).toEqual([
      {
        name: "X-API-Key",
        in: "header",
        description: "Says who calls.",
        required: true,
        schema: { type: "string", format: "uuid" },
        example: "123e4567-e89b-12d3-a456-426614174000",
      },
      {
        name: "X-Trace",
        in: "header",
        description: "Names the call in the logs of all services.",
        schema: { type: "string" },
      },
      {
        name: "X-Client-Version",
        in: "header",
        description: "Nobody reads it any more.",
        deprecated: true,
        schema: { type: "number" },
      },
      {
        name: "If-Version",
        in: "header",
        description: "The version that is replaced.",
        required: true,
        schema: { type: "integer", format: "int64" },
        example: 41,
      },
      { name: "X-Dry-Run", in: "header", description: "Only check.", schema: { type: "boolean" }, example: true },
      { name: "X-Sampling", in: "header", schema: { type: "number", format: "double" }, example: 0.25 },
    ]);
    expect(headers("VaultService_WatchSecrets").map(({ name, required }) => [name, required])).toEqual([
      ["X-API-Key", true],
      ["x-trace", true],
      ["X-Client-Version", undefined],
      ["Last-Event-ID", undefined],
    ]);
  });

  test.each([
    ["integer", "9007199254740993", undefined],
    ["integer", "1.5", undefined],
    ["number", "many", undefined],
    ["number", "1e3", 1000],
    ["boolean", "yes", undefined],
    ["boolean", "false", false],
    ["string", "41", "41"],
  ])("of type %s has the example %s as %j", (type, example, expected) => {
    const { parameters } = operation(
      build(
        compileProto(`
          service S { rpc Get(M) returns (M) {
            option (sse.v1.http) = {get: "/m"};
            option (sse.v1.header) = {name: "X-H" type: "${type}" example: "${example}"};
          } }
          message M {}
        `),
      ),
      "S_Get",
    );
    expect(parameters?.[0]?.example).toBe(expected);
    expect(parameters?.[0]?.description).toBe(expected === undefined ? `Example: \`${example}\`.` : undefined);
  });
});

describe("a request's body", () => {
  const { schemas } = query.components;
  const body = (id: string) => written(operation(query, id).requestBody);

  test("is the message, when the path binds nothing", () => {
    const document = build(compileCase("events"));
    expect(written(operation(document, "AssistantService_Ask").requestBody)).toEqual({
      required: false,
      content: { "application/json": { schema: { $ref: "#/components/schemas/assistant.v1.AskRequest" } } },
    });
  });

  test("is the message without what the path binds", () => {
    expect(body("DepotService_AddParcel")?.content).toEqual({
      "application/json": { schema: { $ref: "#/components/schemas/depot.v1.DepotService.AddParcel.Body" } },
    });
    const schema = schemas["depot.v1.DepotService.AddParcel.Body"];
    expect(Object.keys(schema?.properties ?? {})).toEqual(["parcel", "courier"]);
  });

  test("is a field, without what the path binds in it, and the rest is the query", () => {
    expect(body("DepotService_PutParcel")).toEqual({
      description: "The parcel.",
      required: false,
      content: {
        "application/json": { schema: { $ref: "#/components/schemas/depot.v1.DepotService.PutParcel.Body" } },
      },
    });
    const schema = schemas["depot.v1.DepotService.PutParcel.Body"];
    expect(Object.keys(schema?.properties ?? {})).toEqual(["place", "grams", "came"]);
    expect(queryOf("DepotService_PutParcel").map(({ name }) => name)).toEqual(["mask", "dryRun"]);
  });

  test("may be a scalar", () => {
    expect(body("DepotService_LabelParcel")?.content).toEqual({ "application/json": { schema: { type: "string" } } });
  });

  test("leaves out what is bound deep inside, and what is required of it", () => {
    const document = build(
      compileProto(`
        service S { rpc Put(M) returns (M) { option (sse.v1.http) = {put: "/m/{a.b.c}/{one}" body: "*"}; } }
        message M { A a = 1; oneof x { string one = 2; string two = 3; } string rest = 4; }
        message A { B b = 1; string d = 2; }
        message B { string c = 1; string e = 2; }
      `),
    );
    expect(written(document.components.schemas["t.S.Put.Body"])).toEqual({
      title: "Put body",
      type: "object",
      properties: {
        a: {
          type: "object",
          properties: {
            b: { type: "object", properties: { e: { type: "string" } } },
            d: { type: "string" },
          },
        },
        rest: { type: "string" },
      },
    });
  });

  test("has a component for each binding that needs one", () => {
    const document = build(
      compileProto(`
        service S { rpc Put(M) returns (M) { option (sse.v1.http) = {
          put: "/m/{a}" body: "*"
          additional_bindings: {put: "/n/{b}" body: "*"}
        }; } }
        message M { string a = 1; string b = 2; }
      `),
    );
    const { schemas } = document.components;
    expect(Object.keys(schemas["t.S.Put.Body"]?.properties ?? {})).toEqual(["b"]);
    expect(Object.keys(schemas["t.S.Put.Body_2"]?.properties ?? {})).toEqual(["a"]);
    expect(operation(document, "S_Put_2").requestBody?.content["application/json"]?.schema).toEqual({
      $ref: "#/components/schemas/t.S.Put.Body_2",
    });
  });

  test("is any bytes for an HttpBody", () => {
    const document = build(compileCase("http-body"));
    expect(operation(document, "PictureService_PutPicture").requestBody?.content).toEqual({ "*/*": {} });
    expect(operation(document, "PictureService_Shrink").requestBody?.content).toEqual({ "*/*": {} });
    for (const id of ["GetPicture", "Shrink", "GetThumbnail"]) {
      expect(operation(document, `PictureService_${id}`).responses["200"]).toMatchObject({ content: { "*/*": {} } });
    }
    expect(document.components.schemas["google.api.HttpBody"]).toBeUndefined();
  });
});

describe("a response", () => {
  const answer = (id: string) => written(operation(query, id).responses["200"]);

  test("is the message, described by its comment", () => {
    expect(answer("DepotService_GetParcel")).toEqual({
      description: "A parcel.",
      content: { "application/json": { schema: { $ref: "#/components/schemas/depot.v1.Parcel" } } },
    });
    expect(answer("DepotService_RemoveParcel")).toMatchObject({ description: "OK." });
  });

  test("is a field of the message", () => {
    expect(answer("DepotService_GetPlace")).toEqual({
      description: "The place.",
      content: { "application/json": { schema: { $ref: "#/components/schemas/depot.v1.Place" } } },
    });
    expect(answer("DepotService_GetWeight")).toMatchObject({
      content: { "application/json": { schema: { type: "string", format: "int64" } } },
    });
  });

  test("is a status for every failure", () => {
    expect(operation(query, "DepotService_GetParcel").responses["default"]).toEqual({
      $ref: "#/components/responses/Error",
    });
    expect(query.components.responses["Error"]?.content).toEqual({
      "application/json": { schema: { $ref: "#/components/schemas/google.rpc.Status" } },
    });
    expect(Object.keys(query.components.schemas["google.rpc.Status"]?.properties ?? {})).toEqual([
      "code",
      "message",
      "details",
    ]);
  });
});

describe("an operation", () => {
  test("has an id that no other has", () => {
    const document = build(
      compileProto(`
        service S {
          rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/a" additional_bindings: {get: "/b"}}; }
          rpc Get_2(M) returns (M) { option (sse.v1.http) = {get: "/c"}; }
        }
        message M {}
      `),
    );
    const ids = Object.values(document.paths).map((item) => (item["get"] as OperationObject).operationId);
    expect(ids).toEqual(["S_Get", "S_Get_2", "S_Get_2_2"]);
  });

  const document = build(compileCase("comments"));

  test("has the first paragraph of its comment as summary, and the others as description", () => {
    expect(operation(document, "NoteService_WatchInternal")).toMatchObject({
      summary: expect.stringMatching(/^Says what everyone may know\. +And goes on\.$/),
      description: "The end.",
    });
    expect(operation(document, "NoteService_WatchNothing").summary).toBe("WatchNothing");
    expect(operation(document, "NoteService_WatchDirective").summary).toBe("WatchDirective");
    expect(operation(document, "NoteService_WatchLong").description).toBeUndefined();
  });

  test("is deprecated with its method, its service or its file", () => {
    const player = build(compileCase("deprecated"));
    const deprecated = Object.values(player.paths).flatMap((item) =>
      Object.values(item).map((o) => [(o as OperationObject).operationId, (o as OperationObject).deprecated]),
    );
    expect(Object.fromEntries(deprecated)).toEqual({
      PlayerService_Play: undefined,
      PlayerService_Restart: true,
      PlayerService_WatchSong: true,
      OldPlayerService_Play: true,
      OldPlayerService_Watch: true,
      RadioService_WatchProgramme: true,
    });
  });
});

test("a parameter has the default of its field", () => {
  const { api } = compileFiles({
    "t.proto": `
      syntax = "proto2";
      package t;
      import "sse/v1/annotations.proto";
      service S { rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/m/{path}"}; } }
      enum E { NONE = 0; SOME = 1; }
      message M {
        optional string path = 1;
        optional int32 page = 2 [default = 20];
        optional int64 long = 3 [default = 9];
        optional E e = 4 [default = SOME];
        // The limit.
        optional double limit = 5 [default = inf];
        optional bool plain = 6;
      }
    `,
  });
  const parameters = (enums: Options["openapi_enum"]) => {
    const options = { ...defaultOptions, openapi_enum: enums };
    const { paths } = openApiDocument(api, "3.2", options, new Problems());
    return (paths["/m/{path}"]?.["get"] as OperationObject | undefined)?.parameters?.map(
      ({ schema }) => schema.default,
    );
  };
  expect(parameters("string")).toEqual([undefined, 20, "9", "SOME", undefined, undefined]);
  expect(parameters("integer")).toEqual([undefined, 20, "9", 1, undefined, undefined]);
  const { paths, components } = openApiDocument(api, "3.2", defaultOptions, new Problems());
  const limit = (paths["/m/{path}"]?.["get"] as OperationObject | undefined)?.parameters?.find(
    ({ name }) => name === "limit",
  );
  expect(limit?.description).toMatch(/^The limit\.\n\nDefault: `Infinity`\./);
  expect(components.schemas["t.M"]?.properties?.["page"]?.default).toBe(20);
});
