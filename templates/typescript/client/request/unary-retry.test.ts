import { describe, expect, test } from "vitest";
import { MarketService } from "../../../../test/gen/market/v1/market_pb.js";
import { type CallOptions, type ClientOptions, defineMethod, Transport } from "../../client.js";
import { json, startServer } from "../../testing/http-server.js";
import { MarketServiceClient as JsonClient } from "../../testing/market-json-client.js";
import { openRawStream } from "../stream/raw-stream.js";

/** An rpc with that HTTP method; its request has no field in the path, so any method can carry it. */
function rpc(httpMethod: string) {
  return defineMethod(MarketService, "getQuote", {
    bindings: [{ method: httpMethod, path: "/v1/quote", ...(httpMethod === "POST" && { body: "*" as const }) }],
  });
}

/** What comes of a call whose requests are answered with these statuses, in turn; 0 breaks the connection. */
async function run(
  statuses: readonly number[],
  options: CallOptions = {},
  httpMethod = "GET",
  clientOptions: Partial<ClientOptions> = {},
) {
  let count = 0;
  const { baseUrl, received } = await startServer((_, response) => {
    const status = statuses[Math.min(count++, statuses.length - 1)];
    if (status) {
      json(response, { price: count }, status, { "x-count": `${count}` });
    } else {
      response.destroy();
    }
  });
  const transport = new Transport({ baseUrl, ...clientOptions });
  const outcome: unknown = await transport.unary(rpc(httpMethod), { symbol: "A" }, options).then(
    ({ price }) => price,
    (error) => error,
  );
  return { outcome, received, count: received.length };
}

const retry = { maxAttempts: 3, initialDelayMs: 1 };

describe("a unary call", () => {
  test("is sent once unless `retry` is set", async () => {
    expect(await run([503, 200])).toMatchObject({ outcome: { status: 503, attempt: 1 }, count: 1 });
    expect(await run([503, 200], { retry: {} })).toMatchObject({ outcome: { status: 503 }, count: 1 });
  });

  test.each([408, 425, 429, 502, 503, 504, 0])("is sent again after %s", async (status) => {
    expect(await run([status, status, 200], { retry })).toMatchObject({ outcome: 3, count: 3 });
  });

  test.each([400, 401, 404, 409, 500, 501])("is not sent again after %s", async (status) => {
    expect(await run([status, 200], { retry })).toMatchObject({ outcome: { status }, count: 1 });
  });

  test("fails with the last error after `maxAttempts` further requests", async () => {
    const { outcome, count } = await run([503], { retry });
    expect(count).toBe(4);
    expect(outcome).toMatchObject({ code: "status", status: 503, attempt: 4 });
  });

  test.each(["GET", "HEAD", "PUT", "DELETE"])("is sent again with the idempotent method %s", async (httpMethod) => {
    expect((await run([503, 200], { retry }, httpMethod)).count).toBe(2);
  });

  test.each(["POST", "PATCH"])("is sent again with %s only if it has an Idempotency-Key", async (httpMethod) => {
    expect((await run([503, 200], { retry }, httpMethod)).count).toBe(1);
    const { received } = await run([503, 503, 200], { retry, headers: { "Idempotency-Key": "k" } }, httpMethod);
    expect(received.map(({ headers }) => headers["idempotency-key"])).toEqual(["k", "k", "k"]);
  });

  test("keeps the first key, also where headers() or an interceptor makes a new one each time", async () => {
    let keys = 0;
    const headers = () => ({ "idempotency-key": `k${++keys}` });
    const { received } = await run([503, 503, 200], { retry, headers }, "POST");
    expect(received.map(({ headers }) => headers["idempotency-key"])).toEqual(["k1", "k1", "k1"]);
    const { received: other } = await run([503, 200], { retry }, "POST", {
      interceptors: [
        (next) => (request) => {
          request.headers.set("idempotency-key", `k${++keys}`);
          return next(request);
        },
      ],
    });
    expect(new Set(other.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(other).toHaveLength(2);
  });

  test("gets its headers again for each attempt", async () => {
    let token = 0;
    const { received } = await run([503, 200], {
      retry,
      headers: async () => ({ authorization: `Bearer ${++token}` }),
    });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(["Bearer 1", "Bearer 2"]);
  });

  test("waits for `Retry-After`, and fails with the server's error when that is beyond `maxRetryAfterMs`", async () => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}, 503, { "retry-after": "301" }));
    const transport = new Transport({ baseUrl });
    await expect(transport.unary(rpc("GET"), {}, { retry })).rejects.toMatchObject({ status: 503, attempt: 1 });
    expect(received).toHaveLength(1);
  });

  test("stops waiting when it is aborted, or its time is up", async () => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}, 503, { "retry-after": "300" }));
    const transport = new Transport({ baseUrl, retry });
    const controller = new AbortController();
    const onResponse = () => void setImmediate(() => controller.abort("enough"));
    const { signal } = controller;
    await expect(transport.unary(rpc("GET"), {}, { signal, onResponse })).rejects.toBe("enough");
    await expect(transport.unary(rpc("GET"), {}, { timeoutMs: 500 })).rejects.toMatchObject({ kind: "deadline" });
    expect(received).toHaveLength(2);
  });

  test("of a client of JSON types is sent again too", async () => {
    let count = 0;
    const { baseUrl } = await startServer((_, response) => json(response, { price: 1 }, ++count < 3 ? 503 : 200));
    expect(await new JsonClient({ baseUrl, retry }).getQuote({ symbol: "A" })).toEqual({ price: 1 });
  });
});

