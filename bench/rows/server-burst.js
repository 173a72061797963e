// @ts-check
/**
 * A burst of messages to one client: the CPU time of the server for each event.
 *
 * Every subject sends the same number of events over node:http, with the same id and the same fields, and waits when
 * the client reads too slowly, if it can. The client is another process, which reads to the end and counts the events;
 * its time does not count. One round warms up.
 *
 * Ours makes a message of protobuf-es from what the handler yields, and checks and encodes it. "raw" is `res.write` of
 * a frame that `create` and `toJsonString` of protobuf-es make, one for each event. The others send plain objects with
 * `JSON.stringify`, which is less work than ours, each in the way that its guide shows: better-sse `push`, Hono
 * `streamSSE`, h3 `createEventStream`, tRPC a subscription of tracked events, oRPC an event iterator.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { getRequestListener } from "@hono/node-server";
import { os, withEventMeta } from "@orpc/server";
import { RPCHandler } from "@orpc/server/node";
import { initTRPC, tracked } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { createSession } from "better-sse";
import { createEventStream, H3, toNodeHandler } from "h3";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { frame, path, serveRaw, serveRuntime } from "../market.js";
import { cpuOf } from "../measure.js";
import { listen } from "../runtime.js";

const EVENTS = 50_000;
const symbol = "A".repeat(64);
/** @param {number} i */
const plain = (i) => ({ sequence: String(i), symbol });

/** Prints the number of events that it got. */
const client = `
  let rest = "";
  let events = 0;
  require("node:http").get(process.argv[1], (response) => {
    response.setEncoding("latin1");
    response.on("data", (text) => {
      const parts = (rest + text).split('"symbol":');
      events += parts.length - 1;
      rest = parts.at(-1).slice(-9);
    });
    response.on("end", () => console.log(events));
  });
`;

/** @param {() => Promise<{ port: number, close(): void }>} serve @param {string} [at] */
const burst =
  (serve, at = path) =>
  async () => {
    const { port, close } = await serve();
    let output = "";
    const time = await cpuOf(async () => {
      const child = spawn(process.execPath, ["-e", client, `http://127.0.0.1:${port}${at}`]);
      child.stdout.on("data", (text) => {
        output += text;
      });
      await once(child, "close");
    });
    close();
    if (Number(output) !== EVENTS) {
      throw new Error(`the client got ${output} events of ${EVENTS}`);
    }
    return { time: time / EVENTS };
  };

/** @param {(sequence: number, symbol: string) => string} toFrame */
const writeEach = (toFrame) => () =>
  serveRaw(async (response) => {
    for (let i = 0; i < EVENTS; i++) {
      if (!response.write(toFrame(i, symbol))) {
        await once(response, "drain");
      }
    }
    response.end(":end\n");
  });

const serveOurs = () =>
  serveRuntime(async function* () {
    for (let i = 0; i < EVENTS; i++) {
      yield { sequence: BigInt(i), symbol };
    }
  });

const serveBetterSse = () =>
  listen(async (request, response) => {
    const session = await createSession(request, response);
    for (let i = 0; i < EVENTS; i++) {
      session.push(plain(i), "message", String(i));
      // It has no backpressure of its own.
      if (response.writableNeedDrain) {
        await once(response, "drain");
      }
    }
    response.end();
  });

const serveHono = () => {
  const app = new Hono();
  app.get(path, (context) =>
    streamSSE(context, async (stream) => {
      for (let i = 0; i < EVENTS; i++) {
        await stream.writeSSE({ id: String(i), data: JSON.stringify(plain(i)) });
      }
    }),
  );
  return listen(getRequestListener(app.fetch));
};

const serveH3 = () => {
  const app = new H3();
  app.get(path.replace(":", "\\:"), (event) => {
    const stream = createEventStream(event);
    const push = async () => {
      for (let i = 0; i < EVENTS; i++) {
        await stream.push({ id: String(i), data: JSON.stringify(plain(i)) });
      }
      await stream.close();
    };
    void push();
    return stream.send();
  });
  return listen(/** @type {any} */ (toNodeHandler(app)));
};

const serveTrpc = () => {
  const trpc = initTRPC.create();
  const router = trpc.router({
    watch: trpc.procedure.subscription(async function* () {
      for (let i = 0; i < EVENTS; i++) {
        yield tracked(String(i), plain(i));
      }
    }),
  });
  // Its reconnection after a while would cut the stream; the client here ends with the first one.
  return listen(createHTTPHandler({ router }));
};

const serveOrpc = () => {
  const router = {
    watch: os.handler(async function* () {
      for (let i = 0; i < EVENTS; i++) {
        yield withEventMeta(plain(i), { id: String(i) });
      }
    }),
  };
  const handler = new RPCHandler(router, { strictGetMethodPluginEnabled: false });
  return listen((request, response) => void handler.handle(request, response, { context: {} }));
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: a burst to one client",
  packages: [
    ...["@bufbuild/protobuf", "srvx", "better-sse", "hono", "@hono/node-server", "h3", "@trpc/server"],
    "@orpc/server",
  ],
  rows: [
    {
      name: "64 characters and an int64",
      figures: {
        time: {
          unit: "µs/event",
          ratio: { raw: 0.6, "better-sse": 1, Hono: 1, h3: 1, tRPC: 1, oRPC: 1 },
        },
      },
      rounds: 7,
      warmup: 1,
      subjects: {
        ours: burst(serveOurs),
        raw: burst(writeEach(frame)),
        "raw, plain objects": burst(writeEach((i) => `id: ${i}\ndata: ${JSON.stringify(plain(i))}\n\n`)),
        "better-sse": burst(serveBetterSse),
        Hono: burst(serveHono),
        h3: burst(serveH3),
        tRPC: burst(serveTrpc, "/watch"),
        oRPC: burst(serveOrpc, "/watch"),
      },
    },
  ],
};
