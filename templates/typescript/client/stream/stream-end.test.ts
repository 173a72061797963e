import { describe, expect, test } from "vitest";
import { drain } from "../../testing/drain.js";
import { type FrameResponse, startFrameServer } from "../../testing/frames.js";
import { openStream } from "../../testing/json-stream.js";
import { MarketServiceClient } from "../../testing/market-client.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";
import { ContentTypeError, EventTooLargeError, NetworkError, StatusError, TruncatedError } from "../request/errors.js";
import type { EventStream } from "./event-stream.js";
import type { StreamOptions } from "./stream-options.js";

expectNoUnhandledRejections();

describe("a server that promises to say the end", () => {
  test("ends the stream by saying it, whatever it does to the connection", async () => {
    const server = await startFrameServer(({ send }) =>
      send(":sse/1 heartbeat=15000 end\ndata: 1\n\n:end\ndata: 2\n\n"),
    );
    expect(await drain(openStream(server.baseUrl))).toEqual([1]);
    await (await server.response(1)).closed;
  });

  test("is cut off when its body ends before", async () => {
    const server = await startFrameServer(({ end }) => end(":sse/1 heartbeat=15000 end\ndata: 1\n\n"));
    const [value, error] = await drain(openStream(server.baseUrl));
    expect(value).toBe(1);
    expect(error).toBeInstanceOf(TruncatedError);
    expect(error).toMatchObject({ code: "truncated", phase: "body", attempt: 1 });
  });

  test.each([
    ["in the middle of an event", ":sse/1 end\ndata: 1\n\ndata: 2\n"],
    ["in the middle of the end", ":sse/1 end\ndata: 1\n\n:end"],
    ["after a comment that is another", ":sse/1 end\ndata: 1\n\n: end\n:ending\n:END\n"],
    ["in the middle of data that says it", ":sse/1 end\ndata: 1\n\ndata: :end\n"],
  ])("is cut off %s", async (_name, body) => {
    const server = await startFrameServer(({ end }) => end(body));
    expect(await drain(openStream(server.baseUrl))).toEqual([1, expect.any(TruncatedError)]);
  });

  test("is cut off with its connection, too", async () => {
    const server = await startFrameServer(({ send, cut }) => send(":sse/1 end\ndata: 1\n\n").then(cut));
    const [value, error] = await drain(openStream(server.baseUrl));
    expect(value).toBe(1);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: "network", phase: "body", cause: expect.any(Error) });
  });

  test.each([
    ["as one word among others", ":sse/1 end heartbeat=100000\n"],
    ["with promises that are not known yet", ":sse/1 more=1 end even-more\n"],
    ["at the end of a line of CRLF", ":sse/1 end\r\n"],
  ])("makes it %s", async (_name, opening) => {
    const server = await startFrameServer(({ end }) => end(`${opening}data: 1\n\n`));
    expect(await drain(openStream(server.baseUrl))).toEqual([1, expect.any(TruncatedError)]);
  });
});

describe("a server that promises nothing", () => {
  test.each([
    ["no comment at all", ""],
    ["a comment of its own", ": hello, no end\n"],
    ["only heartbeats", ":sse/1 heartbeat=100000\n"],
    ["another version", ":sse/10 end\n"],
    ["a word that begins like it", ":sse/1 endless\n"],
  ])("ends the stream with its body: %s", async (_name, opening) => {
    const server = await startFrameServer(({ end }) => end(`${opening}data: 1\n\n`));
    expect(await drain(openStream(server.baseUrl))).toEqual([1]);
  });

  test.each([
    ["its body ends", {}, "data: 1\n\n", [1, expect.any(TruncatedError)]],
    ["its body ends before `[DONE]`", { terminalData: "[DONE]" }, "data: 1\n\n", [1, expect.any(TruncatedError)]],
    ["`[DONE]` arrives", { terminalData: "[DONE]" }, "data: 1\n\ndata: [DONE]\n\n", [1]],
    ["its body is empty", { terminalData: "[DONE]" }, "", [expect.any(TruncatedError)]],
  ])("is held to an end by `requireEnd`: %s", async (_name, rule, body, expected) => {
    const server = await startFrameServer(({ end }) => end(body));
    expect(await drain(openStream(server.baseUrl, rule, { requireEnd: true }))).toEqual(expected);
  });

  test("does not end it with a comment that looks like the end", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\n:end\ndata: 2\n\n"));
    expect(await drain(openStream(server.baseUrl))).toEqual([1, 2]);
  });

  test("does not end it quietly when the connection breaks", async () => {
    const server = await startFrameServer(({ send, cut }) => send("data: 1\n\n").then(cut));
    expect(await drain(openStream(server.baseUrl))).toEqual([1, expect.any(NetworkError)]);
  });
});

