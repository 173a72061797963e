import { createServer } from "node:net";
import { create, type DescMessage, toJson } from "@bufbuild/protobuf";
import { EmptySchema, TimestampSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { QuoteSchema, TradeSchema } from "../../../test/gen/market/v1/market_pb.js";
import { ParamsSchema } from "../../../test/gen/vectors/v1/http_rule_pb.js";
import {
  ContentTypeError,
  DecodeError,
  type MethodHttp,
  NetworkError,
  RequestError,
  StatusError,
  TimeoutError,
  Transport,
} from "../client.js";
import { buildMessages } from "../testing/build-message.js";
import { createFlag } from "../testing/flag.js";
import { json, startServer } from "../testing/http-server.js";
import { MarketServiceClient } from "../testing/market-client.js";
import { MarketServiceClient as JsonClient } from "../testing/market-json-client.js";
import { createMethod } from "../testing/methods.js";

const get: MethodHttp = { bindings: [{ method: "GET", path: "/v1/it" }] };

describe("a unary call", () => {
  test("sends the request and resolves with the message", async () => {
    const { baseUrl, received } = await startServer((_, response) =>
      json(response, { symbol: "AAPL", price: 187.2, time: "2026-01-02T03:04:05Z", unknown: [1] }),
    );
    const quote = await new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A/B C" });
    expect(quote).toEqual(
      create(QuoteSchema, { symbol: "AAPL", price: 187.2, time: timestampFromMs(Date.UTC(2026, 0, 2, 3, 4, 5)) }),
    );
    expect(received).toMatchObject([{ line: "GET /v1/quotes/A%2FB%20C", headers: { accept: "application/json" } }]);
    expect(received[0]?.headers).not.toHaveProperty("content-type");
  });

  test("sends a body as JSON", async () => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}));
    const method = createMethod(ParamsSchema, EmptySchema, {
      bindings: [{ method: "PATCH", path: "/v1/it", body: "*" }],
    });
    await new Transport({ baseUrl }).unary(method, { fString: "é", fInt64: 2n ** 60n });
    expect(received).toMatchObject([
      { line: "PATCH /v1/it", headers: { "content-type": "application/json", accept: "application/json" } },
    ]);
    expect(JSON.parse(Buffer.from(received[0]?.body ?? "", "latin1").toString())).toEqual({
      fString: "é",
      fInt64: "1152921504606846976",
    });
  });

  test("sends one field as the body, and the rest as the query", async () => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}));
    const method = createMethod(ParamsSchema, EmptySchema, {
      bindings: [{ method: "POST", path: "/v1/it", body: { field: "nested" } }],
    });
    await new Transport({ baseUrl }).unary(method, { nested: { name: "x" }, fBool: true });
    expect(received).toMatchObject([{ line: "POST /v1/it?fBool=true", body: '{"name":"x"}' }]);
  });

  test("sends a message whose JSON is no object as the body", async () => {
    const { baseUrl, received } = await startServer((_, response) => json(response, "2026-01-02T03:04:05Z"));
    const method = createMethod(TimestampSchema, TimestampSchema, {
      bindings: [{ method: "POST", path: "/t", body: "*" }],
    });
    expect(await new Transport({ baseUrl }).unary(method, { seconds: 5n })).toMatchObject({ seconds: 1767323045n });
    expect(received).toMatchObject([{ line: "POST /t", body: '"1970-01-01T00:00:05Z"' }]);
  });

  test.each([
    [200, ""],
    [200, " \n"],
    [204, ""],
    [201, "{}"],
  ])("reads a %i with the body %j as a message without fields", async (status, body) => {
    const { baseUrl } = await startServer((_, response) => response.writeHead(status).end(body));
    expect(await new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" })).toEqual(create(QuoteSchema));
  });

  test("reads the response body into the field that the binding in use says", async () => {
    const { baseUrl } = await startServer(({ line }, response) =>
      json(response, line.startsWith("GET /a") ? { name: "deep" } : ["x", "y"]),
    );
    const method = createMethod(ParamsSchema, ParamsSchema, {
      bindings: [
        { method: "GET", path: "/a/{fString}", variables: [{ field: ["fString"] }], responseBody: "nested" },
        { method: "GET", path: "/b", responseBody: "rString" },
      ],
    });
    const transport = new Transport({ baseUrl });
    expect(await transport.unary(method, { fString: "x" })).toMatchObject({ nested: { name: "deep" }, rString: [] });
    expect(await transport.unary(method, {})).toMatchObject({ rString: ["x", "y"] });
  });

  test("leaves the response field unset when the body is empty", async () => {
    const { baseUrl } = await startServer((_, response) => response.writeHead(204).end());
    const method = createMethod(EmptySchema, ParamsSchema, {
      bindings: [{ ...get.bindings[0], responseBody: "nested" }],
    });
    expect((await new Transport({ baseUrl }).unary(method, {})).nested).toBeUndefined();
  });
});

