import { inspect } from "node:util";
import { create, createRegistry } from "@bufbuild/protobuf";
import { anyPack, DurationSchema, durationFromMs, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { QuoteSchema, TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import * as client from "../../client.js";
import * as jsonClient from "../../client-json.js";
import { json, startServer } from "../../testing/http-server.js";
import { MarketServiceClient } from "../../testing/market-client.js";
import { MarketServiceClient as JsonClient } from "../../testing/market-json-client.js";

type Reply = { readonly status?: number; readonly type?: string; readonly body?: string | Buffer };

/** What a call and a stream reject with when the server answers so. */
async function failures(
  { status = 500, type = "application/json", body = "" }: Reply,
  options: Partial<client.ClientOptions> = {},
) {
  const { baseUrl } = await startServer((_, response) => {
    response.writeHead(status, { "content-type": type, "retry-after": "7" }).end(body);
  });
  const market = new MarketServiceClient({ ...options, baseUrl });
  const errors = [
    await market.getQuote({ symbol: "A" }).catch((error) => error),
    await market
      .ask({ question: "?" }, { reconnect: false })
      .next()
      .catch((error) => error),
  ];
  for (const error of errors) {
    expect(error).toBeInstanceOf(client.StatusError);
  }
  return errors as client.StatusError[];
}

const quote = { "@type": "type.googleapis.com/market.v1.Quote", symbol: "A", price: 1.5 };
const status = (details: unknown) => ({ body: JSON.stringify({ code: 5, message: "none", details }) });

describe("StatusError", () => {
  test("is the same for an HTTP error and an error event", async () => {
    const status = { code: 8, message: "too many streams", details: [quote] };
    const { baseUrl } = await startServer(({ line }, response) => {
      if (line.includes("quotes")) {
        return json(response, status, 429);
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`event: error\ndata: ${JSON.stringify(status)}\n\n`);
    });
    const market = new MarketServiceClient({ baseUrl });
    const [http, event] = await Promise.all([
      market.getQuote({ symbol: "A" }).catch((error) => error),
      market
        .ask({ question: "?" })
        .next()
        .catch((error) => error),
    ]);
    for (const error of [http, event]) {
      expect(error).toBeInstanceOf(client.StatusError);
      expect(error).toMatchObject({
        code: "status",
        message: "too many streams",
        statusCode: client.Code.ResourceExhausted,
      });
      expect(error.details).toEqual([quote]);
      expect(error.body).toBe(JSON.stringify(status));
      expect(error.findDetails(QuoteSchema)).toEqual([create(QuoteSchema, { symbol: "A", price: 1.5 })]);
    }
    expect([http.status, http.phase, event.status, event.phase]).toEqual([429, "open", 200, "body"]);
    expect(event.headers.get("content-type")).toBe("text/event-stream");
  });

  test.each<[string, Reply, { message: string; statusCode: number }]>([
    ["an empty body", { status: 503 }, { message: "HTTP 503 (code 14)", statusCode: 14 }],
    [
      "plain text",
      { status: 502, type: "text/plain", body: "upstream\n gone" },
      { message: "HTTP 502 (code 14): upstream gone", statusCode: 14 },
    ],
    [
      "a proxy's page",
      {
        status: 504,
        type: "text/html",
        body: "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body><hr><center>nginx</center></body></html>",
      },
      { message: "HTTP 504 (code 4): 504 Gateway Time-out nginx", statusCode: 4 },
    ],
    [
      "JSON of another shape",
      { status: 400, body: '{"error":"x"}' },
      { message: 'HTTP 400 (code 3): {"error":"x"}', statusCode: 3 },
    ],
    ["JSON with a message", { status: 403, body: '{"message":"not yours"}' }, { message: "not yours", statusCode: 7 }],
    [
      "a Status without a message",
      { status: 404, body: '{"code":5}' },
      { message: 'HTTP 404 (code 5): {"code":5}', statusCode: 5 },
    ],
    ["an unknown code", { status: 409, body: '{"code":99,"message":"m"}' }, { message: "m", statusCode: 10 }],
    ["the code of success", { status: 401, body: '{"code":0,"message":"m"}' }, { message: "m", statusCode: 16 }],
    [
      "parts of the wrong type",
      { status: 500, body: '{"code":"5","message":4,"details":{}}' },
      { message: 'HTTP 500 (code 2): {"code":"5","message":4,"details":{}}', statusCode: 2 },
    ],
    ["null", { status: 500, body: "null" }, { message: "HTTP 500 (code 2): null", statusCode: 2 }],
    [
      "bytes that are no text",
      { status: 500, type: "image/png", body: Buffer.from([0xff, 0xfe, 0]) },
      { message: expect.any(String), statusCode: 2 },
    ],
    ["a redirect that leads nowhere", { status: 304 }, { message: "HTTP 304 (code 2)", statusCode: 2 }],
  ])("describes %s as far as possible", async (_, reply, want) => {
    for (const error of await failures(reply)) {
      expect(error).toMatchObject({ ...want, status: reply.status, details: [] });
      if (typeof reply.body === "string") {
        expect(error.body).toBe(reply.body);
      }
    }
  });

  test("keeps a part of a huge body", async () => {
    for (const error of await failures({ type: "text/plain", body: "x".repeat(3 * 1024 * 1024) })) {
      expect(error.body).toBe("x".repeat(65_536));
      expect(error.message.length).toBeLessThan(300);
    }
  });

  test("reads a Status that is larger than what it keeps of the body", async () => {
    const message = "m".repeat(100_000);
    for (const error of await failures({ body: JSON.stringify({ code: 5, message }) })) {
      expect(error.message).toBe(message);
    }
  });

  test("does not wait for the end of a body that has none", async () => {
    const { baseUrl } = await startServer((_, response) => {
      response.writeHead(500, { "content-type": "text/plain" }).write("x".repeat(2 * 1024 * 1024));
    });
    await expect(new MarketServiceClient({ baseUrl }).getQuote({ symbol: "A" })).rejects.toMatchObject({ status: 500 });
  });

  test("shows when to come again", async () => {
    for (const error of await failures({ status: 503 })) {
      expect(client.retryAfterMs(error.headers)).toBe(7000);
    }
  });
});

describe("an error event", () => {
  /** What a stream fails with whose first event is this. */
  async function failure(data: string, options: Partial<client.ClientOptions> = {}) {
    const { baseUrl } = await startServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(`event: error\ndata: ${data}\n\n`);
    });
    return new MarketServiceClient({ ...options, baseUrl })
      .ask({ question: "?" }, { reconnect: false })
      .next()
      .catch((error) => error);
  }

  test("says so, and the name of its code, where it has no message", async () => {
    expect((await failure('{"code":14}')).message).toBe('error event (code 14, Unavailable): {"code":14}');
    expect((await failure("broken")).message).toBe("error event (code 2, Unknown): broken");
    expect(await failure('{"code":5,"message":"gone"}')).toMatchObject({ message: "gone", status: 200, statusCode: 5 });
  });

  test("is read by readError", async () => {
    const error = await failure('{"error":{"type":"overloaded_error","message":"busy"}}', { readError: readForeign });
    expect(error).toMatchObject({
      message: "busy",
      statusCode: client.Code.Unavailable,
      status: 200,
      details: [{ a: 1 }],
    });
  });
});

