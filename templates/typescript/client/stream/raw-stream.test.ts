import { describe, expect, test } from "vitest";
import { startFrameServer } from "../../testing/frames.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";
import { ContentTypeError, StatusError } from "../request/errors.js";
import { openRawStream } from "./raw-stream.js";

expectNoUnhandledRejections();

describe("a raw stream", () => {
  test("gives events as they came, whatever they are called", async () => {
    const server = await startFrameServer(({ end }) =>
      end("event: error\ndata: {\n\nid: 7\nretry: 5\ndata\n\ndata: [DONE]\n\nevent: put\ndata: a\ndata: b\n\n"),
    );
    expect(await openRawStream(server.baseUrl).collect({ max: 9 })).toEqual([
      { event: "error", data: "{", id: undefined, ownId: false, retry: undefined },
      { event: "message", data: "", id: "7", ownId: true, retry: 5 },
      { event: "message", data: "[DONE]", id: "7", ownId: false, retry: undefined },
      { event: "put", data: "a\nb", id: "7", ownId: false, retry: undefined },
    ]);
  });

  test("has metadata as any other", async () => {
    const server = await startFrameServer(({ end }) => end("id: 7\ndata: a\n\n"));
    const metas: unknown[] = [];
    for await (const meta of openRawStream(server.baseUrl).withMeta()) {
      metas.push(meta);
    }
    expect(metas).toEqual([
      {
        value: { event: "message", data: "a", id: "7", ownId: true, retry: undefined },
        event: "message",
        id: "7",
        attempt: 1,
      },
    ]);
  });

  test("asks for a stream that no cache answers", async () => {
    const server = await startFrameServer(({ end }) => end());
    await openRawStream(`${server.baseUrl}/a/?b=c`).next();
    expect(server.received).toMatchObject([
      { line: "GET /a/?b=c", headers: { accept: "text/event-stream", "cache-control": "no-cache" } },
    ]);
    expect(server.received[0]?.headers).not.toHaveProperty("last-event-id");
  });

  test("sends any method, headers and body, again with every attempt", async () => {
    const server = await startFrameServer(({ number, send, cut, raw }) =>
      number === 3 ? raw.writeHead(204).end() : send(`retry: 1\nid: é${number}\ndata: a\n\n`).then(cut),
    );
    const stream = openRawStream(server.baseUrl, {
      method: "REPORT",
      body: '{"a":1}',
      headers: { "content-type": "application/json; charset=utf-8", "x-test": "1" },
      lastEventId: "é0",
      reconnect: { afterEnd: true },
    });
    expect((await stream.collect({ max: 9 })).map(({ id }) => id)).toEqual(["é1", "é2"]);
    expect(server.received.map(({ line, body }) => [line, body])).toEqual(Array(3).fill(["REPORT /", '{"a":1}']));
    expect(
      server.received.map(({ headers }) => Buffer.from(String(headers["last-event-id"]), "latin1").toString()),
    ).toEqual(["é0", "é1", "é2"]);
    for (const { headers } of server.received) {
      expect(headers).toMatchObject({ "content-type": "application/json; charset=utf-8", "x-test": "1" });
    }
  });

  test("reconnects after an end in good order, as EventSource does, only when asked to", async () => {
    const server = await startFrameServer(({ number, end, raw }) =>
      number % 3 === 0 ? raw.writeHead(204).end() : end(`retry: 1\ndata: ${number}\n\n`),
    );
    const open = (options = {}): Promise<string[]> =>
      openRawStream(server.baseUrl, options)
        .collect({ max: 9 })
        .then((events) => events.map(({ data }) => data));
    expect(await open({ reconnect: { afterEnd: true } })).toEqual(["1", "2"]);
    expect(await open({ reconnect: true })).toEqual(["4"]);
  });

  test.each([301, 302, 303, 307, 308])("follows a redirect of %i", async (status) => {
    const server = await startFrameServer(({ request, raw, end }) =>
      request.line === "GET /old" ? raw.writeHead(status, { location: "/new" }).end() : end("data: a\n\n"),
    );
    expect(await openRawStream(`${server.baseUrl}/old`).collect({ max: 9 })).toMatchObject([{ data: "a" }]);
    expect(server.received.map(({ line }) => line)).toEqual(["GET /old", "GET /new"]);
    expect(server.received[1]?.headers.accept).toBe("text/event-stream");
  });

  test("fails as any other: status, content type, an invalid URL", async () => {
    const refusing = await startFrameServer(({ raw }) => raw.writeHead(404).end("not here"));
    await expect(openRawStream(refusing.baseUrl).next()).rejects.toBeInstanceOf(StatusError);
    await expect(openRawStream(refusing.baseUrl).next()).rejects.toMatchObject({ status: 404, body: "not here" });
    const page = await startFrameServer(({ end }) => end("<p>"), "text/html");
    await expect(openRawStream(page.baseUrl).next()).rejects.toBeInstanceOf(ContentTypeError);
    await expect(openRawStream("/relative").next()).rejects.toMatchObject({ code: "request" });
  });
});
