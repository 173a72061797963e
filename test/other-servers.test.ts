/** The client reads streams of servers that know nothing of it: no opening comment, no promises, formats of their own. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { createChannel, createSession } from "better-sse";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { describe, expect, onTestFinished, test } from "vitest";
import { Code, defineMethod, handleEvents, StatusError, Transport } from "../templates/typescript/client-json.js";
import { startFrameServer } from "../templates/typescript/testing/frames.js";
import { openStream } from "../templates/typescript/testing/json-stream.js";
import { MarketServiceClient } from "../templates/typescript/testing/market-client.js";
import { getStream, startMarketServer } from "../templates/typescript/testing/market-server.js";

const trades = [1, 2, 3, 4, 5].map((n) => ({ sequence: String(n), symbol: "AAPL", price: 100 + n, size: 10 * n }));

/** The two trades that follow a cursor. */
function after(cursor = ""): typeof trades {
  return trades.slice(Number(cursor), Number(cursor) + 2);
}

/** Listens until the test ends; where. */
async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo; // of a TCP server
  return `http://127.0.0.1:${port}`;
}

/** A connection of a server that gives two trades, and then breaks. */
interface Broken {
  /** Breaks it, once the client has what was sent. */
  cut(): void;
}

/** Watches all trades, over connections of which each breaks after two. */
async function watch(baseUrl: string, current: () => Broken | undefined): Promise<bigint[]> {
  const got: bigint[] = [];
  for await (const { sequence } of new MarketServiceClient({ baseUrl }).watchTrades({ symbol: "AAPL" })) {
    got.push(sequence);
    if (got.length === trades.length) {
      break;
    }
    if (got.length % 2 === 0) {
      current()?.cut();
    }
  }
  return got;
}

describe("Hono, streamSSE", () => {
  function hono(build: (app: Hono<{ Bindings: HttpBindings }>) => void): Promise<string> {
    const app = new Hono<{ Bindings: HttpBindings }>();
    build(app);
    return listen(createAdaptorServer({ fetch: app.fetch }) as Server); // of node:http by default
  }

  test("messages with ids, resumed where the connection was cut", async () => {
    const cursors: (string | undefined)[] = [];
    let broken: Broken | undefined;
    const baseUrl = await hono((app) =>
      app.get("/v1/trades/*", (c) => {
        const cursor = c.req.header("last-event-id");
        cursors.push(cursor);
        broken = { cut: () => c.env.incoming.socket.destroy() };
        return streamSSE(c, async (stream) => {
          for (const trade of after(cursor)) {
            await stream.writeSSE({ data: JSON.stringify(trade), id: trade.sequence, retry: 1 });
          }
          await new Promise<void>((resolve) => stream.onAbort(resolve));
        });
      }),
    );
    expect(await watch(baseUrl, () => broken)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(cursors).toEqual([undefined, "2", "4"]);
  });

  test("named events, data of several lines, comments", async () => {
    const baseUrl = await hono((app) =>
      app.post("/v1/ask", (c) =>
        streamSSE(c, async (stream) => {
          const { question } = await c.req.json();
          await stream.write(": welcome\n\n");
          await stream.writeSSE({ event: "delta", data: JSON.stringify({ text: question }, undefined, 2) });
          await stream.writeSSE({ event: "gossip", data: "not JSON, and no event of ours" });
          await stream.writeSSE({ event: "tool.call", data: Promise.resolve('{"name":"search"}') });
          await stream.writeSSE({ event: "done", data: '{"tokens":2}' });
          await stream.writeSSE({ event: "delta", data: '{"text":"after the end"}' });
        }),
      ),
    );
    const comments: string[] = [];
    const stream = new MarketServiceClient({ baseUrl }).ask(
      { question: "why\nnot?" },
      { onComment: (text) => comments.push(text) },
    );
    const events = (await stream.collect({ max: 9 })).map(({ event }) => event);
    expect(events).toMatchObject([
      { case: "delta", value: { text: "why\nnot?" } },
      { case: "toolCall", value: { name: "search" } },
      { case: "done", value: { tokens: 2 } },
    ]);
    expect(comments).toEqual(["welcome"]);
  });

  test("an error event of plain text is an error, never data", async () => {
    const baseUrl = await hono((app) =>
      app.get("/watch", (c) =>
        streamSSE(
          c,
          async (stream) => {
            await stream.writeSSE({ data: "1" });
            throw new Error("the database is gone");
          },
          async () => {},
        ),
      ),
    );
    const stream = openStream(baseUrl);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    const error = await stream.next().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ phase: "body", status: 200, body: "the database is gone" });
    expect(String(error)).toContain("the database is gone");
  });

  test("leaving the loop ends the handler", async () => {
    let left: () => void = () => {};
    const aborted = new Promise<void>((resolve) => {
      left = resolve;
    });
    const baseUrl = await hono((app) =>
      app.get("/watch", (c) =>
        streamSSE(c, async (stream) => {
          stream.onAbort(left);
          await stream.writeSSE({ data: "1" });
          await aborted;
        }),
      ),
    );
    for await (const value of openStream(baseUrl)) {
      expect(value).toBe(1);
      break;
    }
    await aborted;
  });
});

