import { request as httpRequest } from "node:http";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { MarketService } from "../../../../test/gen/market/v1/market_pb.js";
import { createServer, defineService } from "../../server.js";
import { postAsk, startMarketServer } from "../../testing/market-server.js";
import type { MarketServiceHandlers } from "../../testing/market-service.js";
import { serve } from "../../testing/serve.js";

const quote: Partial<MarketServiceHandlers> = {
  getQuote: ({ symbol }) => ({ symbol, price: 187.2, time: timestampFromMs(0) }),
};

async function* events() {
  yield { sequence: 1n };
}

/** Status, `code` and message of an error, after checking that it is a Status in JSON. */
async function failure(response: Response): Promise<unknown[]> {
  expect(response.headers.get("content-type")).toBe("application/json");
  const { code, message } = (await response.json()) as Record<string, unknown>;
  return [response.status, code, message];
}

describe("before the handler", () => {
  test("404, 405 and 501", async () => {
    const { url } = await startMarketServer(quote);
    expect(await failure(await fetch(`${url}/v1/nothing`))).toEqual([404, 5, "no method has this path"]);
    const wrongMethod = await fetch(`${url}/v1/quotes/A`, { method: "DELETE" });
    expect(wrongMethod.headers.get("allow")).toBe("GET, HEAD");
    expect(await failure(wrongMethod)).toEqual([405, 12, "this path takes GET, HEAD"]);
    expect(await failure(await fetch(`${url}/v1/trades/A:watch`))).toEqual([
      501,
      12,
      "market.v1.MarketService.WatchTrades is not implemented",
    ]);
  });

  test("406", async () => {
    const { url } = await startMarketServer({ ...quote, watchTrades: events });
    const get = (path: string, accept: string) => fetch(url + path, { headers: { Accept: accept } });
    expect(await failure(await get("/v1/quotes/A", "text/event-stream"))).toEqual([
      406,
      3,
      "not acceptable: this method answers with application/json",
    ]);
    expect(await failure(await get("/v1/trades/A:watch", "application/json"))).toEqual([
      406,
      3,
      "not acceptable: this method answers with text/event-stream, application/jsonl; profile=sse-1, application/jsonl, application/x-ndjson",
    ]);
    expect((await get("/v1/trades/A:watch", "application/json")).headers.get("vary")).toBe("Accept");
    expect((await get("/v1/quotes/A", "text/event-stream;q=0.5, application/*;q=0.1")).status).toBe(200);
    expect((await get("/v1/trades/A:watch", "application/*")).headers.get("content-type")).toBe("application/jsonl");
  });

  test("400 names the fields", async () => {
    const { url } = await startMarketServer({ ...quote, watchTrades: events, ask: async function* () {} });
    const response = await fetch(`${url}/v1/trades/A:watch?minSize=many&min_size=2`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 3,
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "min_size" }, { field: "min_size" }],
        },
      ],
    });
    for (const body of ["{", '{"question":3}', "[]", "\xff", new Uint8Array([0x22, 0xff, 0x22])]) {
      expect((await postAsk(url, body)).status).toBe(400);
    }
    expect((await fetch(`${url}/v1/quotes/%ff`)).status).toBe(400);
  });

  test("unknown query parameters, and that of the cursor", async () => {
    const { url } = await startMarketServer({ ...quote, watchTrades: events }, { unknownQuery: "reject" });
    expect((await fetch(`${url}/v1/trades/A:watch?page=2`)).status).toBe(400);
    expect((await fetch(`${url}/v1/quotes/A?last_event_id=2`)).status).toBe(400);
    expect((await fetch(`${url}/v1/trades/A:watch?last_event_id=2`)).status).toBe(200);
  });

  test("413 while reading, with and without a length", async () => {
    let called = false;
    const { url } = await startMarketServer(
      {
        async *ask() {
          called = true;
          yield* [];
        },
      },
      { maxBodyBytes: 1000 },
    );
    const body = (length: number) => JSON.stringify({ question: "x".repeat(length - 15) });
    expect(body(1000)).toHaveLength(1000);
    expect((await postAsk(url, body(1000))).status).toBe(200);
    expect(called).toBe(true);
    expect(await failure(await postAsk(url, body(1001)))).toEqual([
      413,
      8,
      "the request body is larger than 1000 bytes",
    ]);
    // Chunks without an end: the answer comes while the body is still being sent.
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${url}/v1/ask`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Transfer-Encoding": "chunked" },
      });
      request.on("response", (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on("error", reject);
      request.write("x".repeat(2000));
    });
    expect(status).toBe(413);
  });

  test("415", async () => {
    const { url } = await startMarketServer({ ask: async function* () {} });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
      const [status, code] = await failure(await postAsk(url, "{}", { "Content-Type": type }));
      expect([type, status, code]).toEqual([type, 415, 3]);
    }
    for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"]) {
      expect((await postAsk(url, "{}", { "Content-Type": type })).status).toBe(200);
    }
    expect((await fetch(`${url}/v1/ask`, { method: "POST" })).status).toBe(200);
  });

  test("415 for a body that is compressed, before it is read", async () => {
    const { url } = await startMarketServer({ ask: async function* () {} });
    for (const coding of ["gzip", "br", "x-none", "identity, gzip"]) {
      const response = await postAsk(url, new Uint8Array([0x1f, 0x8b, 8, 0]), { "Content-Encoding": coding });
      expect(response.headers.get("accept-encoding")).toBe("identity");
      expect(await failure(response)).toEqual([
        415,
        3,
        `content encoding "${coding}" is not supported: send the body uncompressed`,
      ]);
    }
    for (const coding of ["identity", "Identity", "", "identity, identity"]) {
      expect((await postAsk(url, "{}", { "Content-Encoding": coding })).status).toBe(200);
    }
  });

  test("400 for a Last-Event-ID that is not a value of the event_id field", async () => {
    const cursors: unknown[] = [];
    const { url } = await startMarketServer({
      async *watchTrades(_request, { lastEventId }) {
        cursors.push(lastEventId);
        yield { sequence: 9n };
      },
    });
    const get = (query: string, headers: Record<string, string>) =>
      fetch(`${url}/v1/trades/A:watch${query}`, { headers });
    for (const [query, headers, field] of [
      ["", { "Last-Event-ID": "xyz" }, "Last-Event-ID"],
      ["?last_event_id=7", { "Last-Event-ID": "1.5" }, "Last-Event-ID"],
      ["?last_event_id=9223372036854775808", {}, "last_event_id"],
    ] as const) {
      const response = await get(query, headers);
      expect(response.status).toBe(400);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.json()).toMatchObject({ code: 3, details: [{ fieldViolations: [{ field }] }] });
    }
    expect(cursors).toEqual([]);
    for (const id of ["-1", "9223372036854775807"]) {
      expect((await get("", { "Last-Event-ID": id })).status).toBe(200);
    }
    expect(cursors).toEqual(["-1", "9223372036854775807"]);
  });

  test("headers that the proto declares", async () => {
    const handlers = { getQuote: () => ({}) };
    const service = defineService(MarketService, handlers, {
      getQuote: {
        bindings: [{ method: "GET", path: "/q" }],
        headers: [
          { name: "X-Trace", format: "uuid", required: true },
          { name: "X-Depth", type: "integer" },
        ],
      },
    });
    const { url } = await serve(createServer({ services: [service] }));
    const violations = async (headers: Record<string, string>) => {
      const response = await fetch(`${url}/q`, { headers });
      const { details } = (await response.json()) as { details?: [{ fieldViolations: unknown }] };
      return [response.status, details?.[0].fieldViolations];
    };
    const trace = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    expect(await violations({ "x-trace": trace, "x-depth": "-12" })).toEqual([200, undefined]);
    expect(await violations({ "x-trace": trace, "x-depth": "" })).toEqual([
      400,
      [{ field: "x-depth", description: "header is not of type integer" }],
    ]);
    expect(await violations({ "x-depth": "1.5" })).toEqual([
      400,
      [
        { field: "x-trace", description: "header is required" },
        { field: "x-depth", description: "header is not of type integer" },
      ],
    ]);
  });
});

test.each<[string, number[], number, string | undefined]>([
  ["a byte that is not UTF-8", [0x22, 0xff, 0x22], 400, "the body is not UTF-8"],
  ["an overlong sequence", [0x22, 0xc0, 0xaf, 0x22], 400, "the body is not UTF-8"],
  ["a character that lacks its last byte", [0x22, 0xf0, 0x9f, 0x98, 0x22], 400, "the body is not UTF-8"],
  ["the replacement character itself", [0x22, 0xef, 0xbf, 0xbd, 0x22], 200, undefined],
  ["a byte order mark", [0xef, 0xbb, 0xbf, 0x22, 0x41, 0x22], 200, undefined],
])("a JSON body of a known length with %s", async (_name, bytes, status, description) => {
  let question: string | undefined;
  const { url } = await startMarketServer({
    ...quote,
    async *ask(request) {
      question = request.question;
      yield { event: { case: "done", value: {} } };
    },
  });
  const body = Uint8Array.from([...Buffer.from('{"question":'), ...bytes, 0x7d]);
  const response = await fetch(`${url}/v1/ask`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: bytes[0] === 0xef ? Uint8Array.from([...bytes.slice(0, 3), ...Buffer.from('{"question":"A"}')]) : body,
  });
  const text = await response.text();
  expect(response.status).toBe(status);
  if (description !== undefined) {
    expect(JSON.parse(text).details[0].fieldViolations).toEqual([{ field: "", description }]);
  } else {
    expect(question).toBe(bytes[0] === 0xef ? "A" : "\ufffd");
  }
});
