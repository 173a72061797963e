import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type FrameResponse, startFrameServer } from "../../testing/frames.js";
import { openStream } from "../../testing/json-stream.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";
import { DecodeError } from "../request/errors.js";
import type { EventStream } from "./event-stream.js";

expectNoUnhandledRejections();

/** Three events with ids, and no end. */
const three = "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n";
const sendThree = ({ send }: FrameResponse): Promise<void> => send(three);

describe("laziness", () => {
  test("sends nothing until the first event is asked for", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\n"));
    const stream = openStream(server.baseUrl);
    stream.withMeta();
    stream.batches();
    expect(stream[Symbol.asyncIterator]()).toBe(stream);
    expect(stream.state).toBe("idle");
    expect(stream.lastEventId).toBeUndefined();
    await new Promise(setImmediate);
    expect(server.received).toHaveLength(0);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    expect(server.received).toHaveLength(1);
  });

  test("sends the request for `opened`, and reads no event for it", async () => {
    const server = await startFrameServer(({ raw, end }) => {
      raw.setHeader("x-test", "7");
      end("data: 1\n\n");
    });
    const stream = openStream(server.baseUrl);
    const info = await stream.opened;
    expect(info).toMatchObject({ status: 200, attempt: 1 });
    expect(info.headers.get("x-test")).toBe("7");
    expect(stream.state).toBe("open");
    expect(await stream.opened).toBe(info);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(server.received).toHaveLength(1);
  });

  test("serves `opened` and `next` from one request, whichever came first", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\n"));
    const stream = openStream(server.baseUrl);
    const [event, { status }] = await Promise.all([stream.next(), stream.opened]);
    expect([event.value, status]).toEqual([1, 200]);
    expect(server.received).toHaveLength(1);
  });

  test.each([
    ["", DOMException],
    [", also without DOMException, which React Native lacks", undefined],
  ])("sends nothing for a stream that was left before%s", async (_, exception) => {
    vi.stubGlobal("DOMException", exception);
    onTestFinished(() => void vi.unstubAllGlobals());
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl);
    await stream.return();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await expect(stream.opened).rejects.toMatchObject({ name: "AbortError" });
    expect(stream.state).toBe("closed");
    expect(server.received).toHaveLength(0);
  });
});

describe("the end of a body", () => {
  test("ends the stream, once and for all", async () => {
    const server = await startFrameServer(({ end }) => end(three));
    const stream = openStream(server.baseUrl);
    const values: unknown[] = [];
    for await (const value of stream) {
      values.push(value);
    }
    expect(values).toEqual([1, 2, 3]);
    expect(stream.state).toBe("closed");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(server.received).toHaveLength(1);
  });

  test("ends one without any event", async () => {
    const server = await startFrameServer(({ end }) => end(":nothing\n"));
    expect(await openStream(server.baseUrl).next()).toEqual({ done: true, value: undefined });
  });
});