describe("better-sse", () => {
  function betterSse(listener: RequestListener): Promise<string> {
    return listen(createServer(listener));
  }

  test("a session: retry, keep-alive comments, ids, and resuming by its `lastId`", async () => {
    const cursors: string[] = [];
    let broken: Broken | undefined;
    const baseUrl = await betterSse(async (request, response) => {
      broken = { cut: () => response.destroy() };
      const session = await createSession(request, response, { retry: 1, keepAlive: 1 });
      cursors.push(session.lastId);
      for (const trade of after(session.lastId)) {
        session.push(trade, "message", trade.sequence);
      }
    });
    expect(await watch(baseUrl, () => broken)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(cursors).toEqual(["", "2", "4"]);
  });

  test("a channel: each event to every client, with ids that it makes up", async () => {
    const channel = createChannel();
    const baseUrl = await betterSse(async (request, response) => {
      channel.register(await createSession(request, response));
    });
    const streams = [1, 2, 3].map(() => openStream(baseUrl, {}, { unknownEvents: "throw" }));
    await Promise.all(streams.map(({ opened }) => opened));
    while (channel.sessionCount < streams.length) {
      await once(channel, "session-registered");
    }
    channel.broadcast({ price: 1 }, "message").broadcast([1, "two"], "message");
    for (const stream of streams) {
      expect(await stream.collect({ max: 2 })).toEqual([{ price: 1 }, [1, "two"]]);
      expect(stream.lastEventId).toMatch(/^[0-9a-f-]{36}$/);
    }
    while (channel.sessionCount > 0) {
      await once(channel, "session-deregistered");
    }
  });
});

describe("the format of OpenAI: `data:` alone, and `[DONE]`", () => {
  interface Chunk {
    readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  }
  const method = defineMethod<{ messages: unknown[] }, Chunk>("openai.v1.Chat.Complete", {
    bindings: [{ method: "POST", path: "/v1/chat/completions", body: "*" }],
    stream: { terminalData: "[DONE]" },
  });
  const chunk = (content: string): string =>
    `data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`;
  const complete = (baseUrl: string) =>
    new Transport({ baseUrl, headers: { authorization: "Bearer key" } }).stream(method, {
      messages: [{ role: "user", content: "Hello" }],
    });

  test("is read to `[DONE]`, which ends the stream though the connection stays open", async () => {
    const server = await startFrameServer(({ send }) =>
      send(`: OPENROUTER PROCESSING\n\n${chunk("Good ")}${chunk("morning")}data: [DONE]\n\n${chunk("again")}`),
    );
    let text = "";
    for await (const { choices } of complete(server.baseUrl)) {
      text += choices[0]?.delta.content;
    }
    expect(text).toBe("Good morning");
    await (await server.response(1)).closed;
    expect(server.received).toMatchObject([
      {
        line: "POST /v1/chat/completions",
        headers: { authorization: "Bearer key", "content-type": "application/json", accept: "text/event-stream" },
        body: '{"messages":[{"role":"user","content":"Hello"}]}',
      },
    ]);
  });

  test("a connection that breaks before it is an error, and nothing is sent again", async () => {
    const server = await startFrameServer(({ send, cut }) => send(chunk("Good ")).then(cut));
    const stream = complete(server.baseUrl);
    expect(await stream.next()).toMatchObject({ value: { choices: [{ delta: { content: "Good " } }] } });
    await expect(stream.next()).rejects.toMatchObject({ code: "network", phase: "body" });
    expect(server.received).toHaveLength(1);
  });

  test("its errors keep their body", async () => {
    const body = '{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}';
    const server = await startFrameServer(({ raw }) =>
      raw.writeHead(429, { "content-type": "application/json", "retry-after": "20" }).end(body),
    );
    const error = await complete(server.baseUrl)
      .next()
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "status", phase: "open", status: 429, statusCode: 8, body });
    expect(String(error)).toContain("Rate limit reached");
  });
});