describe("a client of JSON types", () => {
  test("leaves out what is undefined", async () => {
    const { baseUrl, received } = await startServer((_, response) => response.writeHead(404).end());
    const client = new JsonClient({ baseUrl });
    const request = { symbol: "A", minSize: undefined };
    // As a caller without exactOptionalPropertyTypes may.
    const stream = client.watchTrades(request as unknown as { symbol: string });
    await expect(stream.next()).rejects.toMatchObject({ status: 404 });
    expect(received).toMatchObject([{ line: "GET /v1/trades/A:watch" }]);
  });
});

describe("a stream that fails", () => {
  test("has the attempt and the cursor", async () => {
    const { baseUrl } = await startServer(({ headers }, response) => {
      if (headers["last-event-id"]) {
        return json(response, { code: 5, message: "gone" }, 404);
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end("retry: 1\n:sse/1 end\nid: 7\ndata: {}\n\n");
    });
    const stream = new MarketServiceClient({ baseUrl }).watchTrades({ symbol: "A" });
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ message: "gone", phase: "open", attempt: 2, lastEventId: "7" });
  });
});

describe("google.api.HttpBody", () => {
  const messages = buildMessages("google.api", {
    HttpBody: [
      { name: "content_type", type: "string", jsonName: "contentType" },
      { name: "data", type: "bytes" },
    ],
    Holder: [
      { name: "name", type: "string" },
      { name: "file", type: ".google.api.HttpBody" },
    ],
  });
  const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7) % 256);

  test.each<[string, DescMessage, MethodHttp, object, (message: unknown) => unknown]>([
    [
      "as the message",
      messages("HttpBody"),
      { bindings: [{ method: "POST", path: "/v1/file", body: "*", rawBody: true, rawResponse: true }] },
      { contentType: "image/png", data: bytes },
      (message) => message,
    ],
    [
      "as a field",
      messages("Holder"),
      {
        bindings: [
          {
            method: "POST",
            path: "/v1/{name}",
            variables: [{ field: ["name"] }],
            body: { field: "file" },
            responseBody: "file",
            rawBody: true,
            rawResponse: true,
          },
        ],
      },
      { name: "file", file: { contentType: "image/png", data: bytes } },
      (message) => (message as { file: unknown }).file,
    ],
  ])("passes bytes and content type through %s", async (_, schema, http, request, pick) => {
    const { baseUrl, received } = await startServer(({ body, headers }, response) =>
      response.writeHead(200, { "content-type": headers["content-type"] }).end(Buffer.from(body, "latin1")),
    );
    const message = await new Transport({ baseUrl }).unary(createMethod(schema, schema, http), request);
    expect(pick(message)).toMatchObject({ contentType: "image/png", data: bytes });
    expect(received).toMatchObject([
      {
        line: "POST /v1/file",
        headers: { "content-type": "image/png", accept: "*/*" },
        body: Buffer.from(bytes).toString("latin1"),
      },
    ]);
  });

  test("may be empty, and without a type", async () => {
    const { baseUrl, received } = await startServer((_, response) => response.end());
    const schema = messages("HttpBody");
    const method = createMethod(schema, schema, {
      bindings: [{ method: "PUT", path: "/v1/file", body: "*", rawBody: true, rawResponse: true }],
    });
    const message = await new Transport({ baseUrl }).unary(method, {});
    expect(toJson(schema, message)).toEqual({});
    expect(received).toMatchObject([{ headers: { "content-type": "application/octet-stream" }, body: "" }]);
  });
});

