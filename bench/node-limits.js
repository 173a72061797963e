// @ts-check
/**
 * How far one node goes: streams over HTTP on a topic over Redis, in one process. For each number of streams it prints what
 * a stream holds in memory while nothing happens, and then, one event of 60 bytes after the other, each as soon as all clients
 * have the one before: the CPU time of the server for each delivery, and the deliveries in a second. The clients are
 * another process, which only counts. `node bench/node-limits.js [streams…]`.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { toNodeHandler } from "srvx/node";
import { startRedis } from "./backend-servers.js";
import { cpuOf } from "./measure.js";
import { listen, load } from "./runtime.js";

const { createLogTopic, createNewsServer, createRedisEventLog, HeadlineSchema } = await load(`
  export { createLogTopic } from "./templates/typescript/server.ts";
  export { createRedisEventLog } from "./templates/typescript/redis-event-log.ts";
  export { createNewsServer } from "./templates/typescript/testing/news.ts";
  export { HeadlineSchema } from "./test/gen/news/v1/news_pb.ts";
`);

const EVENTS = 50;

/** Prints a line when all streams are open, and one for each event that all have. */
const clients = `
  const [port, path, streams] = process.argv.slice(1);
  const request = "GET " + path + " HTTP/1.1\\r\\nHost: localhost\\r\\nAccept: text/event-stream\\r\\n\\r\\n";
  let [open, events] = [0, 0];
  for (let i = 0; i < streams; i++) {
    const socket = require("node:net").connect(port, "127.0.0.1", () => socket.write(request));
    socket.setEncoding("latin1");
    socket.once("data", () => ++open === Number(streams) && console.log("open"));
    socket.on("data", (text) => {
      events += text.split("data: ").length - 1;
      if (events >= streams) {
        events -= streams;
        console.log("event");
      }
    });
    socket.on("error", () => {});
  }
`;

const server = await startRedis();
const redis = new Redis(server.port, "127.0.0.1");
const log = createRedisEventLog({ client: redis });
const topic = (/** @type {string} */ name) => createLogTopic(HeadlineSchema, { log, name });
const news = createNewsServer((/** @type {any} */ request, /** @type {any} */ { signal, lastEventId }) =>
  topic(request.topic).subscribe({ signal, after: lastEventId }),
);

console.log("streams   memory a stream   CPU a delivery   deliveries a second");
for (const streams of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1000, 5000, 10_000]) {
  const http = await listen(/** @type {any} */ (toNodeHandler(news.fetch)));
  const before = process.memoryUsage().rss;
  const child = spawn(
    process.execPath,
    ["-e", clients, `${http.port}`, `/v1/topics/t${streams}/headlines`, `${streams}`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const memory = (process.memoryUsage().rss - before) / streams / 1024;
  const start = performance.now();
  const cpu = await cpuOf(async () => {
    for (let n = 0; n < EVENTS; n++) {
      await topic(`t${streams}`).publish({ text: "a".repeat(50) });
      await lines.next();
    }
  });
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${String(streams).padStart(7)}${memory.toFixed(0).padStart(14)} KiB${(cpu / streams / EVENTS).toFixed(1).padStart(14)} µs${Math.round(
      (streams * EVENTS) / seconds,
    )
      .toLocaleString("en")
      .padStart(22)}`,
  );
  child.kill();
  http.close();
}
await log.close();
redis.disconnect();
await server.close();
process.exit();
