import { create, createRegistry, fromJson, isFieldSet, type JsonValue } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SseEncoder } from "../../../../templates/typescript/server/stream/sse-encoder.js";
import type { StreamRule } from "../../../../templates/typescript/shared/method.js";
import { arbitraryMessage } from "../../../../test/arbitrary-message.js";
import type { Method, Stream } from "../../../model/model.js";
import { Problems } from "../../../problems.js";
import type { OpenApiVersion } from "../context.js";
import { openApiDocument } from "../document/document.js";
import type { MediaTypeObject, OpenApiObject, OperationObject, Schema } from "../objects.js";
import { type Compiled, cases, compileCase, compileProto, defaultOptions } from "../testing/compile.js";
import { createChecker } from "../testing/schema-checker.js";

/** A streaming method with its model and what the document says of it. */
interface StreamCase {
  readonly method: Method;
  readonly stream: Stream;
  readonly operation: OperationObject;
  readonly sse: MediaTypeObject;
  readonly jsonl: MediaTypeObject;
}

function build({ api }: Compiled, version: OpenApiVersion = "3.2"): OpenApiObject {
  return openApiDocument(api, version, defaultOptions, new Problems());
}

function operations(document: OpenApiObject): OperationObject[] {
  return Object.values(document.paths).flatMap((item) => Object.values(item) as OperationObject[]); // no custom method
}

function streams(compiled: Compiled, version: OpenApiVersion = "3.2"): StreamCase[] {
  const all = operations(build(compiled, version));
  return compiled.api.services.flatMap(({ desc, methods }) =>
    methods.flatMap((method) => {
      if (method.answer.kind !== "stream") {
        return [];
      }
      const operation = all.find(({ operationId }) => operationId === `${desc.name}_${method.desc.name}`);
      if (operation === undefined) {
        throw new Error(`no operation for ${method.desc}`);
      }
      const { content = {} } = operation.responses["200"] as { content?: Record<string, MediaTypeObject> }; // no $ref
      const [sse = {}, jsonl = {}] = [content["text/event-stream"], content["application/jsonl"]];
      return [{ method, stream: method.answer.stream, operation, sse, jsonl }];
    }),
  );
}

/** The events of the example of a stream that comes to its end. */
function completeExample({ sse }: Pick<StreamCase, "sse">) {
  const { dataValue = [] } = sse.examples?.["complete"] ?? {};
  return dataValue as { event?: string; id?: string; data: string }[]; // as the first test has it
}

/** Events as WHATWG HTML 9.2.6 has them, for streams whose lines end with LF. */
function parseStream(text: string): Record<string, unknown>[] {
  return text.split("\n\n").flatMap((block) => {
    const event: Record<string, unknown> = {};
    for (const line of block.split("\n").filter((line) => line !== "" && !line.startsWith(":"))) {
      const [, field = "", value = ""] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
      if (field === "data") {
        event["data"] = "data" in event ? `${event["data"]}\n${value}` : value;
      } else {
        event[field] = field === "retry" ? Number(value) : value;
      }
    }
    return "data" in event ? [event] : [];
  });
}

function toRule({ id, events, terminalData, errorEvent, retryMs }: Stream): StreamRule {
  return {
    errorEvent,
    ...(id && { id: id.jsonName }),
    ...(terminalData !== undefined && { terminalData }),
    ...(retryMs !== undefined && { retryMs }),
    ...(events.kind === "message" && events.name !== undefined && { eventName: events.name }),
    ...(events.kind === "oneof" && {
      events: Object.fromEntries(
        events.members.map(({ name, field, terminal }) => [
          name,
          { field: field.jsonName, ...(terminal && { terminal }) },
        ]),
      ),
    }),
  };
}

const golden = cases.map((name) => [name, compileCase(name)] as const).filter(([, c]) => streams(c).length > 0);