describe("a terminal event", () => {
  const rule = { events: { delta: { field: "delta" }, done: { field: "done", terminal: true } } } as const;
  const frames = ":sse/1 end\nevent: delta\ndata: 1\n\nevent: done\ndata: 2\n\nevent: delta\ndata: 3\n\n";

  test("is the last, and closes the connection without waiting for the server", async () => {
    const server = await startFrameServer(({ send }) => send(frames));
    const stream = openStream(server.baseUrl, rule);
    expect(await stream.next()).toMatchObject({ value: { delta: 1 } });
    expect(await stream.next()).toMatchObject({ value: { done: 2 } });
    // Before the caller asks again: there is nothing to wait for.
    await (await server.response(1)).closed;
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(stream.state).toBe("closed");
  });

  test("ends batches with the read that it came by", async () => {
    const server = await startFrameServer(({ send }) => send(frames));
    const batches: unknown[] = [];
    for await (const batch of openStream(server.baseUrl, rule).batches()) {
      batches.push(batch);
    }
    expect(batches).toEqual([[{ delta: 1 }, { done: 2 }]]);
  });

  test("makes a body that ends after it complete", async () => {
    const server = await startFrameServer(({ end }) => end(":sse/1 end\nevent: done\ndata: 2\n\n"));
    expect(await drain(openStream(server.baseUrl, rule))).toEqual([{ done: 2 }]);
  });

  test("is one of the declared names, not of what every object has", async () => {
    const server = await startFrameServer(({ end }) => end("event: constructor\ndata: 1\n\nevent: delta\ndata: 2\n\n"));
    expect(await drain(openStream(server.baseUrl, rule))).toEqual([{ delta: 2 }]);
  });
});

describe("terminalData", () => {
  test("ends the stream and is no event", async () => {
    const server = await startFrameServer(({ send }) => send(":sse/1 end\ndata: 1\n\ndata: [DONE]\n\ndata: 2\n\n"));
    expect(await drain(openStream(server.baseUrl, { terminalData: "[DONE]" }))).toEqual([1]);
    await (await server.response(1)).closed;
  });

  test("is compared whole", async () => {
    const server = await startFrameServer(({ end }) => end('data: "[DONE]"\n\ndata: 2\n\n'));
    expect(await drain(openStream(server.baseUrl, { terminalData: "[DONE]" }))).toEqual(["[DONE]", 2]);
  });
});

describe("an error event", () => {
  const status =
    '{"code":5,"message":"no such symbol","details":[{"@type":"type.googleapis.com/test.v1.Detail","a":1}]}';

  test("fails the stream with its Status, after the events before it", async () => {
    const server = await startFrameServer(({ send }) =>
      send(`:sse/1 end\nid: 1\ndata: 1\n\nevent: error\ndata: ${status}\n\n`),
    );
    const [value, error] = await drain(openStream(server.baseUrl));
    expect(value).toBe(1);
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({
      code: "status",
      statusCode: 5,
      message: "no such symbol",
      phase: "body",
      lastEventId: "1",
    });
    await (await server.response(1)).closed;
  });

  test("has the name that the method gives it", async () => {
    const server = await startFrameServer(({ end }) => end(`event: failure\ndata: ${status}\n\n`));
    expect(await drain(openStream(server.baseUrl, { errorEvent: "failure" }))).toEqual([expect.any(StatusError)]);
  });
});

describe("a response that is no stream", () => {
  const answer =
    (status: number, headers: Record<string, string>, body: string) =>
    ({ raw }: FrameResponse): void =>
      void raw.writeHead(status, headers).end(body);

  test("is a ContentTypeError with the beginning of the body", async () => {
    const page = `<!doctype html><p>Sign in</p>${" ".repeat(10_000)}`;
    const server = await startFrameServer(answer(200, { "content-type": "text/html; charset=utf-8" }, page));
    const stream = openStream(server.baseUrl, { resumable: true });
    const error: unknown = await stream.next().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ContentTypeError);
    expect(error).toMatchObject({
      code: "content_type",
      contentType: "text/html; charset=utf-8",
      status: 200,
      phase: "open",
      body: page.slice(0, 1024),
    });
    await expect(stream.opened).rejects.toBe(error);
    expect(server.received).toHaveLength(1);
  });

  test.each<[status: number, headers: Record<string, string>]>([
    [200, {}],
    [200, { "content-type": "application/json" }],
    [200, { "content-type": "text/event-streams" }],
    [201, { "content-type": "text/plain" }],
  ])("%i with %j", async (status, headers) => {
    const server = await startFrameServer(answer(status, headers, "data: 1\n\n"));
    await expect(openStream(server.baseUrl, { resumable: true }).next()).rejects.toBeInstanceOf(ContentTypeError);
    expect(server.received).toHaveLength(1);
  });

  test.each<Record<string, string>>([
    { "content-type": "text/event-stream" },
    { "content-type": "text/event-stream;charset=UTF-8" },
    { "content-type": "Text/Event-Stream ; charset=iso-8859-1" },
  ])("but %j is one", async (headers) => {
    const server = await startFrameServer(answer(200, headers, 'data: "é"\n\n'));
    expect(await drain(openStream(server.baseUrl))).toEqual(["é"]);
  });

  test("a 204 ends the stream, also when it reconnects", async () => {
    const server = await startFrameServer(answer(204, {}, ""));
    const stream = openStream(server.baseUrl, { resumable: true }, { reconnect: { afterEnd: true } });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await stream.opened).toMatchObject({ status: 204, attempt: 1 });
    expect(stream.state).toBe("closed");
    expect(server.received).toHaveLength(1);
  });
});