/** Reads the errors of another API. */
const readForeign: client.ReadError = (body, response) => {
  const { error } = Object(body) as { error?: { type: string; message?: string } };
  if (response.headers.get("content-type") === "text/plain") {
    return { message: `text: ${body}` };
  }
  if (!error) {
    return undefined;
  }
  return { message: error.message, statusCode: client.Code.Unavailable, details: [{ a: 1 }] };
};

describe("readError", () => {
  const options = { readError: readForeign };

  test("reads what other APIs put into an error body", async () => {
    for (const error of await failures(
      { status: 529, body: '{"error":{"type":"overloaded_error","message":"busy"}}' },
      options,
    )) {
      expect(error).toMatchObject({ message: "busy", statusCode: 14, status: 529, details: [{ a: 1 }] });
    }
  });

  test("leaves what it does not say to what is read without it", async () => {
    for (const error of await failures(
      { status: 404, body: '{"code":5,"message":"m","details":[{"b":2}]}' },
      options,
    )) {
      expect(error).toMatchObject({ message: "m", statusCode: 5, details: [{ b: 2 }] });
    }
    for (const error of await failures({ status: 503, body: '{"error":{}}' }, options)) {
      expect(error).toMatchObject({ message: 'HTTP 503 (code 14): {"error":{}}', statusCode: 14 });
    }
  });

  test("gets the text of a body that is no JSON", async () => {
    for (const error of await failures({ status: 503, type: "text/plain", body: "down" }, options)) {
      expect(error).toMatchObject({ message: "text: down", statusCode: 14 });
    }
  });

  test("works with JSON types", async () => {
    const { baseUrl } = await startServer((_, response) => json(response, { error: { message: "busy" } }, 529));
    await expect(new JsonClient({ baseUrl, readError: readForeign }).getQuote({ symbol: "A" })).rejects.toThrow("busy");
  });
});

