import { describe, expect, test } from "vitest";
import { drain } from "../../testing/drain.js";
import { type FrameResponse, startFrameServer } from "../../testing/frames.js";
import { openStream } from "../../testing/json-stream.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";
import { DecodeError, ReconnectError, StatusError } from "../request/errors.js";
import type { EventStream } from "./event-stream.js";
import type { Reconnect, StreamOptions } from "./stream-options.js";

expectNoUnhandledRejections();

const resumable = { resumable: true } as const;
/** As fast as a test wants it. */
const fast = { initialDelayMs: 1, maxDelayMs: 5 };

/** Answers each request with the next step. The last one is repeated. */
function steps(...answers: ((response: FrameResponse) => unknown)[]): (response: FrameResponse) => unknown {
  return (response) => answers[Math.min(response.number, answers.length) - 1]?.(response);
}
const frames =
  (text: string) =>
  ({ send, cut }: FrameResponse): unknown =>
    send(text).then(cut);
const status =
  (status: number, headers: Record<string, string> = {}) =>
  ({ raw }: FrameResponse): unknown =>
    raw.writeHead(status, headers).end();
const end =
  (text = "") =>
  ({ end }: FrameResponse): unknown =>
    end(text);

describe("what is reconnected", () => {
  const event = "id: 1\ndata: 1\n\n";
  const causes: readonly [
    name: string,
    answer: (response: FrameResponse) => unknown,
    values: number[],
    options?: StreamOptions,
  ][] = [
    ["a connection that breaks before the head", ({ cut }) => cut(), []],
    ["a connection that breaks", frames(event), [1]],
    ["a body that is cut off", end(`:sse/1 end\n${event}`), [1]],
    ["a silence longer than promised", ({ send }) => send(`:sse/1 heartbeat=8\n${event}`), [1]],
    ["a head that does not come", () => {}, [], { connectTimeoutMs: 2_000 }],
    ["408", status(408), []],
    ["425", status(425), []],
    ["429", status(429), []],
    ["500", status(500), []],
    ["502", status(502), []],
    ["503", status(503), []],
    ["504", status(504), []],
    [
      "an error event that says that the server is not available",
      end(`${event}event: error\ndata: {"code":14}\n\n`),
      [1],
    ],
  ];
  test.each(causes)("%s, of a method that is resumable", async (_name, answer, values, options) => {
    const server = await startFrameServer(steps(answer, end("id: 2\ndata: 2\n\n")));
    const stream = openStream(server.baseUrl, resumable, { ...options, reconnect: fast });
    expect(await drain(stream)).toEqual([...values, 2]);
    expect(server.received).toHaveLength(2);
    expect(server.received[1]?.headers["last-event-id"]).toBe(values.length > 0 ? "1" : undefined);
  });

  test.each(causes)(
    "not %s, of a method that is not, or when the caller does not want it",
    async (_name, answer, values, options) => {
      const server = await startFrameServer(answer);
      for (const stream of [
        openStream(server.baseUrl, {}, options),
        openStream(server.baseUrl, resumable, { ...options, reconnect: false }),
      ]) {
        expect(await drain(stream)).toEqual([...values, expect.any(Error)]);
      }
      expect(server.received).toHaveLength(2);
    },
  );

  test("any method, when the caller asks for it", async () => {
    const server = await startFrameServer(steps(frames("data: 1\n\n"), end("data: 2\n\n")));
    expect(await drain(openStream(server.baseUrl, {}, { reconnect: fast }))).toEqual([1, 2]);
  });

  test("a resumable one by default", async () => {
    const server = await startFrameServer(steps(frames(`retry: 1\n${event}`), end("id: 2\ndata: 2\n\n")));
    expect(await drain(openStream(server.baseUrl, resumable))).toEqual([1, 2]);
  });

  test("not one whose events had no id, by default: lost and repeated events look the same", async () => {
    const server = await startFrameServer(frames("retry: 1\ndata: 1\n\n"));
    expect(await drain(openStream(server.baseUrl, resumable))).toEqual([1, expect.any(Error)]);
    expect(server.received).toHaveLength(1);
  });

  test("not one whose last event had no id of its own, though one is in force", async () => {
    const server = await startFrameServer(frames(`retry: 1\n${event}data: 2\n\n`));
    expect(await drain(openStream(server.baseUrl, resumable))).toEqual([1, 2, expect.any(Error)]);
    expect(server.received).toHaveLength(1);
  });

  test("one whose first events had no id, once they have", async () => {
    const server = await startFrameServer(steps(frames(`retry: 1\ndata: 0\n\n${event}`), end("id: 2\ndata: 2\n\n")));
    expect(await drain(openStream(server.baseUrl, resumable))).toEqual([0, 1, 2]);
  });

  const never: readonly [name: string, answer: (response: FrameResponse) => unknown, values: number[]][] = [
    ["the end", end(event), [1]],
    ["the end that was promised", end(`:sse/1 end\n${event}:end\n`), [1]],
    ["400", status(400), []],
    ["401", status(401), []],
    ["404", status(404), []],
    ["409", status(409), []],
    ["410", status(410), []],
    ["422", status(422), []],
    ["501", status(501), []],
    ["another content type", ({ raw }) => raw.writeHead(200, { "content-type": "text/html" }).end("<p>"), []],
    ["an event that is no JSON", end(`${event}data: {\n\n`), [1]],
    ["an error event of the caller's fault", end(`${event}event: error\ndata: {"code":3}\n\n`), [1]],
    ["an error event that says that the cursor is gone", end(`${event}event: error\ndata: {"code":11}\n\n`), [1]],
  ];
  test.each(never)("never after %s", async (name, answer, values) => {
    const server = await startFrameServer(answer);
    const result = await drain(openStream(server.baseUrl, resumable, { reconnect: fast }));
    expect(result).toEqual(name.startsWith("the end") ? values : [...values, expect.any(Error)]);
    expect(result.at(-1)).not.toBeInstanceOf(ReconnectError);
    expect(server.received).toHaveLength(1);
  });

  test("never after an error of a function of the caller", async () => {
    const server = await startFrameServer(status(503));
    const error = new Error("from a callback");
    const fail = (): never => {
      throw error;
    };
    for (const options of [{ headers: fail }, { onResponse: fail }, { onReconnect: fail }] satisfies StreamOptions[]) {
      const before = server.received.length;
      await expect(openStream(server.baseUrl, resumable, { ...options, reconnect: fast }).next()).rejects.toBe(error);
      expect(server.received.length - before).toBeLessThanOrEqual(1);
    }
  });

  test("after the end, too, when the caller asks for what EventSource does", async () => {
    const server = await startFrameServer(steps(end("id: 1\ndata: 1\n\n"), end("id: 2\ndata: 2\n\n"), status(204)));
    const seen: Reconnect[] = [];
    const stream = openStream(
      server.baseUrl,
      {},
      { reconnect: { ...fast, afterEnd: true }, onReconnect: (at) => seen.push(at) },
    );
    expect(await drain(stream)).toEqual([1, 2]);
    expect(server.received.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2"]);
    expect(seen.map(({ error }) => error.code)).toEqual(["truncated", "truncated"]);
  });
});

describe("the cursor", () => {
  test("is that of the last event that was taken, and none that was only read", async () => {
    const server = await startFrameServer(
      steps(frames("id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata:"), end("id: 3\ndata: 3\n\n")),
    );
    const stream = openStream(server.baseUrl, resumable, { reconnect: fast });
    expect(await drain(stream)).toEqual([1, 2, 3]);
    expect(server.received[1]?.headers["last-event-id"]).toBe("2");
    expect(stream.lastEventId).toBe("3");
  });

  test("is what the caller gave, until an event has come", async () => {
    const server = await startFrameServer(steps(frames(":\n"), end("id: 8\ndata: 8\n\n")));
    expect(await drain(openStream(server.baseUrl, resumable, { reconnect: fast, lastEventId: "7" }))).toEqual([8]);
    expect(server.received.map(({ headers }) => headers["last-event-id"])).toEqual(["7", "7"]);
  });

  test("is in force for the events of the next connection that have none", async () => {
    const server = await startFrameServer(
      steps(frames("id: 1\ndata: 1\n\n"), frames("data: 2\n\n"), end("data: 3\n\n")),
    );
    const metas: unknown[] = [];
    for await (const { value, id, attempt } of openStream(server.baseUrl, resumable, { reconnect: fast }).withMeta()) {
      metas.push([value, id, attempt]);
    }
    expect(metas).toEqual([
      [1, "1", 1],
      [2, "1", 2],
      [3, "1", 3],
    ]);
  });

  test("is kept across attempts that fail", async () => {
    const server = await startFrameServer(steps(frames("id: 1\ndata: 1\n\n"), status(503), ({ cut }) => cut(), end()));
    await drain(openStream(server.baseUrl, resumable, { reconnect: fast }));
    expect(server.received.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "1", "1"]);
  });
});

