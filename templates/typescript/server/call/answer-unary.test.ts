import { DurationSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test, vi } from "vitest";
import { MarketService, ToolCallSchema, TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { Code, createServer, StatusError } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { startMarketServer } from "../../testing/market-server.js";
import { createMarketService, type MarketServiceHandlers } from "../../testing/market-service.js";
import { rawRequest } from "../../testing/raw-client.js";
import { serve } from "../../testing/serve.js";

const quote: Partial<MarketServiceHandlers> = {
  getQuote: ({ symbol }) => ({ symbol, price: 187.2, time: timestampFromMs(0) }),
};

/** Status, `code` and message of an error, after checking that it is a Status in JSON. */
async function failure(response: Response): Promise<unknown[]> {
  expect(response.headers.get("content-type")).toBe("application/json");
  const { code, message } = (await response.json()) as Record<string, unknown>;
  return [response.status, code, message];
}

describe("unary", () => {
  test("an answer is the ProtoJSON of the message", async () => {
    const { url } = await startMarketServer(quote);
    const response = await fetch(`${url}/v1/quotes/AAPL`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe('{"symbol":"AAPL","price":187.2,"time":"1970-01-01T00:00:00Z"}');
  });

  test("the context", async () => {
    let seen: unknown[] = [];
    const service = createMarketService<{ user: string }>(
      {
        getQuote(_request, { request, method, value, responseHeaders, signal }) {
          seen = [request.url, method.name, value.user, signal.aborted];
          responseHeaders.append("Set-Cookie", "a=1");
          responseHeaders.append("Set-Cookie", "b=2");
          return {};
        },
      },
      { unimplemented: "501" },
    );
    const server = createServer({ services: [service], onError: () => {} });
    // @ts-expect-error the value has the handlers' context type, so it is required
    expect((await server.fetch(new Request("http://localhost/v1/quotes/A"))).status).toBe(500);
    const { url } = await serve({ fetch: (request) => server.fetch(request, { user: "ada" }) });
    const response = await fetch(`${url}/v1/quotes/A`);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(seen).toEqual([`${url}/v1/quotes/A`, "GetQuote", "ada", false]);
  });

  test("HEAD has the head of GET", async () => {
    const { url } = await startMarketServer(quote);
    const response = await fetch(`${url}/v1/quotes/AAPL`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "application/json",
      "",
    ]);
  });

  test("handlers may be an instance of a class", async () => {
    class Handlers {
      readonly #price = 3;
      getQuote() {
        return { price: this.#price };
      }
    }
    const { url } = await startMarketServer(new Handlers());
    expect(await (await fetch(`${url}/v1/quotes/A`)).json()).toEqual({ price: 3 });
  });

  test("a status error is sent as it is, details and headers included", async () => {
    const { url } = await startMarketServer({
      getQuote(_request, { responseHeaders }) {
        responseHeaders.set("X-Limit", "10");
        throw new StatusError(Code.ResourceExhausted, "slow down", {
          headers: { "Retry-After": "3" },
          details: [
            { desc: ToolCallSchema, value: { name: "x" } },
            { desc: DurationSchema, value: { seconds: 3n } },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "3s" },
          ],
        });
      },
    });
    const response = await fetch(`${url}/v1/quotes/A`);
    expect([response.status, response.headers.get("retry-after"), response.headers.get("x-limit")]).toEqual([
      429,
      "3",
      "10",
    ]);
    expect(await response.text()).toBe(
      '{"code":8,"message":"slow down","details":[{"@type":"type.googleapis.com/market.v1.ToolCall","name":"x"},{"@type":"type.googleapis.com/google.protobuf.Duration","value":"3s"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3s"}]}',
    );
  });

  test("an unexpected error is masked", async () => {
    const onError = vi.fn(() => Promise.reject(new Error("the log is down")));
    const { url } = await startMarketServer(
      {
        getQuote() {
          throw new Error("password is hunter2");
        },
      },
      { onError },
    );
    expect(await failure(await fetch(`${url}/v1/quotes/A`))).toEqual([500, 13, "internal error"]);
    expect(onError).toHaveBeenCalledWith(
      expect.objectContaining({ message: "password is hunter2" }),
      expect.objectContaining({ method: MarketService.method.getQuote }),
    );
  });

  test("without onError, it is logged to the console", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { url } = await startMarketServer({ getQuote: () => Promise.reject(new Error("lost")) });
    await fetch(`${url}/v1/quotes/A`);
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ message: "lost" }));
    log.mockRestore();
  });

  test("what is not the message is masked", async () => {
    const onError = vi.fn();
    const { url } = await startMarketServer({ getQuote: () => [] as never }, { onError });
    expect(await failure(await fetch(`${url}/v1/quotes/A`))).toEqual([500, 13, "internal error"]);
    expect(onError.mock.calls[0]?.[0].message).toBe(
      "handler gave an array: give a market.v1.Quote, or an object with its fields",
    );
  });

  test("a client that goes away aborts the signal", async () => {
    const running = createFlag();
    const aborted = createFlag<unknown>();
    const leaked = createFlag();
    const { url } = await startMarketServer(
      {
        getQuote(_request, { signal }) {
          running.raise();
          signal.addEventListener("abort", () => aborted.raise(signal.reason));
          return new Promise<never>(() => {});
        },
      },
      { leakMs: 1, onLeak: () => leaked.raise() },
    );
    const { socket } = rawRequest(Number(new URL(url).port), ["GET /v1/quotes/A HTTP/1.1"]);
    await running.raised;
    socket.destroy();
    expect(await aborted.raised).toMatchObject({ name: "AbortError", reason: "client" });
    await leaked.raised;
  });
});

describe("StatusError", () => {
  test("refuses what is no failure", () => {
    expect(() => new StatusError(0, "")).toThrow("status error with code 0");
    expect(() => new StatusError(17 as Code, "")).toThrow(RangeError);
    expect(() => new StatusError(5, "", { status: 200 })).toThrow("HTTP status 200");
  });

  test("may have a status of its own", async () => {
    const { url } = await startMarketServer({
      getQuote() {
        throw new StatusError(Code.FailedPrecondition, "pay first", { status: 402 });
      },
    });
    expect(await failure(await fetch(`${url}/v1/quotes/A`))).toEqual([402, 9, "pay first"]);
  });

  test("with a detail that is no message is masked", async () => {
    const onError = vi.fn();
    const { url } = await startMarketServer(
      {
        getQuote() {
          throw new StatusError(Code.Aborted, "no", {
            details: [{ desc: TradeSchema, value: { sequence: "x" as never } }],
          });
        },
      },
      { onError },
    );
    expect(await failure(await fetch(`${url}/v1/quotes/A`))).toEqual([500, 13, "internal error"]);
    expect(onError).toHaveBeenCalledOnce();
  });
});
