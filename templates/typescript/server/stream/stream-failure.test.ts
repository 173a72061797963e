import { describe, expect, test, vi } from "vitest";
import type { Trade } from "../../../../test/gen/market/v1/market_pb.js";
import { Code, type Init, StatusError } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { getStream, opening, startMarketServer, watch } from "../../testing/market-server.js";

describe("failures", () => {
  test("an unexpected error is masked, and passed to onError", async () => {
    const onError = vi.fn();
    const { url } = await startMarketServer(
      {
        async *watchTrades({ symbol }) {
          if (symbol === "LATE") {
            yield { sequence: 1n };
          }
          throw new Error("password is hunter2");
        },
      },
      { onError },
    );
    const early = await getStream(url + watch);
    expect([early.response.status, early.text]).toEqual([500, '{"code":13,"message":"internal error"}']);
    const late = await getStream(`${url}/v1/trades/LATE:watch`);
    expect(late.text).toBe(
      `${opening}id: 1\ndata: {"sequence":"1"}\n\nevent: error\ndata: {"code":13,"message":"internal error"}\n\n`,
    );
    expect(onError.mock.calls.map(([error, info]) => [error.message, info.method.name])).toEqual([
      ["password is hunter2", "WatchTrades"],
      ["password is hunter2", "WatchTrades"],
    ]);
  });

  test.each<[string, unknown]>([
    ["a string", "trade"],
    ["nothing", undefined],
    ["null", null],
    ["an array", []],
    ["an error", new Error("no")],
    ["an object without any of the fields", { prize: 3 }],
    ["a field of another type", { price: "cheap" }],
    ["another message", { $typeName: "market.v1.Quote", symbol: "A", price: 1 }],
  ])("%s is not the message", async (_name, value) => {
    const onError = vi.fn();
    const ended = createFlag<unknown>();
    const { url } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          try {
            yield { sequence: 1n };
            yield value as Init<Trade>; // what JavaScript lets through
          } finally {
            ended.raise(context.signal.reason);
          }
        },
      },
      { onError },
    );
    const { text } = await getStream(url + watch);
    expect(text).toBe(
      `${opening}id: 1\ndata: {"sequence":"1"}\n\nevent: error\ndata: {"code":13,"message":"internal error"}\n\n`,
    );
    expect(onError).toHaveBeenCalledOnce();
    expect(await ended.raised).toMatchObject({ reason: "error" });
  });

  test("a handler that returns no stream", async () => {
    const onError = vi.fn();
    const { url } = await startMarketServer({ watchTrades: () => "trades" as never }, { onError });
    expect((await getStream(url + watch)).response.status).toBe(500);
    expect(onError.mock.calls[0]?.[0].message).toBe(
      "handler of a stream returned string: return an async generator or a ReadableStream",
    );
  });

  test.each(["a\nb", "a\rb", "a\0b", ""])("an id that no line can hold is refused: %j", async (id) => {
    const onError = vi.fn();
    const { url } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          yield { sequence: 1n };
          yield context.tracked(id, { sequence: 2n });
        },
      },
      { onError },
    );
    const { text } = await getStream(url + watch);
    expect(text.match(/^id:.*$/gm)).toEqual(["id: 1"]);
    expect(text).toContain("event: error");
    expect(onError.mock.calls[0]?.[0].message).toMatch(/^event id .*(has a line break or NUL|is empty)/);
  });

  test("an id that is not a value of the event_id field is refused", async () => {
    const onError = vi.fn();
    const { url } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          yield context.tracked("7", {});
          yield context.tracked("2026-11-20/1", {});
        },
      },
      { onError },
    );
    expect((await getStream(url + watch)).text).toMatch(/^id: 7\n.*\n\nevent: error\n/m);
    expect(onError.mock.calls[0]?.[0].message).toMatch(
      /^event id "2026-11-20\/1" is not an integer from .* field market\.v1\.Trade\.sequence has event_id$/,
    );
  });

  test("an iterator that throws in place of rejecting, at once and later", async () => {
    let calls = 0;
    const { url } = await startMarketServer({
      watchTrades: ({ symbol }) => ({
        [Symbol.asyncIterator]: () => ({
          next: () => {
            if (symbol === "LATE" && calls++ === 0) {
              return Promise.resolve({ done: false, value: { sequence: 1n } });
            }
            throw new StatusError(Code.Aborted, "no");
          },
        }),
      }),
    });
    expect((await getStream(url + watch)).response.status).toBe(409);
    expect((await getStream(`${url}/v1/trades/LATE:watch`)).text).toMatch(
      /event: error\ndata: {"code":10,"message":"no"}\n\n$/,
    );
  });
});
