/** The service as the harness drives it: streams are created, reported, restarted and deleted. */
import { type Server, serve } from "srvx";
import { describe, expect, onTestFinished, test } from "vitest";
import { type FrameServer, startFrameServer } from "../../templates/typescript/testing/frames.js";
import { createContractService } from "./src/service.js";

interface Report {
  /** The number in the path. */
  readonly number: number;
  readonly message: unknown;
}

/** Starts the service. What is closed first is what was started last: this, before the servers that it talks to. */
async function start(): Promise<{ url: string; stopped: Promise<void> }> {
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const service = createContractService(() => stop());
  const server: Server = serve({ fetch: service.fetch, port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  const url = server.url ?? "";
  onTestFinished(async () => {
    await fetch(url, { method: "DELETE" });
    await server.close(true);
  });
  return { url, stopped };
}

/** The reports to the harness, in the order of their numbers; `next` waits for one. */
async function startCallbacks(): Promise<{ url: string; next(): Promise<Report> }> {
  const reports: Report[] = [];
  let wake = (): void => {};
  const server = await startFrameServer(({ request, raw }) => {
    reports.push({ number: Number(/\d+$/.exec(request.line)), message: JSON.parse(request.body) });
    raw.writeHead(202).end();
    wake();
  });
  return {
    url: `${server.baseUrl}/callbacks`,
    async next() {
      for (;;) {
        const first = reports.shift();
        if (first) {
          return first;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function create(service: string, parameters: object): Promise<string> {
  const response = await post(service, parameters);
  expect(response.status).toBe(201);
  return response.headers.get("location") ?? "";
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}

function cursors({ received }: FrameServer): unknown[] {
  return received.map(({ headers }) => headers["last-event-id"]);
}

test("says what the client can do", async () => {
  const { url } = await start();
  expect(await (await fetch(url)).json()).toEqual({
    name: "protoc-gen-sse",
    capabilities: expect.arrayContaining(["bom", "comments", "post", "report", "restart"]),
  });
});

describe("a stream", () => {
  test("is created, reported, resumed and deleted", async () => {
    const callbacks = await startCallbacks();
    const streams = await startFrameServer(({ number, send, end }) =>
      number === 1 ? end(": hello\nid: 1\nevent: put\ndata: a\n\n") : send("data: b\n\n"),
    );
    const { url } = await start();
    const stream = await create(url, {
      streamUrl: `${streams.baseUrl}/events`,
      callbackUrl: callbacks.url,
      initialDelayMs: 0,
      lastEventId: "0",
      method: "REPORT",
      body: "{}",
      headers: { "x-test": "1", "content-type": "application/json" },
    });
    expect(await callbacks.next()).toEqual({ number: 1, message: { kind: "comment", comment: "hello" } });
    expect(await callbacks.next()).toEqual({
      number: 2,
      message: { kind: "event", event: { type: "put", data: "a", id: "1" } },
    });
    expect(await callbacks.next()).toMatchObject({ number: 3, message: { kind: "error" } });
    expect(await callbacks.next()).toEqual({
      number: 4,
      message: { kind: "event", event: { type: "message", data: "b", id: "1" } },
    });
    expect(streams.received.map(({ line, body }) => [line, body])).toEqual(Array(2).fill(["REPORT /events", "{}"]));
    expect(streams.received[1]?.headers).toMatchObject({ "x-test": "1", "content-type": "application/json" });
    expect(cursors(streams)).toEqual(["0", "1"]);

    expect((await fetch(stream, { method: "DELETE" })).status).toBe(204);
    await (await streams.response(2)).closed;
    expect((await fetch(stream, { method: "DELETE" })).status).toBe(404);
  });

  test("is restarted where it was", async () => {
    const callbacks = await startCallbacks();
    const streams = await startFrameServer(({ number, send }) => send(`id: ${number}\ndata: ${number}\n\n`));
    const { url } = await start();
    const stream = await create(url, { streamUrl: streams.baseUrl, callbackUrl: callbacks.url });
    await callbacks.next();
    expect((await post(stream, { command: "restart" })).status).toBe(202);
    await (await streams.response(1)).closed;
    expect(await callbacks.next()).toMatchObject({ number: 2, message: { event: { data: "2", id: "2" } } });
    expect(cursors(streams)).toEqual([undefined, "1"]);
    expect((await post(stream, { command: "dance" })).status).toBe(400);
  });

  test("that falls silent is reported, and reconnects", async () => {
    const callbacks = await startCallbacks();
    const streams = await startFrameServer(({ number, send }) => send(number === 1 ? ":\n" : "data: a\n\n"));
    const times = { initialDelayMs: 0, readTimeoutMs: 100 };
    const { url } = await start();
    await create(url, { streamUrl: streams.baseUrl, callbackUrl: callbacks.url, ...times });
    expect(await callbacks.next()).toMatchObject({ message: { kind: "comment", comment: "" } });
    const text = expect.stringContaining("idle timeout");
    expect(await callbacks.next()).toMatchObject({ message: { kind: "error", error: text, comment: text } });
    expect(await callbacks.next()).toMatchObject({ message: { kind: "event", event: { data: "a" } } });
  });

  test("is not made of anything else", async () => {
    const { url } = await start();
    expect((await post(url, { streamUrl: "nowhere" })).status).toBe(400);
    expect((await fetch(url, { method: "POST", body: "{" })).status).toBe(400);
    expect((await fetch(`${url}streams/1`, { method: "POST", body: "{}" })).status).toBe(404);
  });
});

test("stops on request, and ends its streams", async () => {
  const callbacks = await startCallbacks();
  const streams = await startFrameServer(({ send }) => send("data: a\n\n"));
  const { url, stopped } = await start();
  await create(url, { streamUrl: streams.baseUrl, callbackUrl: callbacks.url });
  await callbacks.next();
  expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
  await stopped;
  await (await streams.response(1)).closed;
});
