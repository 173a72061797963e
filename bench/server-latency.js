// A lone event: from the moment that it is there to the moment that another process has read it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { frame, path, serveRaw, serveRuntime } from "./server-runtime.js";

const EVENTS = 1000;
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A client that compares the time in an event with its own: the clock is the machine's. */
const client = `
  const took = [];
  require("node:http").get(process.argv[1], (response) => {
    response.setEncoding("utf8");
    response.on("data", (text) => {
      const now = process.hrtime.bigint();
      for (const [, sent] of text.matchAll(/"symbol":"(\\d+)"/g)) took.push(Number(now - BigInt(sent)) / 1000);
    });
    response.on("end", () => {
      took.sort((a, b) => a - b);
      console.log([0.5, 0.9, 0.99].map((part) => took[Math.floor(took.length * part)].toFixed(0)).join(" "));
    });
  });
`;

async function measure(name, { port, close }) {
  const child = spawn(process.execPath, ["-e", client, `http://127.0.0.1:${port}${path}`]);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(child, "close");
  const [median, p90, p99] = output.trim().split(" ");
  console.log(`${median.padStart(6)} µs median ${p90.padStart(6)} µs p90 ${p99.padStart(6)} µs p99   ${name}`);
  close();
}

console.log(`${EVENTS} events, each by itself`);
await measure(
  "raw res.write",
  await serveRaw(async (response) => {
    for (let sequence = 0; sequence < EVENTS; sequence++) {
      await pause();
      response.write(frame(sequence, String(process.hrtime.bigint())));
    }
    response.end(":end\n");
  }),
);
await measure(
  "async generator of our server",
  await serveRuntime(async function* () {
    for (let sequence = 0; sequence < EVENTS; sequence++) {
      await pause();
      yield { sequence: BigInt(sequence), symbol: String(process.hrtime.bigint()) };
    }
  }),
);
