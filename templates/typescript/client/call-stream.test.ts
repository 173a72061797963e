import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { AskEventSchema, TradeSchema } from "../../../test/gen/market/v1/market_pb.js";
import { ParamsSchema } from "../../../test/gen/vectors/v1/http_rule_pb.js";
import {
  DecodeError,
  type ErrorFields,
  type MethodHttp,
  StatusError,
  type StreamOptions,
  type StreamRule,
  Transport,
  type ValidationResult,
  type Validator,
} from "../client.js";
import * as jsonClient from "../client-json.js";
import { startServer } from "../testing/http-server.js";
import { MarketServiceClient } from "../testing/market-client.js";
import { MarketServiceClient as JsonClient } from "../testing/market-json-client.js";
import { createMethod } from "../testing/methods.js";

async function serveBody(body: string, type = "text/event-stream"): Promise<string> {
  const { baseUrl } = await startServer((_, response) => response.writeHead(200, { "content-type": type }).end(body));
  return baseUrl;
}

/** What a client of either kind reads from a stream of `AskEvent`. */
async function ask(body: string, options: StreamOptions = {}, type?: string) {
  const baseUrl = await serveBody(body, type);
  const events = await new MarketServiceClient({ baseUrl }).ask({ question: "?" }, options).collect({ max: 100 });
  const jsons = await new JsonClient({ baseUrl }).ask({ question: "?" }, options).collect({ max: 100 });
  return { events: events.map(({ event }) => event), jsons };
}

describe("errorField", () => {
  const body = (data: string) => `data: {"sequence":"1"}\n\ndata: ${data}\n\n`;
  const failure = '{"id":"x","error":{"message":"busy","code":"overloaded"}}';

  /** The first event of a stream of trades, and what follows it, from both kinds of clients. */
  async function watch(data: string, type?: string) {
    const options = {
      baseUrl: await serveBody(type ? body(data).replace(/data: |\n(?=\n)/g, "") : body(data), type),
      errorField: "error",
      readError: (json: unknown) => (json as { error: ErrorFields }).error,
      ...(type && { format: "jsonl" as const }),
    };
    return Promise.all(
      [new MarketServiceClient(options), new JsonClient(options)].map(async (client) => {
        const stream = client.watchTrades({ symbol: "A" }, { reconnect: false });
        await stream.next();
        return stream.next().catch((error: unknown) => error);
      }),
    );
  }

  test.each([undefined, "application/jsonl"])("makes an event with this member an error: %s", async (type) => {
    for (const error of await watch(failure, type)) {
      expect(error).toBeInstanceOf(StatusError);
      expect(error).toMatchObject({ message: "busy", phase: "body", status: 200, body: failure });
    }
  });

  test.each(['{"error":null}', '{"leg":{"error":{}}}', '{"symbol":"error"}'])("leaves %s as it is", async (data) => {
    expect(await watch(data)).toMatchObject([{ done: false }, { done: false }]);
  });

  test("applies to events that the oneof does not declare, whatever their data", async () => {
    const options = { baseUrl: await serveBody(`data: x\n\ndata: null\n\ndata: ${failure}\n\n`), errorField: "error" };
    for (const client of [new MarketServiceClient(options), new JsonClient(options)]) {
      await expect(client.ask({ question: "?" }).next()).rejects.toMatchObject({ code: "status", body: failure });
    }
  });
});