describe("maxEventBytes", () => {
  test("fails the stream, after the events before it", async () => {
    const server = await startFrameServer(({ send }) => send(`data: 1\n\ndata: ${"2".repeat(101)}`));
    const stream = openStream(server.baseUrl, { resumable: true }, { maxEventBytes: 100 });
    const [value, error] = await drain(stream);
    expect(value).toBe(1);
    expect(error).toBeInstanceOf(EventTooLargeError);
    expect(error).toMatchObject({ code: "event_too_large", maxEventBytes: 100, phase: "body" });
    await (await server.response(1)).closed;
    expect(server.received).toHaveLength(1);
  });

  test("is 16 MiB by default", async () => {
    const frame = (size: number): string => `data: ${"1".repeat(size)}\n\n`;
    const server = await startFrameServer(({ number, end }) => end(frame(16 * 1024 * 1024 + number - 1)));
    const open = (): EventStream<unknown> => openStream(server.baseUrl);
    expect(await drain(open())).toEqual([Number.POSITIVE_INFINITY]);
    expect(await drain(open())).toEqual([expect.any(EventTooLargeError)]);
  });
});

describe("JSON Lines", () => {
  const open = (baseUrl: string, maxEventBytes?: number): EventStream<unknown> =>
    openStream(baseUrl, { errorEvent: "failure", terminalData: "[DONE]" }, { format: "jsonl", maxEventBytes });

  test.each(["application/jsonl", "application/x-ndjson", "application/x-jsonl; charset=utf-8", "Application/NDJSON"])(
    "are read where the response is of %s, whatever was asked for",
    async (contentType) => {
      const server = await startFrameServer(({ end }) => end('{"a":1}\n\n{"b":2}'), contentType);
      expect(await drain(open(server.baseUrl))).toEqual([{ a: 1 }, { b: 2 }]);
      expect(await drain(openStream(server.baseUrl))).toEqual([{ a: 1 }, { b: 2 }]);
      expect(server.received.map(({ headers }) => headers.accept)).toEqual([
        "application/jsonl; profile=sse-1",
        "text/event-stream",
      ]);
    },
  );

  test("are not guessed: events are read where the response says so", async () => {
    const server = await startFrameServer(({ end }) => end("data: 1\n\n"));
    expect(await drain(open(server.baseUrl))).toEqual([1]);
  });

  describe.each(["application/jsonl; profile=sse-1", 'Application/JSONL;charset=utf-8;Profile="sse-1"'])(
    "of %s",
    (contentType) => {
      const read = async (body: string, options: StreamOptions = {}) => {
        const server = await startFrameServer(({ end }) => end(body), contentType);
        return drain(openStream(server.baseUrl, {}, { format: "jsonl", ...options }));
      };

      test("end with the line that says so, whatever follows", async () => {
        expect(await read('\n1\n\n2\n{"@end":{}}\n3\n')).toEqual([1, 2]);
        expect(await read('\n{"@end":{}}\n')).toEqual([]);
      });

      test.each(["", "\n", "\n1\n", "\n1\n2", '\n1\n{"@end":{}}'])("are cut where they do not: %j", async (body) => {
        const items = await read(body);
        expect(items.at(-1)).toBeInstanceOf(TruncatedError);
        expect(items.slice(0, -1)).toEqual(body.includes("1\n") ? [1] : []);
      });

      test("fail with an error line, which needs no end", async () => {
        expect(await read('\n1\n{"@error":{"code":14}}\n')).toEqual([1, expect.any(StatusError)]);
      });

      test("have heartbeats and the end as comments; the opening is not a heartbeat", async () => {
        const comments: string[] = [];
        await read('\n\n1\n\n{"@end":{}}\n', { onComment: (text) => comments.push(text) });
        expect(comments).toEqual(["", "", "end"]);
      });
    },
  );

  test("do not end with a line that is a message without the parameter", async () => {
    const server = await startFrameServer(({ end }) => end('\n{"@end":{}}\n'), "application/jsonl");
    expect(await drain(open(server.baseUrl))).toEqual([{ "@end": {} }]);
  });

  test("are silent for too long where the method says how long that may be", async () => {
    const server = await startFrameServer(({ send }) => send("\n"), "application/jsonl; profile=sse-1");
    const stream = openStream(server.baseUrl, { heartbeatMs: 20 }, { format: "jsonl" });
    expect(await drain(stream)).toEqual([expect.objectContaining({ code: "timeout", kind: "idle" })]);
  });

  test("fail with the Status of the error line", async () => {
    const body = '{"a":1}\n{"@error":{"code":14,"message":"gone"}}\n';
    const server = await startFrameServer(({ end }) => end(body), "application/jsonl");
    const [value, error] = await drain(open(server.baseUrl));
    expect(value).toEqual({ a: 1 });
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ statusCode: 14, message: "gone", phase: "body" });
  });

  test("have no ids, so a lost connection is not resumed by default: it is unknown what was lost", async () => {
    const server = await startFrameServer(({ send, cut }) => send("1\n").then(cut), "application/jsonl");
    const stream = openStream(server.baseUrl, { resumable: true }, { format: "jsonl" });
    expect(await drain(stream)).toEqual([1, expect.any(NetworkError)]);
    expect(server.received).toHaveLength(1);
  });

  test("have a limit, too", async () => {
    const server = await startFrameServer(({ send }) => send(`1\n${"2".repeat(101)}`), "application/jsonl");
    expect(await drain(open(server.baseUrl, 100))).toEqual([1, expect.any(EventTooLargeError)]);
  });

  test("are not events that are called `message`", async () => {
    const server = await startFrameServer(({ end }) => end("1\n2\n"), "application/jsonl");
    const rule = { events: { message: { field: "message", terminal: true } } } as const;
    expect(await drain(openStream(server.baseUrl, rule))).toEqual([1, 2]);
  });

  test("carry whole response messages, of which none is terminal by its name", async () => {
    const body = '{"delta":{"text":"a"}}\n{"done":{"tokens":1}}\n{"delta":{"text":"b"}}\n';
    const server = await startFrameServer(({ end }) => end(body), "application/jsonl");
    const cases: unknown[] = [];
    for await (const { event } of new MarketServiceClient(server).ask({}, { format: "jsonl" })) {
      cases.push(event.case);
    }
    expect(cases).toEqual(["delta", "done", "delta"]);
  });
});