describe("a unary call that fails", () => {
  test("rejects with the server's Status", async () => {
    const { baseUrl } = await startServer((_, response) =>
      json(response, { code: 5, message: "no such symbol", details: [{ "@type": "x/a.B", c: 1 }] }, 404, {
        "x-id": "7",
      }),
    );
    const error = await new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }).catch((error) => error);
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({
      name: "StatusError",
      code: "status",
      message: "no such symbol",
      status: 404,
      statusCode: 5,
      details: [{ "@type": "x/a.B", c: 1 }],
      phase: "open",
      attempt: 1,
      lastEventId: undefined,
    });
    expect(error.headers.get("x-id")).toBe("7");
  });

  test("rejects with a NetworkError that says why when nobody listens", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const call = new MarketServiceClient({ baseUrl: `http://127.0.0.1:${port}` }).getQuote({ symbol: "A" });
    const error = await call.catch((error) => error);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: "network", phase: "open", message: expect.stringContaining("ECONNREFUSED") });
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("rejects with a NetworkError when the body breaks off", async () => {
    const { baseUrl } = await startServer((_, response) => {
      response.writeHead(200, { "content-length": 100 }).write('{"symbol":');
      setImmediate(() => response.destroy());
    });
    const call = new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" });
    await expect(call).rejects.toMatchObject({ constructor: NetworkError, phase: "body" });
  });

  test.each([
    ["text/html", "<html><head><title>Sign in</title></head>", ContentTypeError],
    ["text/plain", "hello", ContentTypeError],
    ["application/json", "{", DecodeError],
    ["application/problem+json; charset=utf-8", "{", DecodeError],
    ["application/json", "[]", DecodeError],
    ["text/plain", '{"price":"x"}', DecodeError],
  ])("reports a 200 of %s with %j as a %o", async (type, body, Class) => {
    const { baseUrl } = await startServer((_, response) => response.writeHead(200, { "content-type": type }).end(body));
    const error = await new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }).catch((error) => error);
    expect(error).toBeInstanceOf(Class);
    expect(error.phase).toBe("body");
    if (error instanceof ContentTypeError) {
      expect(error).toMatchObject({ contentType: type, body, status: 200 });
      expect(error.message).toContain(`expected application/json, got "${type}": `);
    } else {
      expect(error.data).toBe(body);
    }
  });

  test("names the field that is wrong", async () => {
    const { baseUrl } = await startServer((_, response) => json(response, { price: [1] }));
    const error = await new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }).catch((error) => error);
    expect(error).toMatchObject({ code: "decode", path: "price", event: undefined, data: '{"price":[1]}' });
    expect(error.message).toContain("cannot read the response: ");
    expect(error.message).toContain("market.v1.Quote.price");
  });

  test.each([[{ symbol: ".." }], [{ symbol: "." }], [{ symbol: "" }], [{}], [{ symbol: "\ud800" }]])(
    "sends nothing when the URL cannot carry %j",
    async (request) => {
      const { baseUrl, received } = await startServer((_, response) => json(response, {}));
      const call = new MarketServiceClient({ baseUrl }).getQuote(request);
      await expect(call).rejects.toMatchObject({ constructor: RequestError, code: "request", phase: "open" });
      expect(received).toEqual([]);
    },
  );

  test("sends nothing for what is not a message", async () => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}));
    const method = createMethod(TradeSchema, EmptySchema, { bindings: [{ method: "POST", path: "/v1", body: "*" }] });
    await expect(new Transport({ baseUrl }).unary(method, { price: "1" as never })).rejects.toMatchObject({
      constructor: RequestError,
      message: expect.stringContaining("market.v1.Trade.price"),
      cause: expect.any(Error),
    });
    expect(received).toEqual([]);
  });
});

describe("the end of a unary call before its answer", () => {
  test("a timeout rejects with a TimeoutError and closes the connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const closed = createFlag();
    const { baseUrl } = await startServer((_, response) => {
      response.on("close", () => closed.raise());
      vi.advanceTimersByTime(20);
    });
    const call = new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }, { timeoutMs: 20 });
    await expect(call).rejects.toMatchObject({
      constructor: TimeoutError,
      code: "timeout",
      kind: "deadline",
      phase: "open",
    });
    await closed.raised;
  });

  test("a timeout counts the body in", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { baseUrl } = await startServer((_, response) => response.writeHead(200).write("{"));
    const onResponse = () => setImmediate(() => vi.advanceTimersByTime(300));
    const call = new MarketServiceClient({ baseUrl, timeoutMs: 300, onResponse }).getQuote({ symbol: "A" });
    await expect(call).rejects.toMatchObject({ kind: "deadline", phase: "body" });
  });

  test("an abort rejects with the signal's reason and closes the connection", async () => {
    const closed = createFlag();
    const { signal, abort } = createAbort();
    const reason = { why: "changed my mind" };
    const { baseUrl } = await startServer((_, response) => {
      response.on("close", () => closed.raise());
      abort(reason);
    });
    await expect(new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }, { signal })).rejects.toBe(reason);
    await closed.raised;
  });

  test("an abort while the body arrives does the same", async () => {
    const closed = createFlag();
    const { signal, abort } = createAbort();
    const { baseUrl } = await startServer((_, response) => {
      response.on("close", () => closed.raise());
      response.writeHead(200).write("{");
    });
    const onResponse = () => setImmediate(() => abort("enough"));
    await expect(new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }, { signal, onResponse })).rejects.toBe(
      "enough",
    );
    await closed.raised;
  });

  test("a signal that is aborted already lets nothing be sent", async () => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}));
    const signal = AbortSignal.abort("never");
    await expect(new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }, { signal })).rejects.toBe("never");
    expect(received).toEqual([]);
  });

  test("an abort does not wait for a fetch that is deaf to it", async () => {
    const { signal, abort } = createAbort();
    const fetch = () => {
      abort("deaf");
      return new Promise<Response>(() => {});
    };
    const client = new MarketServiceClient({ baseUrl: "http://localhost", fetch });
    await expect(client.getQuote({ symbol: "A" }, { signal })).rejects.toBe("deaf");
  });

  test("leaves no listener on the caller's signal", async () => {
    const { baseUrl } = await startServer((_, response) => json(response, {}));
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    Object.assign(signal, {
      addEventListener: (type: string, listener: () => void) => listeners.add(listener) && add(type, listener),
      removeEventListener: (type: string, listener: () => void) => listeners.delete(listener) && remove(type, listener),
    });
    const call = new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" }, { signal });
    expect(listeners.size).toBe(1);
    await call;
    expect(listeners.size).toBe(0);
  });
});

function createAbort(): { signal: AbortSignal; abort: (reason: unknown) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