describe("a oneof of events", () => {
  test("is the response message with its oneof set", async () => {
    const { events, jsons } = await ask(
      'event: delta\ndata: {"text":"a"}\n\nevent: tool.call\ndata: {"name":"n","x":1}\n\nevent: done\ndata: {}\n\n',
    );
    expect(events).toEqual([
      create(AskEventSchema, { event: { case: "delta", value: { text: "a" } } }).event,
      create(AskEventSchema, { event: { case: "toolCall", value: { name: "n" } } }).event,
      create(AskEventSchema, { event: { case: "done", value: {} } }).event,
    ]);
    expect(jsons).toEqual([{ delta: { text: "a" } }, { toolCall: { name: "n", x: 1 } }, { done: {} }]);
  });

  test("is the whole message on a line of JSON Lines", async () => {
    const { events, jsons } = await ask(
      '{"delta":{"text":"a"}}\n{"done":{}}\n',
      { format: "jsonl" },
      "application/jsonl",
    );
    expect(events.map((event) => event.case)).toEqual(["delta", "done"]);
    expect(jsons).toEqual([{ delta: { text: "a" } }, { done: {} }]);
  });

  const unknown = [
    "event: toolCall\ndata: {}\n\n",
    "data: {}\n\n",
    "event: constructor\ndata: {}\n\n",
    "event: __proto__\ndata: x\n\n",
  ];
  test.each(unknown)("leaves out an event that it does not declare: %j", async (frame) => {
    const { events, jsons } = await ask(`${frame}event: done\ndata: {}\n\n`);
    expect(events.map((event) => event.case)).toEqual(["done"]);
    expect(jsons).toEqual([{ done: {} }]);
  });

  test.each(unknown)("throws for it where it is asked to: %j", async (frame) => {
    const baseUrl = await serveBody(frame);
    const options: StreamOptions = { unknownEvents: "throw", invalidEvents: "skip" };
    for (const client of [new MarketServiceClient({ baseUrl }), new JsonClient({ baseUrl })]) {
      const error = await client
        .ask({ question: "?" }, options)
        .next()
        .catch((error) => error);
      expect(error).toMatchObject({ code: "decode", phase: "body", data: expect.any(String) });
      expect(error.message).toMatch(/^cannot read event "\w+": the method declares no such event$/);
    }
  });

  test("calls onUnknownEvent for each event that it does not declare", async () => {
    const baseUrl = await serveBody("id: 7\nevent: gossip\ndata: not JSON\n\nretry: 9\ndata: {}\n\n");
    for (const client of [new MarketServiceClient({ baseUrl }), new JsonClient({ baseUrl })]) {
      const seen: unknown[] = [];
      const stream = client.ask({ question: "?" }, { onUnknownEvent: (event) => seen.push(event) });
      expect(await stream.collect({ max: 9 })).toEqual([]);
      expect(seen).toEqual([
        { event: "gossip", data: "not JSON", id: "7", ownId: true, retry: undefined },
        { event: "message", data: "{}", id: "7", ownId: false, retry: 9 },
      ]);
      const strict = client.ask(
        { question: "?" },
        { unknownEvents: "throw", onUnknownEvent: (event) => seen.push(event) },
      );
      await expect(strict.next()).rejects.toBeInstanceOf(Error);
      expect(seen).toHaveLength(3);
    }
  });

  test("ends with what onUnknownEvent throws, and does not reconnect", async () => {
    let requests = 0;
    const { baseUrl } = await startServer((_, response) => {
      requests++;
      response.writeHead(200, { "content-type": "text/event-stream" }).end("event: gossip\ndata: {}\n\n");
    });
    const failure = new Error("unknown");
    const stream = new MarketServiceClient({ baseUrl }).ask(
      { question: "?" },
      {
        invalidEvents: "skip",
        reconnect: true,
        onUnknownEvent: () => {
          throw failure;
        },
      },
    );
    await expect(stream.next()).rejects.toBe(failure);
    expect(requests).toBe(1);
  });

  describe("with an id beside it", () => {
    const read = async (stream: StreamRule, id: string) => {
      const baseUrl = await serveBody(`${id}event: c\ndata: "x"\n\n`);
      const http: MethodHttp = {
        bindings: [{ method: "GET", path: "/v1/it" }],
        stream: { ...stream, events: { c: { field: "cString" } } },
      };
      const method = createMethod(ParamsSchema, ParamsSchema, http);
      const jsonMethod = jsonClient.defineMethod<object, object>("vectors.v1.Service.Watch", http);
      return [
        (await new Transport({ baseUrl }).stream(method, {}).next()).value,
        (await new jsonClient.Transport({ baseUrl }).stream(jsonMethod, {}).next()).value,
      ];
    };

    test.each<[StreamRule, string, object, object]>([
      [{ id: "fString" }, "a:1", { fString: "a:1" }, { fString: "a:1" }],
      [{ id: "fInt64" }, "-9007199254740993", { fInt64: -9007199254740993n }, { fInt64: "-9007199254740993" }],
      [{ id: "fInt32", idType: "number" }, "7", { fInt32: 7 }, { fInt32: 7 }],
      [{ id: "fInt32", idType: "number" }, "0", { fInt32: 0 }, { fInt32: 0 }],
      [{ id: "fBool", idType: "boolean" }, "true", { fBool: true }, { fBool: true }],
      [{ id: "fColor" }, "GREEN", { fColor: 2 }, { fColor: "GREEN" }],
    ])("%j is the field of the message: %s", async (rule, id, message, json) => {
      const [read1, read2] = await read(rule, `id: ${id}\n`);
      expect(read1).toMatchObject({ ...message, choice: { case: "cString", value: "x" } });
      expect(read2).toEqual({ ...json, cString: "x" });
    });

    test("leaves the field alone when there is none", async () => {
      expect(await read({ id: "fString" }, "")).toMatchObject([{ fString: "" }, { cString: "x" }]);
    });

    test("is not that of an earlier event: not over SSE, as not over JSON Lines", async () => {
      const http: MethodHttp = {
        bindings: [{ method: "GET", path: "/v1/it" }],
        stream: { id: "fString", events: { c: { field: "cString" } } },
      };
      const method = createMethod(ParamsSchema, ParamsSchema, http);
      const read = async (body: string, type?: string) => {
        const stream = new Transport({ baseUrl: await serveBody(body, type) }).stream(method, {});
        const ids: unknown[] = [];
        for await (const { value, id } of stream.withMeta()) {
          ids.push([value.fString, id]);
        }
        return { ids, cursor: stream.lastEventId };
      };
      const sse = await read('id: a\nevent: c\ndata: "x"\n\nevent: c\ndata: "y"\n\nid: a\nevent: c\ndata: "z"\n\n');
      // The cursor keeps the id in force.
      expect(sse).toEqual({
        ids: [
          ["a", "a"],
          ["", "a"],
          ["a", "a"],
        ],
        cursor: "a",
      });
      const lines = await read(
        '{"fString":"a","cString":"x"}\n{"cString":"y"}\n{"fString":"a","cString":"z"}\n',
        "application/jsonl",
      );
      expect(lines.ids.map((meta) => (meta as unknown[])[0])).toEqual(["a", "", "a"]);
    });

    test("is a DecodeError when it is no such id", async () => {
      await expect(read({ id: "fInt64" }, "id: x\n")).rejects.toMatchObject({
        code: "decode",
        path: "fInt64",
        id: "x",
      });
    });
  });
});