describe("an error of a Google API", () => {
  const body = JSON.stringify({
    error: { code: 429, message: "quota exceeded", status: "RESOURCE_EXHAUSTED", details: [quote] },
  });

  test("is read by the name of its code", async () => {
    for (const error of await failures({ status: 400, body })) {
      expect(error).toMatchObject({
        message: "quota exceeded",
        statusCode: client.Code.ResourceExhausted,
        status: 400,
      });
      expect(error.findDetails(QuoteSchema)).toEqual([create(QuoteSchema, { symbol: "A", price: 1.5 })]);
    }
  });

  test.each(["OK", "GONE", "ResourceExhausted", undefined])("is not an error with the name %s", async (name) => {
    for (const error of await failures({
      status: 404,
      body: JSON.stringify({ error: { status: name, message: "m" } }),
    })) {
      expect(error).toMatchObject({ message: expect.stringMatching(/^HTTP 404 /), statusCode: client.Code.NotFound });
    }
  });
});

describe("findDetails", () => {
  test("gives the JSON of a type by its name, whatever its URL", async () => {
    const other = { ...quote, "@type": "market.v1.Quote" };
    const trade = { "@type": "type.googleapis.com/market.v1.Trade" };
    for (const error of await failures(status([quote, trade, other]))) {
      expect(error.findDetails("market.v1.Quote")).toEqual([quote, other]);
      expect(error.findDetails("v1.Quote")).toEqual([]);
    }
  });

  test("gives messages by their schema, and leaves out others", async () => {
    const details = [quote, { ...quote, price: {} }, "text", null, { "@type": 5 }, { ...quote, unknown: 1, price: 2 }];
    for (const error of await failures(status(details))) {
      expect(error.findDetails(QuoteSchema).map(({ price }) => price)).toEqual([1.5, 2]);
      expect(error.findDetails(TradeSchema)).toEqual([]);
    }
  });

  test("reads types that have a JSON of their own", async () => {
    const details = [{ "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.5s" }];
    for (const error of await failures(status(details))) {
      expect(error.findDetails(DurationSchema)).toEqual([durationFromMs(1500)]);
    }
  });

  test("reads an Any in a detail with the client's registry", async () => {
    const any = { "@type": "type.googleapis.com/google.protobuf.StringValue", value: "x" };
    const details = [{ "@type": "type.googleapis.com/google.protobuf.Any", value: any }];
    const { AnySchema } = await import("@bufbuild/protobuf/wkt");
    for (const error of await failures(status(details), { registry: createRegistry(StringValueSchema) })) {
      expect(error.findDetails(AnySchema)).toEqual([
        anyPack(StringValueSchema, create(StringValueSchema, { value: "x" })),
      ]);
    }
    for (const error of await failures(status(details))) {
      expect(error.findDetails(AnySchema)).toEqual([]);
    }
  });

  test("gives JSON in a client of JSON types", async () => {
    const { baseUrl } = await startServer((_, response) => json(response, { code: 5, details: [quote] }, 404));
    const error = await new JsonClient({ baseUrl }).getQuote({ symbol: "A" }).catch((error) => error);
    expect(error).toBeInstanceOf(jsonClient.StatusError);
    expect(error.findDetails("market.v1.Quote")).toEqual([quote]);
  });
});