describe("attempts", () => {
  test("call the headers function again each time", async () => {
    const server = await startFrameServer(steps(status(503), status(503), end("data: 1\n\n")));
    let token = 0;
    const headers = async (): Promise<Record<string, string>> => ({ authorization: `Bearer ${++token}` });
    await drain(openStream(server.baseUrl, resumable, { reconnect: fast, headers }));
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(["Bearer 1", "Bearer 2", "Bearer 3"]);
  });

  test("are counted in what the caller gets", async () => {
    const server = await startFrameServer(steps(status(503), frames("id: 1\ndata: 1\n\n"), end("id: 2\ndata: 2\n\n")));
    const seen: Reconnect[] = [];
    const stream = openStream(server.baseUrl, resumable, {
      reconnect: fast,
      onReconnect: (reconnect) => {
        expect(stream.state).toBe("waiting");
        seen.push(reconnect);
      },
    });
    expect(await stream.opened).toMatchObject({ status: 200, attempt: 2 });
    await drain(stream);
    expect(seen).toMatchObject([
      { attempt: 2, lastEventId: undefined, error: { status: 503, attempt: 1 } },
      { attempt: 3, lastEventId: "1", error: { code: "network", attempt: 2, lastEventId: "1" } },
    ]);
  });

  test("are used up: the error has them all", async () => {
    const server = await startFrameServer(steps(frames("id: 1\ndata: 1\n\n"), status(503)));
    const [value, error] = await drain(
      openStream(server.baseUrl, resumable, { reconnect: { ...fast, maxAttempts: 3 } }),
    );
    expect(value).toBe(1);
    expect(error).toBeInstanceOf(ReconnectError);
    expect(error).toMatchObject({
      code: "reconnect",
      errors: [{ code: "network" }, { status: 503 }, { status: 503 }, { status: 503 }],
      cause: { status: 503, attempt: 4 },
      message: "gave up after 3 further requests: StatusError: HTTP 503 (code 14)",
      lastEventId: "1",
      attempt: 4,
    });
    expect(server.received).toHaveLength(4);
  });

  test("end with the first error that another attempt does not help", async () => {
    const server = await startFrameServer(steps(status(503), status(404)));
    const [error] = await drain(openStream(server.baseUrl, resumable, { reconnect: fast }));
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ status: 404, attempt: 2 });
  });

  test("count from zero after an event", async () => {
    const server = await startFrameServer(({ number, send, cut, end }) =>
      number === 10 ? end() : send(`id: ${number}\ndata: ${number}\n\n`).then(cut),
    );
    const stream = openStream(server.baseUrl, resumable, { reconnect: { ...fast, maxAttempts: 1 } });
    expect(await drain(stream)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("count from zero after a heartbeat: a quiet feed behind a proxy that cuts it every minute goes on", async () => {
    const server = await startFrameServer(({ number, send, cut, end }) =>
      number === 10 ? end() : send(":sse/1 heartbeat=60000\n:\n").then(cut),
    );
    expect(await drain(openStream(server.baseUrl, resumable, { reconnect: { ...fast, maxAttempts: 1 } }))).toEqual([]);
    expect(server.received).toHaveLength(10);
  });

  test("do not count from zero after a head, or after what a server sends at once", async () => {
    const server = await startFrameServer(frames(":sse/1 heartbeat=60000 end\nretry: 1\n:hello\n"));
    const [error] = await drain(openStream(server.baseUrl, resumable, { reconnect: { ...fast, maxAttempts: 2 } }));
    expect(error).toBeInstanceOf(ReconnectError);
    expect(error).toHaveProperty("message", expect.stringContaining("gave up after 2 further requests: "));
    expect(server.received).toHaveLength(3); // the first one, and two further
  });
});

describe("shouldReconnect", () => {
  test("decides in place of the built-in rule, with the next attempt and the cursor", async () => {
    const server = await startFrameServer(
      steps(frames("id: 1\ndata: 1\n\n"), status(401), status(404), end("id: 2\ndata: 2\n\n")),
    );
    const asked: unknown[] = [];
    let token = 0;
    const stream = openStream(server.baseUrl, resumable, {
      headers: () => ({ authorization: `${token}` }),
      reconnect: {
        ...fast,
        async shouldReconnect(error, next) {
          asked.push([error.code, next]);
          // A token is refreshed.
          await new Promise(setImmediate);
          token++;
          return true;
        },
      },
    });
    expect(await drain(stream)).toEqual([1, 2]);
    expect(asked).toEqual([
      ["network", { attempt: 2, lastEventId: "1" }],
      ["status", { attempt: 3, lastEventId: "1" }],
      ["status", { attempt: 4, lastEventId: "1" }],
    ]);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(["0", "1", "2", "3"]);
  });

  test("refuses what the rule would try again", async () => {
    for (const no of [() => false, async () => false]) {
      const server = await startFrameServer(status(503));
      const stream = openStream(server.baseUrl, resumable, { reconnect: { ...fast, shouldReconnect: no } });
      expect(await drain(stream)).toEqual([expect.objectContaining({ status: 503 })]);
      expect(server.received).toHaveLength(1);
    }
  });

  test("leaves errors for which it returns undefined to the rule", async () => {
    for (const ask of [() => undefined, async () => undefined]) {
      const server = await startFrameServer(steps(status(503), status(404)));
      const stream = openStream(server.baseUrl, resumable, { reconnect: { ...fast, shouldReconnect: ask } });
      expect(await drain(stream)).toEqual([expect.objectContaining({ status: 404 })]);
      expect(server.received).toHaveLength(2);
    }
  });

  test("does not change how many attempts there are", async () => {
    const server = await startFrameServer(status(404));
    const reconnect = { ...fast, maxAttempts: 2, shouldReconnect: () => true };
    expect(await drain(openStream(server.baseUrl, resumable, { reconnect }))).toEqual([expect.any(ReconnectError)]);
    expect(server.received).toHaveLength(3);
  });

  test("ends the stream with what it throws or rejects with", async () => {
    const error = new Error("no token");
    const fails = [
      () => {
        throw error;
      },
      () => Promise.reject(error),
    ];
    for (const shouldReconnect of fails) {
      const server = await startFrameServer(status(503));
      const stream = openStream(server.baseUrl, resumable, { reconnect: { ...fast, shouldReconnect } });
      await expect(stream.next()).rejects.toBe(error);
      expect(server.received).toHaveLength(1);
    }
  });

  test("is not asked about what a function of the caller threw", async () => {
    const error = new Error("from headers()");
    const headers = () => {
      throw error;
    };
    const reconnect = { ...fast, shouldReconnect: () => true };
    await expect(openStream("http://127.0.0.1:1", resumable, { headers, reconnect }).next()).rejects.toBe(error);
  });
});

describe("error events at the same cursor", () => {
  test.each([2, 4, 8, 13, 14, 15])(
    "of code %i end as a ReconnectError, though heartbeats come between",
    async (code) => {
      const server = await startFrameServer(({ number, end }) =>
        end(
          `${number === 1 ? "id: 1\ndata: 1\n\n" : ":\n"}event: error\ndata: {"code":${code},"message":"poison"}\n\n`,
        ),
      );
      const stream = openStream(server.baseUrl, resumable, { reconnect: { ...fast, maxAttempts: 5 } });
      const [value, error, ...more] = await drain(stream);
      expect([value, more]).toEqual([1, []]);
      expect(error).toBeInstanceOf(ReconnectError);
      expect(error).toMatchObject({ failures: 6, cause: { statusCode: code }, lastEventId: "1" });
      expect(server.received).toHaveLength(6);
    },
  );

  test("and events that cannot be read, which shouldReconnect wants again, end as one too", async () => {
    const server = await startFrameServer(({ end }) => end(":\ndata: {\n\n"));
    const reconnect = { ...fast, maxAttempts: 3, shouldReconnect: () => true };
    const [error] = await drain(openStream(server.baseUrl, resumable, { reconnect }));
    expect(error).toBeInstanceOf(ReconnectError);
    expect(error).toMatchObject({ cause: { code: "decode" } });
    expect(server.received).toHaveLength(4);
  });

  test("do not end a stream that goes on between them", async () => {
    const server = await startFrameServer(({ number, end }) =>
      end(number === 9 ? "" : `id: ${number}\ndata: ${number}\n\nevent: error\ndata: {"code":13}\n\n`),
    );
    const stream = openStream(server.baseUrl, resumable, { reconnect: { ...fast, maxAttempts: 1 } });
    expect(await drain(stream)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe("reconnect()", () => {
  test("ends the wait for the next attempt", async () => {
    const server = await startFrameServer(steps(status(503, { "retry-after": "300" }), end("data: 1\n\n")));
    const stream = openStream(server.baseUrl, resumable);
    const next = stream.next();
    while (stream.state !== "waiting") {
      await new Promise(setImmediate);
    }
    stream.reconnect();
    expect(await next).toEqual({ done: false, value: 1 });
    expect(server.received).toHaveLength(2);
  });

  test("drops an open connection, and opens another from the cursor, whatever the option says", async () => {
    const server = await startFrameServer(steps(({ send }) => send("id: 1\ndata: 1\n\n"), end("id: 2\ndata: 2\n\n")));
    const stream = openStream(server.baseUrl, {}, { reconnect: false });
    expect((await stream.next()).value).toBe(1);
    const next = stream.next();
    stream.reconnect();
    await (await server.response(1)).closed;
    expect(await next).toEqual({ done: false, value: 2 });
    expect(server.received.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1"]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("delivers what has arrived before it opens the next connection", async () => {
    const server = await startFrameServer(
      steps(({ send }) => send("id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\nda"), end("id: 3\ndata: 3\n\n")),
    );
    const stream = openStream(server.baseUrl, resumable);
    expect((await stream.next()).value).toBe(1);
    stream.reconnect();
    expect(stream.state).toBe("connecting");
    expect(await drain(stream)).toEqual([2, 3]);
    expect(server.received.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "2"]);
  });

  test("drops a request that has no answer yet", async () => {
    const server = await startFrameServer(steps(() => {}, end("data: 1\n\n")));
    const stream = openStream(server.baseUrl, resumable);
    const next = stream.next();
    await server.response(1);
    stream.reconnect();
    expect(await next).toEqual({ done: false, value: 1 });
    await (await server.response(1)).closed;
    expect(await stream.opened).toMatchObject({ attempt: 2 });
  });

  test("does nothing before the first request, and once the stream has ended", async () => {
    const server = await startFrameServer(end("data: 1\n\n"));
    const stream = openStream(server.baseUrl, resumable);
    stream.reconnect();
    expect(stream.state).toBe("idle");
    expect(await drain(stream)).toEqual([1]);
    stream.reconnect();
    expect(stream.state).toBe("closed");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(server.received).toHaveLength(1);
  });
});

describe("an outage", () => {
  test("leaves no more than ten errors behind, however long it was", async () => {
    const body = "x".repeat(70_000);
    const server = await startFrameServer(({ number, raw }) => raw.writeHead(number > 100 ? 404 : 503).end(body));
    const [error] = await drain(
      openStream(server.baseUrl, resumable, { reconnect: { initialDelayMs: 0, maxAttempts: 99 } }),
    );
    expect(error).toBeInstanceOf(ReconnectError);
    expect((error as ReconnectError).errors).toHaveLength(10);
    expect((error as ReconnectError).failures).toBe(100);
    expect(String(error)).toContain("gave up after 99 further requests");
  });
});

describe("the delay", () => {
  /** What the caller learns about each delay. */
  async function delays(
    answer: (response: FrameResponse) => unknown,
    reconnect: StreamOptions["reconnect"],
  ): Promise<number[]> {
    const server = await startFrameServer(answer);
    const delays: number[] = [];
    await drain(
      openStream(server.baseUrl, resumable, { reconnect, onReconnect: ({ delayMs }) => delays.push(delayMs) }),
    );
    return delays;
  }

  test("is the server's `retry:`, also of an earlier connection", async () => {
    const answers = steps(frames("retry: 30\nid: 1\ndata: 1\n\n"), frames("id: 2\ndata: 2\n\n"), end());
    const [first = 0, second = 0, ...more] = await delays(answers, { initialDelayMs: 60_000 });
    for (const delayMs of [first, second]) {
      expect(delayMs >= 30 && delayMs <= 45).toBe(true);
    }
    expect(more).toEqual([]);
  });

  test("differs between clients that got the same `retry:`", async () => {
    const answers = steps(frames("retry: 30\nid: 1\ndata: 1\n\n"), end());
    const all = await Promise.all(Array.from({ length: 20 }, () => delays(answers, {})));
    expect(new Set(all.flat()).size).toBeGreaterThan(10);
  });

  test("is at least `Retry-After`, whatever `maxDelayMs` is", async () => {
    const [delayMs] = await delays(steps(status(503, { "retry-after": "1" }), end()), fast);
    expect(delayMs).toBeGreaterThanOrEqual(1_000);
    expect(delayMs).toBeLessThanOrEqual(1_500);
  });

  test("is never a `Retry-After` beyond `maxRetryAfterMs`: the stream fails with the server's error", async () => {
    for (const [after, options] of [
      ["301", fast],
      ["2", { ...fast, maxRetryAfterMs: 1_999 }],
    ] as const) {
      const server = await startFrameServer(status(503, { "retry-after": after }));
      const result = await drain(openStream(server.baseUrl, resumable, { reconnect: options }));
      expect(result).toEqual([expect.objectContaining({ code: "status", status: 503 })]);
      expect(server.received).toHaveLength(1);
    }
  });

  test("is waited for", async () => {
    const start = performance.now();
    await delays(steps(status(503, { "retry-after": "1" }), end()), fast);
    // Timers of Node may be a millisecond early.
    expect(performance.now() - start).toBeGreaterThanOrEqual(999);
  });
});

describe("a stream that is left", () => {
  test("while it waits for a reconnection does not reconnect", async () => {
    const server = await startFrameServer(status(503));
    const stream = openStream(server.baseUrl, resumable);
    const next = stream.next();
    while (stream.state !== "waiting") {
      await new Promise(setImmediate);
    }
    await stream.return();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(stream.state).toBe("closed");
    expect(server.received).toHaveLength(1);
  });

  test("in a callback does not either", async () => {
    const server = await startFrameServer(status(503));
    const stream: EventStream<unknown> = openStream(server.baseUrl, resumable, {
      onReconnect: () => void stream.return(),
    });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(server.received).toHaveLength(1);
  });
});

describe("batches()", () => {
  test("go on after a reconnection, without the events that the caller already has", async () => {
    const server = await startFrameServer(
      steps(frames("id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata"), end("id: 3\ndata: 3\n\nid: 4\ndata: {\n\n")),
    );
    const stream = openStream(server.baseUrl, resumable, { reconnect: fast });
    const batches: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const batch of stream.batches()) {
        batches.push(batch);
      }
    };
    await expect(read()).rejects.toBeInstanceOf(DecodeError);
    expect(batches).toEqual([[1, 2], [3]]);
    expect(server.received[1]?.headers["last-event-id"]).toBe("2");
  });

  test("fail only after the events before an error event, and then reconnect", async () => {
    const server = await startFrameServer(
      steps(end('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nevent: error\ndata: {"code":14}\n\n'), end("id: 3\ndata: 3\n\n")),
    );
    const batches: unknown[] = [];
    for await (const batch of openStream(server.baseUrl, resumable, { reconnect: fast }).batches()) {
      batches.push(batch);
    }
    expect(batches).toEqual([[1, 2], [3]]);
    expect(server.received[1]?.headers["last-event-id"]).toBe("2");
  });
});