describe.each(golden)("the streams of %s", (_, compiled) => {
  const check = createChecker(build(compiled));
  const registry = createRegistry(...compiled.files);
  const named = streams(compiled).map((stream) => [stream.method.desc.name, stream] as const);

  test.each(named)("have examples that are events: %s", (_, { method, stream, sse }) => {
    for (const { dataValue, serializedValue = "" } of Object.values(sse.examples ?? {})) {
      expect(parseStream(serializedValue)).toEqual(dataValue);
      expect(dataValue).not.toEqual([]);
      for (const event of dataValue as { event?: string; data: string }[]) {
        expect(check(sse.itemSchema ?? {}, event)).toEqual([]);
        const { events, errorEvent, terminalData } = stream;
        if (event.event === errorEvent || event.data === terminalData) {
          continue;
        }
        const data: JsonValue = JSON.parse(event.data);
        const member = events.kind === "oneof" ? events.members.find(({ name }) => name === event.event) : undefined;
        const json = member === undefined ? data : Object.fromEntries([[member.field.jsonName, data]]);
        const message = fromJson(method.desc.output, json, { registry });
        expect(message).not.toEqual(create(method.desc.output));
      }
    }
  });

  test.each(named)("match what the server writes: %s", (_, { method, stream, sse, jsonl }) => {
    const encoder = new SseEncoder(method.desc.output, toRule(stream), 15_000, { registry });
    const status = { code: 5, message: "gone", details: [{ "@type": "type.googleapis.com/x.Y", a: 1 }] };
    fc.assert(
      fc.property(arbitraryMessage(method.desc.output), (message) => {
        const { events } = stream;
        fc.pre(events.kind === "message" || events.members.some(({ field }) => isFieldSet(message, field)));
        const { text } = encoder.encode(message, stream.resumable ? "7" : undefined);
        fc.pre(!/(NaN|-?Infinity)/.test(text)); // only the description has them
        const parsed = parseStream(encoder.opening() + text + encoder.failure(status) + encoder.end);
        expect(parsed).toHaveLength(stream.terminalData === undefined ? 2 : 3);
        for (const event of parsed) {
          expect(check(sse.itemSchema ?? {}, event)).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
    expect(jsonl.itemSchema).toBeDefined();
  });

  test.each(named)("match nothing else: %s", (_, { stream, sse }) => {
    const [first] = completeExample({ sse });
    const refused = [
      {},
      { ...first, data: undefined },
      { ...first, data: 1 },
      { ...first, retry: -1 },
      { ...first, event: "no such event" },
      { event: stream.errorEvent, data: '{"code":"5"}' },
      ...(stream.events.kind === "oneof" ? [{ ...first, event: undefined }] : []),
      ...(stream.resumable ? [{ ...first, id: undefined }] : []),
    ];
    for (const event of refused) {
      const written = JSON.parse(JSON.stringify(event));
      expect({ event, errors: check(sse.itemSchema ?? {}, written) }).not.toEqual({ event, errors: [] });
    }
  });
});

describe("a stream", () => {
  const byName = (name: string, version: OpenApiVersion = "3.2") => {
    const found = [...streams(compileCase("events"), version), ...streams(compileCase("resumable"), version)].find(
      ({ method }) => method.desc.name === name,
    );
    if (found === undefined) {
      throw new Error(`no stream ${name}`);
    }
    return found;
  };
  const schema = (name: string): Schema | undefined =>
    build(compileCase("events")).components.schemas[`assistant.v1.AssistantService.${name}`];

  test("of a oneof has a branch for each event and one for errors, distinguished by `event`", () => {
    const names = ["delta", "tool.call", "thought", "progress", "tone", "idle", "done", "refused", "error"];
    const ref = (name: string) => `#/components/schemas/assistant.v1.AssistantService.Ask.Event.${name}`;
    expect(schema("Ask.Event")).toMatchObject({
      oneOf: names.map((name) => ({ $ref: ref(name) })),
      discriminator: {
        propertyName: "event",
        mapping: Object.fromEntries(names.map((name) => [name, ref(name)])),
      },
    });
    expect(schema("Ask.Event.tool.call")).toMatchObject({
      type: "object",
      required: ["event", "data"],
      properties: {
        event: { const: "tool.call" },
        data: {
          type: "string",
          contentMediaType: "application/json",
          contentSchema: { $ref: "#/components/schemas/assistant.v1.ToolCall" },
        },
        id: { type: "string" },
        retry: { type: "integer", minimum: 0 },
      },
    });
    expect(schema("Ask.Event.thought")?.properties?.["data"]?.contentSchema).toEqual({ type: "string" });
  });

  test("describes its events, its error and its end", () => {
    for (const [, compiled] of golden) {
      const { schemas } = build(compiled).components;
      for (const [name, { description }] of Object.entries(schemas)) {
        if (/\.Event(\.(error|end))?$/.test(name)) {
          expect([name, description]).toEqual([name, expect.any(String)]);
        }
      }
    }
    expect(schema("Ask.Event.error")?.description).toBe("An error after the stream has started. It ends the stream.");
  });

  test("that ends with a literal distinguishes it from the other events", () => {
    expect(schema("Complete.Event")?.discriminator).toBeUndefined();
    expect(schema("Complete.Event.end")?.properties?.["data"]).toEqual({ type: "string", const: "[DONE]" });
    expect(schema("Complete.Event.message")?.properties?.["data"]?.not).toEqual({ const: "[DONE]" });
    expect(byName("Complete").operation["x-sse"]).toEqual({ heartbeat: 15, resumable: false, terminalData: "[DONE]" });
  });

  test("that can be resumed takes Last-Event-ID, gives ids, and answers 204", () => {
    const { operation } = byName("Converse");
    expect(operation.parameters?.map((p) => [p.name, p.in, p.required])).toEqual([
      ["conversation", "path", true],
      ["Last-Event-ID", "header", undefined],
    ]);
    expect(operation.responses["204"]).toEqual({ description: "The stream has ended. Do not reconnect." });
    expect(schema("Converse.Event.said")?.required).toEqual(["event", "data", "id"]);
    expect(schema("Converse.Event.failure")?.required).toEqual(["event", "data"]);
    expect(operation["x-sse"]).toEqual({ heartbeat: 5, resumable: true, terminal: ["over"], retry: 0.5 });
  });

  test("has examples with ids that count, where they are numbers", () => {
    const ids = (name: string) => completeExample(byName(name)).map(({ id }) => id);
    expect(ids("Converse")).toEqual(["1", "2"]);
    expect(ids("WatchAlerts")).toEqual(["1"]);
    expect(ids("TailLog")).toEqual(["cursor"]);
    expect(ids("Complete")).toEqual([undefined, undefined]);
  });

  test("has examples that end, where a message holds itself", () => {
    const choices = streams(compileCase("types")).find(({ method }) => method.desc.name === "WatchChoices");
    const [event] = choices === undefined ? [] : completeExample(choices);
    expect(JSON.parse(event?.data ?? "")).toEqual({ text: "text", beside: "beside", yes: true, alone: "alone" });
  });

  test("that cannot be resumed has neither", () => {
    const { operation, stream } = byName("WatchAlerts");
    expect(stream.id).toBeDefined();
    expect(Object.keys(operation.responses)).toEqual(["200", "default"]);
    expect(operation.parameters).toBeUndefined();
    expect(operation["x-sse"]).toEqual({ heartbeat: 0, resumable: false, retry: 2_147_483.647 });
    expect(operation.responses["200"]).not.toMatchObject({ description: expect.stringContaining("silence") });
  });

  test("is the message, line by line, as JSON Lines, or the error that ends it", () => {
    expect(byName("Ask").jsonl).toEqual({
      itemSchema: {
        anyOf: [
          { $ref: "#/components/schemas/assistant.v1.AskEvent" },
          { $ref: "#/components/schemas/sse.v1.JsonLinesError" },
        ],
      },
    });
    expect(build(compileCase("events")).components.schemas["sse.v1.JsonLinesError"]).toMatchObject({
      type: "object",
      required: ["@error"],
      properties: { "@error": { $ref: "#/components/schemas/google.rpc.Status" } },
    });
  });

  test("is its parsed data in 3.1, and the rest in an extension", () => {
    const { sse, jsonl } = byName("Complete", "3.1");
    expect(sse).toEqual({
      schema: {
        title: "Complete event data",
        anyOf: [
          { $ref: "#/components/schemas/assistant.v1.Chunk" },
          { $ref: "#/components/schemas/google.rpc.Status" },
          { type: "string", const: "[DONE]" },
        ],
      },
      examples: {
        message: { value: { text: "text", confidence: [1.5] } },
        error: { value: { code: 13, message: "internal error" } },
        "(end)": { value: "[DONE]" },
      },
      "x-itemSchema": { $ref: "#/components/schemas/assistant.v1.AssistantService.Complete.Event" },
    });
    const line = {
      anyOf: [
        { $ref: "#/components/schemas/assistant.v1.Chunk" },
        { $ref: "#/components/schemas/sse.v1.JsonLinesError" },
      ],
    };
    expect(jsonl).toEqual({ schema: line, "x-itemSchema": line });
  });

  test("is its parsed data and nothing else in 3.1 for tools that know no streams", () => {
    const options = { ...defaultOptions, openapi_streams: "plain" } as const;
    for (const [, { api }] of golden) {
      const document = openApiDocument(api, "3.1", options, new Problems());
      const text = JSON.stringify(document);
      for (const word of ["itemSchema", "contentMediaType", "contentSchema", '.Event"']) {
        expect(text).not.toContain(word);
      }
      expect(text.match(/"x-[a-z-]+":/g)).toEqual(null);
    }
    const document = openApiDocument(compileCase("events").api, "3.1", options, new Problems());
    const complete = operations(document).find(({ operationId }) => operationId.endsWith("_Complete"));
    expect(complete?.responses["200"]).toHaveProperty("content", {
      "text/event-stream": { schema: byName("Complete", "3.1").sse.schema },
      "application/jsonl": { schema: byName("Complete", "3.1").jsonl.schema },
    });
  });

  test("has no extension in plain documents, and keeps fields and values that are named like one", () => {
    const { api } = compileProto(`
      service S { rpc Get(M) returns (M) { option (sse.v1.http) = {post: "/m" body: "*"}; } }
      message M { oneof o { E a = 1 [json_name = "x-a"]; E properties = 2; E b = 3 [json_name = "x-b"]; } }
      enum E { E_UNSPECIFIED = 0; }
    `);
    const base = { "x-base": true };
    const options = { ...defaultOptions, openapi_streams: "plain", openapi_base: base } as const;
    const document = openApiDocument(api, "3.1", options, new Problems());
    expect(document).toHaveProperty("x-base", true);
    const { "t.M": message, "t.E": enumeration } = document.components.schemas;
    expect(Object.keys(message?.properties ?? {})).toEqual(["x-a", "properties", "x-b"]);
    expect(Object.keys(message?.dependentSchemas ?? {})).toEqual(["x-a", "properties"]);
    expect(message?.["x-oneof"]).toBeUndefined();
    expect(enumeration?.["x-enum-varnames"]).toBeUndefined();
    const full = openApiDocument(api, "3.2", options, new Problems());
    expect(full.components.schemas["t.M"]?.["x-oneof"]).toBeDefined();
  });

  test("has each schema of its data once in 3.1", () => {
    for (const [, compiled] of golden) {
      for (const { sse } of streams(compiled, "3.1")) {
        const schemas = (sse.schema?.anyOf ?? []).map((schema) => JSON.stringify(schema));
        expect(schemas).toEqual([...new Set(schemas)]);
      }
    }
  });

  test("has examples in 3.1 that fit its schema", () => {
    for (const [, compiled] of golden) {
      const check = createChecker(build(compiled, "3.1"));
      for (const { sse } of streams(compiled, "3.1")) {
        for (const { value } of Object.values(sse.examples ?? {})) {
          expect(check(sse.schema ?? {}, value)).toEqual([]);
        }
      }
    }
  });

  test("has no map of its events where one of them is called `__proto__`", () => {
    const of = (name: string) =>
      build(
        compileProto(`
          service S { rpc Get(E) returns (stream E) { option (sse.v1.http) = {post: "/m" body: "*"}; } }
          message E { oneof e { option (sse.v1.events) = true; string a = 1 [(sse.v1.event) = {name: "${name}"}]; } }
        `),
      ).components.schemas["t.S.Get.Event"];
    expect(of("constructor")?.discriminator?.mapping).toHaveProperty("constructor");
    expect(of("__proto__")?.discriminator).toBeUndefined();
    expect(of("__proto__")?.oneOf).toHaveLength(2);
  });

  test("names components by what a component's name may hold", () => {
    const compiled = compileProto(`
      service S { rpc Get(E) returns (stream E) { option (sse.v1.http) = {post: "/m" body: "*"}; } }
      message E { oneof e {
        option (sse.v1.events) = true;
        string a = 1 [(sse.v1.event) = {name: "é"}];
        string b = 2 [(sse.v1.event) = {name: "ü"}];
        string c = 3 [(sse.v1.event) = {name: "a b"}];
      } }
    `);
    const names = Object.keys(build(compiled).components.schemas).filter((name) => name.startsWith("t.S.Get.Event."));
    expect(names).toEqual(["t.S.Get.Event._", "t.S.Get.Event.__2", "t.S.Get.Event.a_b", "t.S.Get.Event.error"]);
  });
});