describe("every way out lets go of the connection, which the server sees", () => {
  const ways: readonly [name: string, leave: (stream: EventStream<unknown>) => Promise<void>][] = [
    [
      "break",
      async (stream) => {
        for await (const _ of stream) {
          break;
        }
      },
    ],
    [
      "an error in the loop",
      async (stream) => {
        const error = new Error("in the loop");
        const loop = async (): Promise<void> => {
          for await (const _ of stream) {
            throw error;
          }
        };
        await expect(loop()).rejects.toBe(error);
      },
    ],
    [
      "return()",
      async (stream) => {
        await stream.next();
        expect(await stream.return()).toEqual({ done: true, value: undefined });
      },
    ],
    [
      "throw()",
      async (stream) => {
        await stream.next();
        const error = new Error("thrown in");
        await expect(stream.throw(error)).rejects.toBe(error);
      },
    ],
    [
      "await using",
      async (stream) => {
        await stream.next();
        await stream[Symbol.asyncDispose]();
      },
    ],
    [
      "return() while an event is awaited",
      async (stream) => {
        for (let i = 0; i < 3; i++) {
          await stream.next();
        }
        const next = stream.next();
        await stream.return();
        expect(await next).toEqual({ done: true, value: undefined });
      },
    ],
    [
      "break from withMeta()",
      async (stream) => {
        for await (const _ of stream.withMeta()) {
          break;
        }
      },
    ],
    [
      "break from batches()",
      async (stream) => {
        for await (const _ of stream.batches()) {
          break;
        }
      },
    ],
    [
      "cancel of toReadableStream()",
      async (stream) => {
        const reader = stream.toReadableStream().getReader();
        await reader.read();
        await reader.cancel();
      },
    ],
    [
      "break from its iterator",
      async (stream) => {
        // The type has it only under lib DOM.AsyncIterable.
        for await (const _ of stream.toReadableStream() as unknown as AsyncIterable<unknown>) {
          break;
        }
      },
    ],
    [
      "collect()",
      async (stream) => {
        expect(await stream.collect({ max: 2 })).toEqual([1, 2]);
      },
    ],
    [
      "an event that is no JSON",
      async (stream) => {
        await stream.next();
      },
    ],
  ];

  test.each(ways)("%s", async (name, leave) => {
    const server = await startFrameServer(({ send }) => send(name.includes("no JSON") ? "data: {\n\n" : three));
    const stream = openStream(server.baseUrl);
    if (name.includes("no JSON")) {
      await expect(leave(stream)).rejects.toThrow(DecodeError);
    } else {
      await leave(stream);
    }
    await (await server.response(1)).closed;
    expect(stream.state).toBe("closed");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(server.received).toHaveLength(1);
  });

  test("return() while the head is awaited", async () => {
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl);
    const next = stream.next();
    const { closed } = await server.response(1);
    await stream.return();
    expect(await next).toEqual({ done: true, value: undefined });
    await expect(stream.opened).rejects.toMatchObject({ name: "AbortError" });
    await closed;
  });
});

describe("one reader", () => {
  test("serves calls in their order, also those that do not wait for each other", async () => {
    const server = await startFrameServer(async ({ send, end }) => {
      await send("data: 1\n\ndata: 2\n\n");
      await send("data: 3\n\n");
      end();
    });
    const stream = openStream(server.baseUrl);
    const results = await Promise.all(Array.from({ length: 5 }, () => stream.next()));
    expect(results.map(({ value }) => value)).toEqual([1, 2, 3, undefined, undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true]);
  });

  test("keeps their order when one calls again before the next is served", async () => {
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl);
    const values: unknown[] = [];
    const read = async (name: string): Promise<unknown> => values.push([name, (await stream.next()).value]);
    const first = read("a");
    const second = read("b");
    const third = first.then(() => read("c"));
    await (await server.response(1)).send(three);
    await Promise.all([first, second, third]);
    expect(values).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    expect(stream.lastEventId).toBe("2");
    await stream.return();
  });

  test("gives each event to one of its views", async () => {
    const server = await startFrameServer(({ end }) => end(three));
    const stream = openStream(server.baseUrl);
    await stream.next();
    const meta = await stream.withMeta()[Symbol.asyncIterator]().next();
    expect(meta.value).toMatchObject({ value: 2, id: "2" });
    expect(await stream.next()).toEqual({ done: false, value: 3 });
  });

  test("ends all pending reads when the stream is left", async () => {
    const server = await startFrameServer(({ send }) => send(":\n"));
    const stream = openStream(server.baseUrl);
    const waiting = [stream.next(), stream.next(), stream.next()];
    await stream.opened;
    await stream.return();
    for (const result of await Promise.all(waiting)) {
      expect(result).toEqual({ done: true, value: undefined });
    }
  });
});

