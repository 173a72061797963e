import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type FrameServer, startFrameServer } from "../../testing/frames.js";
import { openStream } from "../../testing/json-stream.js";
import { utf8 } from "../../testing/splits.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";
import { createEventStream, type EventStream } from "./event-stream.js";

expectNoUnhandledRejections();

/** A reason that no class of errors can be mistaken for. */
const reason = { why: "the caller has had enough" };

describe("abort rejects with the signal's reason", () => {
  test("before anything is sent", async () => {
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl, {}, { signal: AbortSignal.abort(reason) });
    await expect(stream.next()).rejects.toBe(reason);
    await expect(stream.opened).rejects.toBe(reason);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(server.received).toHaveLength(0);
  });

  test("of `opened`, when nobody asks for events", async () => {
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl, {}, { signal: AbortSignal.abort(reason) });
    await expect(stream.opened).rejects.toBe(reason);
    expect(stream.state).toBe("closed");
    await expect(stream.next()).rejects.toBe(reason);
  });

  test("while the head is awaited", async () => {
    const server = await startFrameServer();
    const controller = new AbortController();
    const stream = openStream(server.baseUrl, { resumable: true }, { signal: controller.signal });
    const next = stream.next();
    const { closed } = await server.response(1);
    expect(stream.state).toBe("connecting");
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    await expect(stream.opened).rejects.toBe(reason);
    await closed;
    expect(server.received).toHaveLength(1);
  });

  test("while an event is awaited", async () => {
    const server = await startFrameServer(({ send }) => send("data: 1\n\n"));
    const controller = new AbortController();
    const stream = openStream(server.baseUrl, { resumable: true }, { signal: controller.signal });
    await stream.next();
    const next = stream.next();
    expect(stream.state).toBe("open");
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(stream.state).toBe("closed");
    await (await server.response(1)).closed;
    expect(server.received).toHaveLength(1);
  });

  test("while the caller has an event, at its next call, whatever is queued", async () => {
    const server = await startFrameServer(({ send }) => send("data: 1\n\ndata: 2\n\n"));
    const controller = new AbortController();
    const stream = openStream(server.baseUrl, {}, { signal: controller.signal });
    await stream.next();
    controller.abort(reason);
    expect(stream.state).toBe("closed");
    await (await server.response(1)).closed;
    await expect(stream.next()).rejects.toBe(reason);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("while a reconnection is waited for, however long", async () => {
    const server = await startFrameServer(({ raw }) => raw.writeHead(503, { "retry-after": "300" }).end());
    const controller = new AbortController();
    const stream = openStream(
      server.baseUrl,
      {},
      {
        signal: controller.signal,
        reconnect: true,
        onReconnect: () => setImmediate(() => controller.abort(reason)),
      },
    );
    await expect(stream.next()).rejects.toBe(reason);
    await expect(stream.opened).rejects.toBe(reason);
    expect(server.received).toHaveLength(1);
  });

  test("from a callback", async () => {
    const server = await startFrameServer(({ raw }) => raw.writeHead(503).end());
    const controller = new AbortController();
    const onReconnect = (): void => controller.abort(reason);
    const stream = openStream(server.baseUrl, {}, { signal: controller.signal, reconnect: true, onReconnect });
    await expect(stream.next()).rejects.toBe(reason);
    expect(server.received).toHaveLength(1);
  });

  test("while the beginning of a body that is no stream is read", async () => {
    const server = await startFrameServer(({ send }) => send("<html>"), "text/html");
    const controller = new AbortController();
    const stream = openStream(
      server.baseUrl,
      {},
      {
        signal: controller.signal,
        onResponse: () => setImmediate(() => controller.abort(reason)),
      },
    );
    await expect(stream.next()).rejects.toBe(reason);
    await (await server.response(1)).closed;
  });

  test("once, of all who wait", async () => {
    const server = await startFrameServer(({ send }) => send(":\n"));
    const controller = new AbortController();
    const stream = openStream(server.baseUrl, {}, { signal: controller.signal });
    const waiting = [stream.next(), stream.next()];
    await stream.opened;
    controller.abort(reason);
    await expect(waiting[0]).rejects.toBe(reason);
    expect(await waiting[1]).toEqual({ done: true, value: undefined });
  });

  test("at once, even if `fetch` and the body ignore the signal", async () => {
    const controller = new AbortController();
    let cancelled: unknown;
    const heedless = (): Response =>
      new Response(
        new ReadableStream({
          cancel(why) {
            cancelled = why ?? "cancelled";
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      );
    let answer: (response: Response) => void = () => {};
    const open = (): Promise<Response> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const connecting = createEventStream({ rule: {}, open, decode: () => 1 }, { signal: controller.signal });
    const reading = createEventStream(
      { rule: {}, open: async () => heedless(), decode: () => 1 },
      { signal: controller.signal },
    );
    const nexts = [connecting.next(), reading.next()];
    await reading.opened;
    controller.abort(reason);
    for (const next of nexts) {
      await expect(next).rejects.toBe(reason);
    }
    expect(cancelled).toBe("cancelled");
    // The response that comes when all is over is let go of, too.
    cancelled = undefined;
    answer(heedless());
    await new Promise(setImmediate);
    expect(cancelled).toBe("cancelled");
  });
});

describe("a stream that is left", () => {
  test("after its abort gets nothing more", async () => {
    const server = await startFrameServer(({ send }) => send("data: 1\n\n"));
    const controller = new AbortController();
    const stream = openStream(server.baseUrl, {}, { signal: controller.signal });
    await stream.next();
    controller.abort(reason);
    await stream.return();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("lets go of the response at whatever moment it is left", async () => {
    for (let moment = 0; moment < 40; moment++) {
      let cancelled = false;
      const body = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => controller.enqueue(utf8("data: 1\n\n")),
          cancel: () => {
            cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
      const open = async (): Promise<Response> =>
        new Response(body, { headers: { "content-type": "text/event-stream" } });
      const stream = createEventStream({ rule: {}, open, decode: () => 1 }, {});
      const next = stream.next();
      for (let turn = 0; turn < moment; turn++) {
        await null;
      }
      await stream.return();
      await next;
      await new Promise(setImmediate);
      expect(cancelled).toBe(moment > 0);
      expect(stream.state).toBe("closed");
      expect(await stream.next()).toEqual({ done: true, value: undefined });
    }
  });
});

describe("a stream that is over", () => {
  const ways: readonly [name: string, run: (stream: EventStream<unknown>, server: FrameServer) => Promise<unknown>][] =
    [
      ["at its end", (stream) => stream.collect({ max: 10 })],
      ["by break", (stream) => stream.collect({ max: 1 })],
      ["by return", (stream) => stream.next().then(() => stream.return())],
    ];
  test.each(ways)("%s no longer listens to the signal", async (_name, run) => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\ndata: 2\n\n"));
    const { signal } = new AbortController();
    const stream = openStream(server.baseUrl, {}, { signal });
    await run(stream, server);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(stream.state).toBe("closed");
  });

  test("stays over when it is aborted afterwards", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\n"));
    const controller = new AbortController();
    const stream = openStream(server.baseUrl, {}, { signal: controller.signal });
    expect(await stream.collect({ max: 10 })).toEqual([1]);
    controller.abort(reason);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await stream.opened).toMatchObject({ status: 200 });
  });

  test("leaves nothing on a signal that outlives hundreds of streams", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\n"));
    const { signal } = new AbortController();
    for (let i = 0; i < 200; i++) {
      await openStream(server.baseUrl, {}, { signal, idleTimeoutMs: 60_000 }).collect({ max: 2 });
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
