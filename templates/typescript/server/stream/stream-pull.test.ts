import { connect } from "node:http2";
import { describe, expect, test, vi } from "vitest";
import type { Trade } from "../../../../test/gen/market/v1/market_pb.js";
import { type CallEndInfo, createServer, type Init } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { getStream, opening, startMarketServer, watch } from "../../testing/market-server.js";
import { createMarketService } from "../../testing/market-service.js";
import { rawRequest } from "../../testing/raw-client.js";

/** For generators that yield nothing. */
const none: Init<Trade>[] = [];

describe("a client that does not read", () => {
  test.each(["http/1.1", "h2"] as const)("is not written for, and its end is seen, over %s", async (protocol) => {
    let asked = 0;
    const quiet = createFlag();
    const ended = createFlag<unknown>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const symbol = "x".repeat(64 * 1024);
    const { port, url } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          try {
            for (;;) {
              asked++;
              clearTimeout(timer);
              timer = setTimeout(() => quiet.raise(), 500);
              yield { symbol };
            }
          } finally {
            clearTimeout(timer);
            ended.raise(context.signal.reason);
          }
        },
      },
      {},
      protocol,
    );
    let leave: () => void;
    if (protocol === "h2") {
      const session = connect(url);
      session.request({ ":path": watch }).on("error", () => {}); // and no listener for data
      leave = () => session.destroy();
    } else {
      const { socket } = rawRequest(port, [`GET ${watch} HTTP/1.1`], "", false);
      leave = () => socket.destroy();
    }
    await quiet.raised;
    // The kernel's buffers of both ends take some megabytes; 4,000 events would be 256.
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(400);
    leave();
    expect(await ended.raised).toMatchObject({ reason: "client" });
  });

  test("asks for one event more than were read", async () => {
    let asked = 0;
    const server = createServer({
      services: [
        createMarketService(
          {
            async *watchTrades() {
              for (;;) {
                asked++;
                yield { sequence: 1n };
              }
            },
          },
          { unimplemented: "501" },
        ),
      ],
    });
    const response = await server.fetch(new Request(`http://localhost${watch}`));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBe(1);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    const taken =
      Buffer.from(first?.value ?? [])
        .toString()
        .split("\n\n").length - 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBeGreaterThan(100); // ready together, written together
    expect(asked).toBeLessThanOrEqual(taken + 2);
    expect(first?.value?.byteLength).toBeLessThanOrEqual(16 * 1024);
    await reader?.cancel();
  });

  test("is cut off with slowConsumer: disconnect", async () => {
    const closed = createFlag<CallEndInfo>();
    const ended = createFlag<unknown>();
    const symbol = "x".repeat(64 * 1024);
    const { port } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          try {
            for (;;) {
              yield { symbol };
            }
          } finally {
            ended.raise(context.signal.reason);
          }
        },
      },
      { slowConsumer: "disconnect", slowConsumerMs: 300, onCallEnd: (info) => closed.raise(info) },
    );
    const exchange = rawRequest(port, [`GET ${watch} HTTP/1.1`], "", false);
    expect(await ended.raised).toMatchObject({ reason: "slow-consumer" });
    expect((await closed.raised).reason).toBe("slow-consumer");
    exchange.socket.resume();
    await exchange.closed;
  });

  test("one that reads is not slow, however quiet the stream", async () => {
    const { url } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          yield { sequence: 1n };
          await context.sleep(200);
          yield { sequence: 2n };
        },
      },
      { slowConsumer: "disconnect", slowConsumerMs: 20 },
    );
    expect((await getStream(url + watch)).text).toMatch(/:end\n$/);
  });
});

describe("time", () => {
  test("a heartbeat after each silence", async () => {
    const go = createFlag();
    const { port } = await startMarketServer(
      {
        async *watchTrades() {
          yield { sequence: 1n };
          await go.raised;
        },
      },
      { heartbeatMs: 10 },
    );
    const exchange = rawRequest(port, [`GET ${watch} HTTP/1.1`, "Connection: close"]);
    await exchange.until(":sse/1 heartbeat=10 end\n");
    await exchange.until('data: {"sequence":"1"}\n\n\r\n2\r\n:\n\r\n2\r\n:\n\r\n');
    go.raise();
    await exchange.until(":end\n");
    await exchange.closed;
  });

  test("no heartbeat for 0", async () => {
    const { url } = await startMarketServer(
      {
        async *watchTrades() {
          yield* none;
        },
      },
      { heartbeatMs: 0 },
    );
    expect((await getStream(url + watch)).text).toBe(":sse/1 end\n:end\n");
  });

  test("a stream ends at maxDurationMs with code 4", async () => {
    const ended = createFlag<unknown>();
    const { url } = await startMarketServer(
      {
        async *watchTrades(_request, context) {
          try {
            yield { sequence: 1n };
            await context.sleep(3_600_000);
          } finally {
            ended.raise(context.signal.reason);
          }
        },
      },
      { maxDurationMs: 30 },
    );
    expect((await getStream(url + watch)).text).toBe(
      `${opening}id: 1\ndata: {"sequence":"1"}\n\nevent: error\ndata: {"code":4,"message":"the stream reached its longest duration"}\n\n`,
    );
    expect(await ended.raised).toMatchObject({ reason: "deadline" });
  });
});

describe("hooks", () => {
  test("open and close with reason and counts; what they throw is nobody's business", async () => {
    const opened = vi.fn(() => {
      throw new Error("metrics are down");
    });
    const closed = createFlag<CallEndInfo>();
    const { url } = await startMarketServer(
      {
        async *watchTrades() {
          yield { sequence: 1n };
          yield { sequence: 2n };
        },
      },
      { onCallStart: opened, onCallEnd: (info) => closed.raise(info) },
    );
    const { text } = await getStream(url + watch);
    expect(opened).toHaveBeenCalledOnce();
    const info = await closed.raised;
    expect(info).toMatchObject({
      reason: "end",
      events: 2,
      bytes: text.length,
      status: 200,
      code: 0,
      kind: "stream",
      terminal: undefined,
    });
    expect(info.durationMs).toBeGreaterThanOrEqual(0);
  });
});