describe("lastEventId", () => {
  test("moves with calls that do not wait for each other, too", async () => {
    const server = await startFrameServer(sendThree);
    const stream = openStream(server.baseUrl);
    await Promise.all([stream.next(), stream.next()]);
    expect(stream.lastEventId).toBe("1");
    await stream.return();
  });

  test("is the id of the last event that the caller has finished with", async () => {
    const server = await startFrameServer(sendThree);
    const stream = openStream(server.baseUrl);
    await stream.next();
    expect(stream.lastEventId).toBeUndefined();
    await stream.next();
    expect(stream.lastEventId).toBe("1");
    await stream.return();
    expect(stream.lastEventId).toBe("1");
  });

  test("moves when the next event is asked for, not when it comes", async () => {
    const server = await startFrameServer(({ send }) => send("id: 1\ndata: 1\n\n"));
    const stream = openStream(server.baseUrl);
    await stream.next();
    const next = stream.next();
    expect(stream.lastEventId).toBe("1");
    await stream.return();
    await next;
  });

  test("begins with the option's", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\n"));
    const stream = openStream(server.baseUrl, {}, { lastEventId: "é7" });
    expect(stream.lastEventId).toBe("é7");
    await stream.collect({ max: 10 });
    expect(server.received[0]?.headers["last-event-id"]).toBe(Buffer.from("é7").toString("latin1"));
    expect(stream.lastEventId).toBe("é7");
  });

  test("takes ids without data in their place", async () => {
    const server = await startFrameServer(({ end }) => end("id: 1\ndata: 1\n\nid: 2\n\n"));
    const stream = openStream(server.baseUrl);
    await stream.next();
    expect(stream.lastEventId).toBeUndefined();
    await stream.next();
    expect(stream.lastEventId).toBe("2");
  });

  test("takes events that are left out, when nothing before them is unfinished", async () => {
    const server = await startFrameServer(({ end }) =>
      end("id: 1\nevent: known\ndata: 1\n\nid: 2\nevent: unknown\ndata: 2\n\n"),
    );
    const stream = openStream(server.baseUrl, { events: { known: { field: "known" } } });
    await stream.next();
    expect(stream.lastEventId).toBeUndefined();
    await stream.next();
    expect(stream.lastEventId).toBe("2");
  });

  test("is taken away by an empty id", async () => {
    const server = await startFrameServer(({ end }) => end("id: 1\ndata: 1\n\nid\ndata: 2\n\n"));
    const stream = openStream(server.baseUrl);
    await stream.collect({ max: 1 });
    expect(stream.lastEventId).toBe("1");
    const other = openStream(server.baseUrl);
    await other.collect({ max: 10 });
    expect(other.lastEventId).toBeUndefined();
  });
});

describe("withMeta()", () => {
  test("gives what came along with each event", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\nid: 7\nretry: 50\ndata: 2\n\ndata: 3\n\n"));
    const metas: unknown[] = [];
    for await (const meta of openStream(server.baseUrl).withMeta()) {
      metas.push(meta);
    }
    expect(metas).toStrictEqual([
      { value: 1, event: "message", attempt: 1 },
      { value: 2, event: "message", id: "7", retry: 50, attempt: 1 },
      { value: 3, event: "message", id: "7", attempt: 1 },
    ]);
  });
});

describe("batches()", () => {
  test("gives all events of one read", async () => {
    const server = await startFrameServer();
    const stream = openStream(server.baseUrl);
    const batches = stream.batches()[Symbol.asyncIterator]();
    const first = batches.next();
    const { send, end } = await server.response(1);
    await send("id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\nda");
    expect(await first).toEqual({ done: false, value: [1, 2] });
    expect(stream.lastEventId).toBeUndefined();
    const second = batches.next();
    expect(stream.lastEventId).toBe("2");
    await send("ta: 3\n\n");
    expect(await second).toEqual({ done: false, value: [3] });
    end();
    expect(await batches.next()).toEqual({ done: true, value: undefined });
    expect(stream.lastEventId).toBe("3");
  });

  test("gives the events before one that fails, and then fails", async () => {
    const server = await startFrameServer(({ end }) => end("id: 1\ndata: 1\n\ndata: 2\n\ndata: {\n\ndata: 4\n\n"));
    const stream = openStream(server.baseUrl);
    const batches = stream.batches()[Symbol.asyncIterator]();
    expect(await batches.next()).toEqual({ done: false, value: [1, 2] });
    expect(stream.lastEventId).toBeUndefined();
    await expect(batches.next()).rejects.toMatchObject({ code: "decode", data: "{" });
    expect(stream.lastEventId).toBe("1");
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });
});

