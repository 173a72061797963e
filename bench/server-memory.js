// Memory of an idle stream: 1,000 of them on one process, beside as many responses of node:http that do nothing.
import { once } from "node:events";
import { connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createTopic, path, serveRaw, serveRuntime, TradeSchema } from "./server-runtime.js";

const STREAMS = 1000;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** Bytes that stay in use. The sockets of the clients are of this process too, the same for all. */
function used() {
  for (let i = 0; i < 3; i++) {
    collect();
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + external + arrayBuffers, rss };
}

async function measure(name, { port, close }) {
  const dial = async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(socket, "data");
    return socket;
  };
  const first = await Promise.all(Array.from({ length: 50 }, dial)); // code and caches
  const before = used();
  const sockets = await Promise.all(Array.from({ length: STREAMS }, dial));
  const after = used();
  const kib = (bytes) => (bytes / STREAMS / 1024).toFixed(1).padStart(6);
  console.log(`${kib(after.heap - before.heap)} KiB heap  ${kib(after.rss - before.rss)} KiB resident   ${name}`);
  for (const socket of [...first, ...sockets]) {
    socket.destroy();
  }
  close();
  await new Promise((resolve) => setTimeout(resolve, 500));
}

console.log(`memory of an idle stream, over ${STREAMS.toLocaleString("en")} of them, with the client's socket`);
await measure("raw res.write", await serveRaw(() => {}));
await measure(
  "async generator that sleeps",
  await serveRuntime(async function* (_request, { sleep }) {
    yield { sequence: 1n };
    await sleep(3_600_000);
  }),
);
const topic = createTopic(TradeSchema);
await measure("subscriber of a topic", await serveRuntime((_request, { signal }) => topic.subscribe({ signal })));
process.exit(0);
