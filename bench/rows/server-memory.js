// @ts-check
/**
 * Memory of an idle stream: that of 1,000 or 5,000 of them on one server, divided by their number.
 *
 * Every subject runs in a process of its own, which holds the server and the sockets of the clients; the sockets are
 * the same for all. Fifty streams open first, for code and caches. Garbage is collected before both readings. "raw" is
 * node:http with one written comment and nothing else. "bare Response" is a `ReadableStream` with that comment, behind
 * the adapter that ours uses: what the Fetch API costs.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { toNodeHandler } from "srvx/node";
import { createTopic, path, serveRaw, serveRuntime, TradeSchema } from "../market.js";
import { runScript } from "../measure.js";
import { listen } from "../runtime.js";

const self = fileURLToPath(import.meta.url);

const servers = {
  raw: () => serveRaw(() => {}),
  "bare Response": () => listen(/** @type {any} */ (toNodeHandler(respondBare))),
  "a generator that sleeps": () =>
    serveRuntime(async function* (/** @type {unknown} */ _request, /** @type {any} */ { sleep }) {
      yield { sequence: 1n };
      await sleep(3_600_000);
    }),
  "a subscriber of a topic": () => {
    const topic = createTopic(TradeSchema);
    return serveRuntime((/** @type {unknown} */ _request, /** @type {any} */ { signal }) =>
      topic.subscribe({ signal }),
    );
  },
};

function respondBare() {
  const start = (/** @type {ReadableStreamDefaultController} */ controller) =>
    controller.enqueue(new TextEncoder().encode(":sse/1 end\n"));
  return new Response(new ReadableStream({ start }), { headers: { "Content-Type": "text/event-stream" } });
}

/** Bytes that stay in use. */
function used() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + external + arrayBuffers, rss };
}

/** @param {{ port: number }} server */
async function openStreams({ port }, /** @type {number} */ count) {
  const dial = async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(socket, "data");
  };
  await Promise.all(Array.from({ length: 50 }, dial));
  const before = used();
  for (let i = 0; i < count; i += 500) {
    await Promise.all(Array.from({ length: 500 }, dial)); // as many as the backlog of the socket takes
  }
  const after = used();
  const each = (/** @type {number} */ bytes) => bytes / count / 1024;
  return { heap: each(after.heap - before.heap), resident: each(after.rss - before.rss) };
}

/** @param {string} name @param {number} count */
const memory = (name, count) => async () => {
  const { output } = await runScript(["--expose-gc", self, name, `${count}`]);
  return JSON.parse(output.toString());
};

/** @param {string} name @param {number} count @returns {import("../harness.js").Row} */
const row = (name, count) => ({
  name: `${name}, ${count.toLocaleString("en")} streams`,
  figures: {
    resident: { unit: "KiB/stream", ratio: { raw: 1.5 } },
    heap: { unit: "KiB/stream", ratio: { raw: 1.5 } },
  },
  rounds: 3,
  warmup: 0,
  subjects: {
    ours: memory(name, count),
    raw: memory("raw", count),
    "bare Response": memory("bare Response", count),
  },
});

if (process.argv[1] === self) {
  const [, , name, count] = process.argv;
  const server = await servers[/** @type {keyof typeof servers} */ (name)]();
  console.log(JSON.stringify(await openStreams(server, Number(count))));
  process.exit(0);
}

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: memory of an idle stream",
  packages: ["@bufbuild/protobuf", "srvx"],
  rows: [1000, 5000].flatMap((count) => [row("a generator that sleeps", count), row("a subscriber of a topic", count)]),
};
