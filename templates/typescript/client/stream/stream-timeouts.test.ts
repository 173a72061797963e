import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { JsonValue } from "../../shared/json.js";
import { type FrameResponse, startFrameServer } from "../../testing/frames.js";
import { openStream } from "../../testing/json-stream.js";
import { utf8 } from "../../testing/splits.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";
import { NetworkError, TimeoutError } from "../request/errors.js";
import type { EventStream } from "./event-stream.js";
import type { StreamOptions } from "./stream-options.js";

expectNoUnhandledRejections();

/** Longer than any test runs. */
const never = 10 * 60_000;
const eventStream = { "content-type": "text/event-stream" };
const hang = ({ send }: FrameResponse): Promise<void> => send("data: 1\n\n");

describe("connectTimeoutMs", () => {
  test("limits the wait for the head", async () => {
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl, {}, { connectTimeoutMs: 1_000, idleTimeoutMs: never, deadlineMs: never });
    await expect(stream.next()).rejects.toMatchObject({ code: "timeout", kind: "connect", phase: "open", attempt: 1 });
    await expect(stream.opened).rejects.toBeInstanceOf(TimeoutError);
    await (await server.response(1)).closed;
  });

  test("does not limit what comes after the head", async () => {
    const server = await startFrameServer(({ send }) => send(":\n"));
    const timers = activeTimers();
    const stream = openStream(server.baseUrl, {}, { connectTimeoutMs: never });
    await stream.opened;
    expect(timers()).toBe(0);
    await stream.return();
  });

  test("is `timeoutMs` by default, which does not limit a stream either", async () => {
    const silent = await startFrameServer();
    await expect(openStream(silent.baseUrl, {}, { timeoutMs: 30 }).next()).rejects.toMatchObject({ kind: "connect" });
    const server = await startFrameServer(({ send }) => send(":\n"));
    const timers = activeTimers();
    const stream = openStream(server.baseUrl, {}, { timeoutMs: never });
    await stream.opened;
    expect(timers()).toBe(0);
    await stream.return();
  });
});

