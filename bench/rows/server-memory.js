// @ts-check
/**
 * Memory of an idle stream: that of 1,000 of them on one server, divided by their number.
 *
 * Every subject runs in a process of its own, which holds the server and the sockets of the clients; the sockets are
 * the same for all. Fifty streams open first, for code and caches. Garbage is collected before both readings. "raw" is
 * node:http with one written comment and nothing else.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { createTopic, path, serveRaw, serveRuntime, TradeSchema } from "../market.js";
import { runScript } from "../measure.js";

const STREAMS = 1000;
const self = fileURLToPath(import.meta.url);

const servers = {
  raw: () => serveRaw(() => {}),
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

/** Bytes that stay in use. */
function used() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + external + arrayBuffers, rss };
}

/** @param {{ port: number }} server */
async function openStreams({ port }) {
  const dial = async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(socket, "data");
  };
  await Promise.all(Array.from({ length: 50 }, dial));
  const before = used();
  await Promise.all(Array.from({ length: STREAMS }, dial));
  const after = used();
  const each = (/** @type {number} */ bytes) => bytes / STREAMS / 1024;
  return { heap: each(after.heap - before.heap), resident: each(after.rss - before.rss) };
}

/** @param {string} name */
const memory = (name) => async () => {
  const { output } = await runScript(["--expose-gc", self, name]);
  return JSON.parse(output.toString());
};

/** @param {string} name @returns {import("../harness.js").Row} */
const row = (name) => ({
  name,
  figures: {
    resident: { unit: "KiB/stream", ratio: { raw: 1.5 } },
    heap: { unit: "KiB/stream", ratio: { raw: 1.5 } },
  },
  rounds: 5,
  warmup: 0,
  subjects: { ours: memory(name), raw: memory("raw") },
});

if (process.argv[1] === self) {
  const [, , name] = process.argv;
  console.log(JSON.stringify(await openStreams(await servers[/** @type {keyof typeof servers} */ (name)]())));
  process.exit(0);
}

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: memory of an idle stream",
  packages: ["@bufbuild/protobuf", "srvx"],
  rows: [row("a generator that sleeps"), row("a subscriber of a topic")],
};
