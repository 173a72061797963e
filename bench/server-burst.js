// A burst: CPU of the server's process per event of 200,000, read by another process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { frame, path, serveRaw, serveRuntime } from "./server-runtime.js";

const EVENTS = 200_000;
const symbol = "A".repeat(64);

/** A client that reads to the end and does nothing else. */
const client = `require("node:http").get(process.argv[1], (response) => response.resume())`;

async function measure(name, serve) {
  let best = Number.POSITIVE_INFINITY; // of five: the others were disturbed, or not compiled yet
  let wall = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const { port, close } = await serve();
    const started = performance.now();
    const cpu = process.cpuUsage();
    const child = spawn(process.execPath, ["-e", client, `http://127.0.0.1:${port}${path}`], { stdio: "inherit" });
    await once(child, "close");
    const { user, system } = process.cpuUsage(cpu);
    best = Math.min(best, (user + system) / EVENTS);
    wall = Math.min(wall, performance.now() - started);
    close();
  }
  console.log(`${best.toFixed(2).padStart(8)} µs CPU an event  ${wall.toFixed(0).padStart(6)} ms in all   ${name}`);
}

console.log(`a burst of ${EVENTS.toLocaleString("en")} events to one client`);
const writeEach = (toFrame) => () =>
  serveRaw(async (response) => {
    for (let sequence = 0; sequence < EVENTS; sequence++) {
      if (!response.write(toFrame(sequence, symbol))) {
        await once(response, "drain");
      }
    }
    response.end(":end\n");
  });
const plain = (sequence, symbol) =>
  `id: ${sequence}\ndata: ${JSON.stringify({ sequence: String(sequence), symbol })}\n\n`;
await measure("raw res.write of plain objects, an event each", writeEach(plain));
await measure("raw res.write of messages, an event each", writeEach(frame));
await measure("async generator of our server", () =>
  serveRuntime(async function* () {
    for (let sequence = 0; sequence < EVENTS; sequence++) {
      yield { sequence: BigInt(sequence), symbol };
    }
  }),
);