describe("what is no stream", () => {
  test.each([201, 202, 203, 205, 210, 299])("is a response of status %i, whatever its content type", async (code) => {
    const server = await startFrameServer(({ raw }) =>
      raw.writeHead(code, { "content-type": "text/event-stream" }).end(code === 205 ? "" : "data: 1\n\n"),
    );
    const error = await openStream(server.baseUrl, { resumable: true })
      .next()
      .catch((error) => error);
    expect(error).toMatchObject({ code: "content_type", status: code });
    expect(error.message).toContain(`with status ${code}`);
    expect(server.received).toHaveLength(1);
  });

  test("is one whose body cannot be read as it arrives, as React Native's fetch has it", async () => {
    for (const body of [null, undefined]) {
      const fetch = async (): Promise<Response> => {
        const response = new Response(null, { headers: { "content-type": "text/event-stream" } });
        Object.defineProperty(response, "body", { value: body });
        return response;
      };
      const stream = openStream("http://127.0.0.1:1", { resumable: true }, { fetch });
      const error = await stream.next().catch((error) => error);
      expect(error).toMatchObject({ code: "content_type", status: 200 });
      expect(error.message).toContain("expo/fetch");
    }
  });

  test("is a cursor that no header can hold: nothing is sent", async () => {
    const server = await startFrameServer();
    for (const lastEventId of ["a\u0001", "a\nb", "a\u007fb", "a\0b"]) {
      const stream = openStream(server.baseUrl, { resumable: true }, { lastEventId });
      await expect(stream.next()).rejects.toMatchObject({ code: "request", lastEventId });
    }
    expect(server.received).toHaveLength(0);
  });

  test("is such a cursor of the server's: the stream fails when it would reconnect", async () => {
    const server = await startFrameServer(({ send, cut }) => send("retry: 1\nid: a\u0001\ndata: 1\n\n").then(cut));
    const stream = openStream(server.baseUrl, { resumable: true });
    expect((await stream.next()).value).toBe(1);
    await expect(stream.next()).rejects.toMatchObject({ code: "request", lastEventId: "a\u0001" });
    expect(server.received).toHaveLength(1);
  });
});