describe("the classes", () => {
  const context = { phase: "body", attempt: 3, lastEventId: "41" } as const;
  const response = new Response("", { headers: { "content-type": "text/html" } });
  const errors = [
    new client.RequestError(new Error("m"), context),
    new client.StatusError(response, "", {}, context),
    new client.NetworkError("m", context),
    new client.TimeoutError("idle", 5, context),
    new client.TruncatedError(context),
    new client.ContentTypeError("text/event-stream", response, "", context),
    new client.DecodeError({ data: "" }, new Error("m"), context),
    new client.EventTooLargeError(5, context),
    new client.ReconnectError([new Error("m")], context),
  ];

  test("have one base, and differ by code and name", () => {
    for (const error of errors) {
      expect(error).toBeInstanceOf(client.ClientError);
      expect(error).toMatchObject(context);
      expect(error.message).not.toBe("");
      expect(error.name).toBe(error.constructor.name);
      expect(error.stack).toMatch(new RegExp(`^${error.name}: `));
      expect(inspect(error)).toContain(error.name);
    }
    expect(errors.map(({ code }) => code)).toEqual([
      "request",
      "status",
      "network",
      "timeout",
      "truncated",
      "content_type",
      "decode",
      "event_too_large",
      "reconnect",
    ] satisfies client.ClientErrorCode[]);
  });

  test("have a cause only where there is one", () => {
    expect("cause" in new client.TruncatedError(context)).toBe(false);
    expect(new client.NetworkError("m", { ...context, cause: 5 }).cause).toBe(5);
  });

  test("have the last error of a reconnection as the cause", () => {
    const [first, last] = [new Error("a"), new Error("b")];
    const error = new client.ReconnectError([first, last], context);
    expect(error).toMatchObject({
      errors: [first, last],
      cause: last,
      message: "gave up after 1 further request: Error: b",
    });
  });
});

describe("TimeoutError", () => {
  const hint = "over HTTP/1.1, a browser opens at most six connections to a host";

  test("names the browser's limit of connections if no response arrived", async () => {
    inBrowser();
    for (const error of await late()) {
      expect(error).toMatchObject({ code: "timeout", phase: "open", message: expect.stringContaining(hint) });
    }
  });

  test("does not name it if a response arrived", async () => {
    inBrowser();
    const { baseUrl } = await startServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    });
    const stream = new MarketServiceClient({ baseUrl }).watchTrades(
      { symbol: "A" },
      { idleTimeoutMs: 50, reconnect: false },
    );
    await expect(stream.next()).rejects.toMatchObject({ kind: "idle", message: "idle timeout after 50 ms" });
  });

  test("does not name it outside of browsers", async () => {
    const messages = (await late()).map(({ message }) => message);
    expect(messages).toEqual(["deadline timeout after 100 ms", "connect timeout after 100 ms"]);
  });

  function inBrowser(): void {
    vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0" });
    onTestFinished(() => void vi.unstubAllGlobals());
  }

  /** What a call and a stream reject with when the server does not respond. */
  async function late(): Promise<client.TimeoutError[]> {
    const { baseUrl } = await startServer(() => {});
    const market = new MarketServiceClient({ baseUrl, timeoutMs: 100 });
    return Promise.all([
      market.getQuote({ symbol: "A" }).catch((error) => error),
      market
        .watchTrades({ symbol: "A" }, { reconnect: false })
        .next()
        .catch((error) => error),
    ]);
  }
});
