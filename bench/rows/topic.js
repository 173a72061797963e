// @ts-check
/**
 * One topic and 500 clients: the CPU time of the server for each delivery, when one message after the other is
 * published.
 *
 * Every subject sends the same messages with the same ids over node:http to 500 connections, with a pause after each
 * message, so that no two share a chunk. The clients are one other process; its time does not count. A round begins
 * when all clients are connected and ends when they have all messages. One round warms up.
 *
 * better-sse broadcasts plain objects through a channel. "raw" writes the same bytes to every response of node:http;
 * "bare Response" enqueues them in a `ReadableStream` of each, behind the adapter that ours uses: it shows what the
 * adapter costs.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createChannel, createSession } from "better-sse";
import { toNodeHandler } from "srvx/node";
import { createTopic, frame, path, serveRuntime, TradeSchema } from "../market.js";
import { cpuOf } from "../measure.js";
import { listen } from "../runtime.js";

const CLIENTS = 500;
const MESSAGES = 60;
const symbol = "A".repeat(64);
const encoder = new TextEncoder();

/** Prints a line when all clients have a head, and one when all have all messages. */
const clients = `
  const [url, clients, messages] = process.argv.slice(1);
  const agent = new (require("node:http").Agent)({ maxSockets: Infinity });
  let [heads, events] = [0, 0];
  for (let i = 0; i < clients; i++) {
    require("node:http").get(url, { agent }, (response) => {
      if (++heads === Number(clients)) console.log("connected");
      response.setEncoding("latin1");
      response.on("data", (text) => {
        events += text.split('"symbol":').length - 1;
        if (events === clients * messages) console.log("done");
      });
      response.on("error", () => {});
    });
  }
`;
const head = { "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform" };

/** @typedef {{ port: number, close(): void, publish(i: number): void }} Publisher */

/** @param {() => Promise<Publisher>} serve */
const broadcast = (serve) => async () => {
  const { port, close, publish } = await serve();
  const child = spawn(process.execPath, [
    "-e",
    clients,
    `http://127.0.0.1:${port}${path}`,
    `${CLIENTS}`,
    `${MESSAGES}`,
  ]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  await new Promise((resolve) => setTimeout(resolve, 50)); // the last heads are written
  const time = await cpuOf(async () => {
    for (let i = 0; i < MESSAGES; i++) {
      publish(i);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await lines.next();
  });
  child.kill();
  close();
  return { time: time / CLIENTS / MESSAGES };
};

/** @type {Record<string, () => Promise<Publisher>>} */
const servers = {
  async ours() {
    const topic = createTopic(TradeSchema);
    const server = await serveRuntime((/** @type {unknown} */ _request, /** @type {any} */ { signal }) =>
      topic.subscribe({ signal }),
    );
    return { ...server, publish: (i) => topic.publish({ sequence: BigInt(i), symbol }) };
  },
  async "better-sse"() {
    const channel = createChannel();
    const server = await listen(async (request, response) => {
      channel.register(await createSession(request, response));
    });
    return {
      ...server,
      publish: (i) => channel.broadcast({ sequence: String(i), symbol }, "message", { eventId: String(i) }),
    };
  },
  async "bare Response"() {
    const controllers = /** @type {ReadableStreamDefaultController[]} */ ([]);
    const fetch = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controllers.push(controller);
            controller.enqueue(encoder.encode(":sse/1 end\n"));
          },
        }),
        { headers: head },
      );
    const publish = (/** @type {number} */ i) => {
      const bytes = encoder.encode(frame(i, symbol));
      for (const controller of controllers) {
        controller.enqueue(bytes);
      }
    };
    return { ...(await listen(/** @type {any} */ (toNodeHandler(fetch)))), publish };
  },
  async raw() {
    const responses = /** @type {import("node:http").ServerResponse[]} */ ([]);
    const server = await listen((_request, response) => {
      response.writeHead(200, head);
      response.write(":sse/1 end\n");
      responses.push(response);
    });
    const publish = (/** @type {number} */ i) => {
      const bytes = encoder.encode(frame(i, symbol));
      for (const response of responses) {
        response.write(bytes);
      }
    };
    return { ...server, publish };
  },
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: one topic, 500 clients",
  packages: ["better-sse", "srvx"],
  rows: [
    {
      name: "one message at a time",
      figures: { time: { unit: "µs/delivery", ratio: { "better-sse": 0.6 } } },
      rounds: 7,
      warmup: 1,
      subjects: Object.fromEntries(Object.entries(servers).map(([name, serve]) => [name, broadcast(serve)])),
    },
  ],
};