describe("idleTimeoutMs", () => {
  test("limits the silence of an open stream", async () => {
    const server = await startFrameServer(({ raw }) => raw.writeHead(200, eventStream).flushHeaders());
    const stream = openStream(server.baseUrl, {}, { idleTimeoutMs: 30, connectTimeoutMs: never });
    await expect(stream.next()).rejects.toMatchObject({ code: "timeout", kind: "idle", phase: "body", attempt: 1 });
    await (await server.response(1)).closed;
  });

  test("is fed by every byte, of comments and of unfinished lines", async () => {
    const { stream, push, pass } = timed({ idleTimeoutMs: 100 });
    const next = stream.next();
    for (const byte of ":\n:comment\ndata: 1\n\n") {
      await pass(99);
      push(byte);
    }
    expect(await next).toEqual({ done: false, value: 1 });
    const last = stream.next();
    const failed = expect(last).rejects.toMatchObject({ kind: "idle" });
    await pass(99);
    expect(stream.state).toBe("open");
    await pass(1);
    await failed;
  });

  test("is 2.5 times the heartbeat that the server promised", async () => {
    const server = await startFrameServer(({ send }) => send(":sse/1 heartbeat=20 end\n"));
    const start = performance.now();
    const error = await openStream(server.baseUrl)
      .next()
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ kind: "idle", message: expect.stringContaining("50 ms") });
    expect(performance.now() - start).toBeGreaterThanOrEqual(49);
  });

  test.each<[name: string, opening: string, options: StreamOptions]>([
    ["without a promise", "", {}],
    ["where the server promised no heartbeat", ":sse/1 end\n", {}],
    ["where it promised none at all", ":sse/1 heartbeat=0\n", {}],
    ["where the comment is another's", ":sse/2 heartbeat=1\n:hello heartbeat=1\n", {}],
    ["where the caller wants none", ":sse/1 heartbeat=1\n", { idleTimeoutMs: false }],
    ["of more than a timer can count", "", { idleTimeoutMs: 2 ** 31 }],
    ["of infinite length", "", { idleTimeoutMs: Number.POSITIVE_INFINITY }],
  ])("is not in force %s", async (_name, opening, options) => {
    const server = await startFrameServer(({ send }) => send(`${opening}data: 1\n\n`));
    const stream = openStream(server.baseUrl, {}, options);
    await stream.next();
    const timers = activeTimers();
    const next = stream.next();
    await new Promise(setImmediate);
    expect(timers()).toBe(0);
    await stream.return();
    await next;
  });

  test("is the promise of each connection for itself", async () => {
    const server = await startFrameServer(({ number, send, cut }) =>
      number === 1 ? send(":sse/1 heartbeat=100000\nid: 1\ndata: 1\n\n").then(cut) : send("id: 2\ndata: 2\n\n"),
    );
    const stream = openStream(server.baseUrl, { resumable: true }, { reconnect: { initialDelayMs: 1 } });
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual([1, 2]);
    const timers = activeTimers();
    const next = stream.next();
    await new Promise(setImmediate);
    expect(timers()).toBe(0);
    await stream.return();
    await next;
  });

  test("does not count the time that the caller takes", async () => {
    const { stream, push, pass } = timed({ idleTimeoutMs: 100 });
    push("data: 1\n\n");
    await stream.next();
    await pass(1_000);
    expect(stream.state).toBe("open");
    const next = stream.next();
    await pass(99);
    push("data: 2\n\n");
    expect(await next).toEqual({ done: false, value: 2 });
    await stream.return();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("deadlineMs", () => {
  test("limits the whole stream, however lively", async () => {
    const server = await startFrameServer(async ({ send, raw }) => {
      while (!raw.destroyed) {
        await send("data: 1\n\n");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const stream = openStream(server.baseUrl, { resumable: true }, { deadlineMs: 1_000, idleTimeoutMs: never });
    const read = stream.collect({ max: Number.POSITIVE_INFINITY });
    await expect(read).rejects.toMatchObject({ code: "timeout", kind: "deadline", phase: "body" });
    await (await server.response(1)).closed;
  });

  test("counts from the first use, while connecting too", async () => {
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl, { resumable: true }, { deadlineMs: 1_000 });
    await expect(stream.opened).rejects.toMatchObject({ kind: "deadline", phase: "open" });
    await expect(stream.next()).rejects.toMatchObject({ kind: "deadline" });
    expect(server.received).toHaveLength(1);
  });

  test("ends the wait for a reconnection", async () => {
    const server = await startFrameServer(({ raw }) => raw.writeHead(503, { "retry-after": "300" }).end());
    const stream = openStream(server.baseUrl, { resumable: true }, { deadlineMs: 1_000 });
    await expect(stream.next()).rejects.toMatchObject({ kind: "deadline", phase: "open" });
  });

  test("is reported at the next call if it expires while the caller has an event", async () => {
    const server = await startFrameServer(hang);
    const stream = openStream(server.baseUrl, {}, { deadlineMs: 1_000 });
    await stream.next();
    await (await server.response(1)).closed;
    expect(stream.state).toBe("closed");
    await expect(stream.next()).rejects.toMatchObject({ kind: "deadline" });
  });
});

describe("the timers", () => {
  test("are gone when the stream is, whichever way", async () => {
    const options: StreamOptions = { connectTimeoutMs: never, idleTimeoutMs: never, deadlineMs: never };
    const ended = await startFrameServer(({ end }) => end("data: 1\n\n"));
    const open = await startFrameServer(hang);
    const refused = await startFrameServer(({ raw }) => raw.writeHead(503).end());
    const silent = await startFrameServer();
    const timers = activeTimers();
    await openStream(ended.baseUrl, {}, options).collect({ max: 9 });
    await openStream(open.baseUrl, {}, options).collect({ max: 1 });
    await expect(openStream(refused.baseUrl, {}, options).next()).rejects.toMatchObject({ status: 503 });
    await expect(
      openStream(silent.baseUrl, {}, { ...options, signal: AbortSignal.timeout(20) }).next(),
    ).rejects.toThrow();
    const waiting = openStream(
      refused.baseUrl,
      {},
      { ...options, reconnect: { initialDelayMs: never, maxDelayMs: never } },
    );
    const next = waiting.next();
    while (waiting.state !== "waiting") {
      await new Promise(setImmediate);
    }
    await waiting.return();
    await next;
    const aborted = new AbortController();
    const reading = openStream(open.baseUrl, {}, { ...options, signal: aborted.signal });
    await reading.next();
    const last = reading.next();
    aborted.abort();
    await expect(last).rejects.toThrow();
    expect(timers()).toBe(0);
  });
});

describe("Node's own limit of a body's silence", () => {
  test("is the idle timeout where one is in force, and else a lost connection", async () => {
    const server = await startFrameServer(({ raw }) => raw.writeHead(200, eventStream).flushHeaders());
    // It is 300 s; the class of Node's dispatcher makes one with less.
    await fetch(server.baseUrl).then((response) => response.body?.cancel());
    const dispatcher: unknown = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1"));
    if (typeof dispatcher !== "object" || dispatcher === null) {
      throw new Error("Node's fetch has no dispatcher");
    }
    const impatient: unknown = Reflect.construct(dispatcher.constructor, [{ bodyTimeout: 200 }]);
    const options: StreamOptions = {
      // Node's fetch takes a dispatcher that the standard's init does not have.
      fetch: (url, init) => fetch(url, { ...init, dispatcher: impatient } as RequestInit),
    };
    const limited = openStream(server.baseUrl, {}, { ...options, idleTimeoutMs: never });
    const unlimited = openStream(server.baseUrl, {}, options);
    const errors = await Promise.all(
      [limited, unlimited].map((stream) => stream.next().catch((error: unknown) => error)),
    );
    expect(errors[0]).toMatchObject({ code: "timeout", kind: "idle", cause: { message: "terminated" } });
    expect(errors[1]).toMatchObject({ code: "network", cause: { message: "terminated" } });
    expect(errors[1]).toBeInstanceOf(NetworkError);
  });
});

/** A stream over a body that the test writes, under a clock that the test moves. */
function timed(options: StreamOptions): {
  readonly stream: EventStream<JsonValue>;
  push(frames: string): void;
  pass(ms: number): Promise<unknown>;
} {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  let push = (_: string): void => {};
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      push = (frames) => controller.enqueue(utf8(frames));
    },
  });
  const fetch = async (): Promise<Response> => new Response(body, { headers: eventStream });
  const stream = openStream("http://localhost", {}, { ...options, fetch });
  // A read takes a few turns of Node's loop to get to the stream, and so does its result.
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise(setImmediate);
    }
  };
  return {
    stream,
    push: (frames) => push(frames),
    pass: async (ms) => {
      await settle();
      vi.advanceTimersByTime(ms);
      await settle();
    },
  };
}

/** Counts the timers that are started from now on and still run, without those of Node's `fetch`. */
function activeTimers(): () => number {
  const timers = new Set<unknown>();
  const { setTimeout, clearTimeout } = globalThis;
  const start = vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms?: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    if (!new Error("here").stack?.includes("node:internal/deps/undici")) {
      timers.add(timer);
    }
    return timer;
  }) as typeof setTimeout); // more of which nobody needs here
  const stop = vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    timers.delete(timer);
    clearTimeout(timer);
  });
  onTestFinished(() => {
    start.mockRestore();
    stop.mockRestore();
  });
  return () => timers.size;
}