describe("`query`", () => {
  test("adds parameters to those of the request; of one name, the call's wins", async () => {
    const query = { alt: "sse", "a b": "c&d", none: undefined };
    const { received } = await run([200], { query: { alt: "json", n: 1, yes: true } }, "GET", { query });
    expect(received[0]?.line).toBe("GET /v1/quote?symbol=A&alt=json&a%20b=c%26d&n=1&yes=true");
    const { received: posted } = await run([200], {}, "POST", { query });
    expect(posted[0]?.line).toBe("POST /v1/quote?alt=sse&a%20b=c%26d");
  });
});

describe("`baseUrl`", () => {
  test.each(["/?a=b", "?a=b", "/#x", "/v1#"])("is refused with %s, and nothing is sent", async (end) => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}));
    const client = new JsonClient({ baseUrl: baseUrl + end });
    await expect(client.getQuote({ symbol: "A" })).rejects.toMatchObject({
      code: "request",
      message: expect.stringContaining("check baseUrl"),
    });
    await expect(client.watchTrades({ symbol: "A" }).next()).rejects.toMatchObject({ code: "request" });
    expect(received).toHaveLength(0);
  });
});

describe("a header", () => {
  test.each(["a\u0001b", "a\u007f"])("that holds a control character (%j) is a RequestError", async (value) => {
    const { outcome, count } = await run([200], { headers: { "x-a": value }, retry });
    expect(outcome).toMatchObject({ code: "request", message: expect.stringContaining('"x-a"') });
    expect(count).toBe(0);
  });

  test.each([
    ["x-a", "a\nb"],
    ["x-a", "ключ"],
    ["bad name", "a"],
  ])("that `Headers` refuses (%j: %j) is a RequestError, of a stream, too", async (name, value) => {
    const { baseUrl, received } = await startServer((_, response) => json(response, {}));
    const headers = { [name]: value };
    const expected = { code: "request", message: expect.stringContaining("check the headers") };
    await expect(new JsonClient({ baseUrl, headers }).getQuote({ symbol: "A" })).rejects.toMatchObject(expected);
    const stream = openRawStream(baseUrl, { headers, reconnect: true });
    await expect(stream.next()).rejects.toMatchObject({ ...expected, phase: "open", attempt: 1 });
    expect(received).toHaveLength(0);
  });

  test("may hold a tab, and any other character of Latin-1", async () => {
    expect((await run([200], { headers: { "x-a": "a\té" } })).outcome).toBe(1);
  });
});