describe("toReadableStream()", () => {
  test("gives the events, then its end", async () => {
    const server = await startFrameServer(({ end }) => end(three));
    const reader = openStream(server.baseUrl).toReadableStream().getReader();
    const values: unknown[] = [];
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      values.push(read.value);
    }
    expect(values).toEqual([1, 2, 3]);
  });

  test("reads nothing before it is read", async () => {
    const server = await startFrameServer(({ end }) => end(three));
    const stream = openStream(server.baseUrl);
    const reader = stream.toReadableStream().getReader();
    await new Promise(setImmediate);
    expect(stream.state).toBe("idle");
    await reader.read();
    expect(stream.lastEventId).toBeUndefined();
    await reader.cancel();
  });

  test("can be cancelled while it is read", async () => {
    const server = await startFrameServer(({ send }) => send("data: 1\n\n"));
    const reader = openStream(server.baseUrl).toReadableStream().getReader();
    await reader.read();
    const read = reader.read();
    await reader.cancel();
    expect(await read).toEqual({ done: true, value: undefined });
    await (await server.response(1)).closed;
  });

  test("fails as the stream does", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\ndata: {\n\n"));
    const reader = openStream(server.baseUrl).toReadableStream().getReader();
    await reader.read();
    await expect(reader.read()).rejects.toThrow(DecodeError);
  });
});

describe("collect()", () => {
  test("of no events sends nothing, and closes the stream", async () => {
    const server = await startFrameServer(sendThree);
    const stream = openStream(server.baseUrl);
    expect(await stream.collect({ max: 0 })).toEqual([]);
    expect(stream.state).toBe("closed");
    expect(server.received).toHaveLength(0);
  });

  test("gives the first events, with which the caller then has finished", async () => {
    const server = await startFrameServer(sendThree);
    const stream = openStream(server.baseUrl);
    expect(await stream.collect({ max: 2 })).toEqual([1, 2]);
    expect(stream.lastEventId).toBe("2");
    expect(stream.state).toBe("closed");
  });

  test("gives all where there are fewer", async () => {
    const server = await startFrameServer(({ end }) => end(three));
    expect(await openStream(server.baseUrl).collect({ max: 100 })).toEqual([1, 2, 3]);
  });

  test("fails as the stream does", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\ndata: {\n\n"));
    await expect(openStream(server.baseUrl).collect({ max: 100 })).rejects.toThrow(DecodeError);
  });
});

describe("onComment", () => {
  test("is called in the comment's place among the events, without the space in front", async () => {
    const server = await startFrameServer(({ end }) => end(":sse/1\n: a\ndata: 1\n\n:\n:b\ndata: 2\n\n"));
    const seen: unknown[] = [];
    const stream = openStream(server.baseUrl, {}, { onComment: (comment) => seen.push(comment) });
    for await (const value of stream) {
      seen.push(value);
    }
    expect(seen).toEqual(["sse/1", "a", 1, "", "b", 2]);
  });

  test("ends the stream with what it throws", async () => {
    const server = await startFrameServer(({ send }) => send("data: 1\n\n:a\n"));
    const error = new Error("from the callback");
    const onComment = (): void => {
      throw error;
    };
    const stream = openStream(server.baseUrl, { resumable: true }, { onComment, reconnect: true });
    await stream.next();
    await expect(stream.next()).rejects.toBe(error);
    await (await server.response(1)).closed;
    expect(server.received).toHaveLength(1);
  });

  test("may leave the stream", async () => {
    const server = await startFrameServer(({ send }) => send("data: 1\n\n:a\ndata: 2\n\n"));
    const stream: EventStream<unknown> = openStream(server.baseUrl, {}, { onComment: () => void stream.return() });
    await stream.next();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await (await server.response(1)).closed;
  });
});

describe("a slow caller", () => {
  test("slows the server down: nothing is read while events are queued", async () => {
    const frame = `data: "${"x".repeat(64 * 1024)}"\n\n`;
    let sent = 0;
    const server = await startFrameServer(async ({ send, raw }) => {
      // Stops when nothing more is taken: the buffers of both kernels and of fetch are full then.
      for (; sent < 4_000 && !raw.destroyed; sent++) {
        await send(frame);
      }
    });
    const stream = openStream(server.baseUrl);
    await stream.next();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    // 4,000 frames are 250 MiB; socket buffers are a few.
    expect(sent).toBeLessThan(1_000);
    await stream.return();
  });
});