describe("the format of typed events: the type as `event:` and within `data:`", () => {
  interface MessageEvent {
    readonly start?: { readonly message: { readonly id: string } };
    readonly delta?: { readonly index: number; readonly delta: { readonly text: string } };
    readonly stop?: { readonly type: "message_stop" };
  }
  const method = defineMethod<object, MessageEvent>("anthropic.v1.Messages.Create", {
    bindings: [{ method: "POST", path: "/v1/messages", body: "*" }],
    stream: {
      events: {
        message_start: { field: "start" },
        content_block_delta: { field: "delta" },
        message_stop: { field: "stop", terminal: true },
      },
    },
  });
  const event = (type: string, fields = ""): string => `event: ${type}\r\ndata: {"type":"${type}"${fields}}\r\n\r\n`;
  const delta = (text: string): string =>
    event("content_block_delta", `,"index":0,\r\ndata: "delta":{"type":"text_delta","text":"${text}"}`);

  test("CRLF, data of several lines, cut anywhere; what is not declared is left out", async () => {
    const frames = [
      event("message_start", ',"message":{"id":"msg_1"}'),
      event("content_block_start", ',"index":0'),
      event("ping"),
      delta("Hé"),
      delta("llo"),
      event("content_block_stop", ',"index":0'),
      event("message_stop"),
    ].join("");
    const bytes = new TextEncoder().encode(frames);
    const server = await startFrameServer(async ({ send, closed }) => {
      let gone = false;
      void closed.then(() => {
        gone = true;
      });
      for (let at = 0; at < bytes.length && !gone; at += 7) {
        await send(bytes.subarray(at, at + 7));
      }
    });
    let text = "";
    const seen: string[] = [];
    await handleEvents(new Transport({ baseUrl: server.baseUrl }).stream(method, {}), {
      start: ({ message }) => void seen.push(message.id),
      delta: ({ delta }) => {
        text += delta.text;
      },
      stop: ({ type }) => void seen.push(type),
    });
    expect(text).toBe("Héllo");
    expect(seen).toEqual(["msg_1", "message_stop"]);
  });

  test("its error event is an error", async () => {
    const failure = event("error", ',"error":{"type":"overloaded_error","message":"Overloaded"}');
    const server = await startFrameServer(({ end }) => end(delta("Hé") + failure));
    const stream = new Transport({ baseUrl: server.baseUrl }).stream(method, {});
    expect(await stream.next()).toMatchObject({ value: { delta: { delta: { text: "Hé" } } } });
    const error = await stream.next().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StatusError);
    expect(String(error)).toContain("overloaded_error");
  });

  test("without `event:`, the caller distinguishes the types within `data:`", async () => {
    const server = await startFrameServer(({ end }) => end('data:{"type":"a"}\r\rdata:{"type":"b"}\r\r'));
    expect(await openStream(server.baseUrl).collect({ max: 9 })).toEqual([{ type: "a" }, { type: "b" }]);
  });
});

test("a server that promises nothing is held to nothing: silence and an early end are its own affair", async () => {
  const server = await startFrameServer(({ end }) => end("\n\n: hi\nid: a\nretry: 5\n\ndata: 1\nid\n\ndata: 2"));
  const stream = openStream(server.baseUrl);
  expect(await stream.collect({ max: 9 })).toEqual([1]);
  expect(stream.lastEventId).toBeUndefined();
});

test("sebuf: `SendWithEvent` names the events of a stream with one kind of message; it promises nothing", async () => {
  const server = await startFrameServer(async ({ send, end }) => {
    for (const trade of trades) {
      await send(`event: trade\ndata: ${JSON.stringify(trade)}\n\n`);
    }
    end();
  });
  const client = new MarketServiceClient({ baseUrl: server.baseUrl });
  const got: unknown[] = [];
  for await (const { event, value } of client.watchTrades({ symbol: "AAPL" }, { unknownEvents: "throw" }).withMeta()) {
    got.push([event, value.sequence]);
  }
  expect(got).toEqual([1n, 2n, 3n, 4n, 5n].map((sequence) => ["trade", sequence]));
});

test("sebuf's clients read a stream of ours: they take each line that begins with `data: `", async () => {
  const { url } = await startMarketServer({
    async *watchTrades() {
      yield { sequence: 1n, symbol: "two\nlines" };
      yield { sequence: 2n };
    },
  });
  const { text } = await getStream(`${url}/v1/trades/AAPL:watch`);
  const lines = text.split("\n").filter((line) => line.startsWith("data: "));
  expect(lines.map((line) => JSON.parse(line.slice("data: ".length)))).toEqual([
    { sequence: "1", symbol: "two\nlines" },
    { sequence: "2" },
  ]);
});

describe("grpc-gateway", () => {
  test("answers unary calls, with unset fields and a Status as error", async () => {
    const url = await listen(
      createServer(({ url }, response) => {
        const isKnown = url === "/v1/quotes/AAPL";
        response.writeHead(isKnown ? 200 : 404, { "Content-Type": "application/json" });
        const quote = { symbol: "AAPL", price: 0, time: null };
        response.end(JSON.stringify(isKnown ? quote : { code: 5, message: "no such symbol", details: [] }));
      }),
    );
    const client = new MarketServiceClient({ baseUrl: url });
    expect(await client.getQuote({ symbol: "AAPL" })).toMatchObject({ symbol: "AAPL", price: 0 });
    await expect(client.getQuote({ symbol: "MSFT" })).rejects.toMatchObject({
      statusCode: Code.NotFound,
      message: "no such symbol",
    });
  });

  test("sends streams that are none to the client", async () => {
    const url = await listen(
      createServer((_request, response) => {
        response.writeHead(200, { "Content-Type": "application/json" });
        response.end(`${JSON.stringify({ result: trades[0] })}\n`);
      }),
    );
    const stream = new MarketServiceClient({ baseUrl: url }).watchTrades({ symbol: "AAPL" });
    await expect(stream.next()).rejects.toMatchObject({ code: "content_type", contentType: "application/json" });
  });
});