describe("an event that is the message", () => {
  test.each(["skip", "throw"] as const)("may have any name but that of the error event: %s", async (unknownEvents) => {
    const baseUrl = await serveBody(
      'event: trade\ndata: {"size":1}\n\ndata: {"size":2}\n\nevent: message\ndata: {"size":3}\n\nevent:\ndata: {"size":4}\n\nevent: __proto__\ndata: {"size":5}\n\n',
    );
    const unknown: unknown[] = [];
    const options: StreamOptions = {
      reconnect: false,
      unknownEvents,
      onUnknownEvent: (event) => unknown.push(event),
    };
    for (const client of [new MarketServiceClient({ baseUrl }), new JsonClient({ baseUrl })]) {
      const names: unknown[] = [];
      for await (const { event, value } of client.watchTrades({ symbol: "A" }, options).withMeta()) {
        names.push([event, value.size]);
      }
      expect(names).toEqual([
        ["trade", 1],
        ["message", 2],
        ["message", 3],
        ["message", 4],
        ["__proto__", 5],
      ]);
    }
    expect(unknown).toEqual([]);
  });

  const bad = 'data: {"size":1}\n\nid: 42\ndata: {"size":"x"}\n\ndata: {\n\ndata: {"size":3}\n\n';

  test("is a DecodeError if it is invalid, with all that is known", async () => {
    const stream = new MarketServiceClient({ baseUrl: await serveBody(bad) }).watchTrades({ symbol: "A" });
    expect((await stream.next()).value).toMatchObject({ size: 1 });
    const error = await stream.next().catch((error) => error);
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({
      event: "message",
      id: "42",
      data: '{"size":"x"}',
      path: "size",
      phase: "body",
      attempt: 1,
      violations: undefined,
      cause: expect.any(Error),
    });
    expect(error.message).toContain('cannot read event "message": ');
    expect(error.message).toContain("market.v1.Trade.size");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("that is no JSON is a DecodeError for JSON types too", async () => {
    const stream = new JsonClient({ baseUrl: await serveBody("data: {\n\n") }).watchTrades({ symbol: "A" });
    await expect(stream.next()).rejects.toMatchObject({ code: "decode", data: "{", cause: expect.any(SyntaxError) });
  });

  test("is skipped if it is invalid and the option says so", async () => {
    const options: StreamOptions = { invalidEvents: "skip", reconnect: false };
    const baseUrl = await serveBody(bad);
    const trades = await new MarketServiceClient({ baseUrl })
      .watchTrades({ symbol: "A" }, options)
      .collect({ max: 100 });
    expect(trades.map(({ size }) => size)).toEqual([1, 3]);
  });

  describe("is judged by the validator, also with invalidEvents: skip:", () => {
    const failure = new Error("no such function");

    async function watch(judge: () => ValidationResult) {
      const validate: Validator["validate"] = ({ typeName }) =>
        typeName === TradeSchema.typeName ? judge() : { kind: "valid" };
      const baseUrl = await serveBody("data: {}\n\n");
      const client = new MarketServiceClient({ baseUrl, validator: { validate }, invalidEvents: "skip" });
      return client.watchTrades({ symbol: "A" }).collect({ max: 9 });
    }

    test("it is left out where it breaks a rule", async () => {
      expect(await watch(() => ({ kind: "invalid", violations: [] }))).toEqual([]);
    });

    test.each<[string, () => ValidationResult]>([
      [
        "throws",
        () => {
          throw failure;
        },
      ],
      ["cannot run its rules", () => ({ kind: "error", error: failure })],
    ])("a validator that %s fails the stream", async (_, judge) => {
      const error = await watch(judge).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: "decode", message: expect.stringContaining("no such function") });
    });
  });

  test("may be called error where the error event has another name", async () => {
    const baseUrl = await serveBody('event: error\ndata: {}\n\nevent: failure\ndata: {"code":9,"message":"no"}\n\n');
    const method = createMethod(ParamsSchema, ParamsSchema, {
      bindings: [{ method: "GET", path: "/v1/it" }],
      stream: { errorEvent: "failure" },
    });
    const stream = new Transport({ baseUrl }).stream(method, {});
    expect(await stream.next()).toMatchObject({ done: false, value: { fInt32: 0 } });
    await expect(stream.next()).rejects.toMatchObject({
      statusCode: 9,
      message: "no",
    });
  });
});
