// @ts-check
/**
 * A lone event: from the moment at which the handler has it to the moment at which another process has read it, on the
 * clock of the machine. A busy machine distorts it.
 *
 * Every subject sends the same number of events over node:http, with the same pause before each. "raw" is `res.write`
 * of a frame that `toJsonString` of protobuf-es makes. One round warms up.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { frame, path, serveRaw, serveRuntime } from "../market.js";

const EVENTS = 300;
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
const now = () => String(process.hrtime.bigint());

/** Compares the time in an event with its own, and prints the median. */
const client = `
  const took = [];
  require("node:http").get(process.argv[1], (response) => {
    response.setEncoding("utf8");
    response.on("data", (text) => {
      const now = process.hrtime.bigint();
      for (const [, sent] of text.matchAll(/"symbol":"(\\d+)"/g)) took.push(Number(now - BigInt(sent)) / 1000);
    });
    response.on("end", () => console.log(took.sort((a, b) => a - b)[took.length >> 1]));
  });
`;

/** @param {() => Promise<{ port: number, close(): void }>} serve */
const latency = (serve) => async () => {
  const { port, close } = await serve();
  const child = spawn(process.execPath, ["-e", client, `http://127.0.0.1:${port}${path}`]);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(child, "close");
  close();
  return { p50: Number(output) };
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: a lone event",
  packages: ["@bufbuild/protobuf", "srvx"],
  rows: [
    {
      name: "from the handler to the client, median",
      figures: { p50: { unit: "µs" } },
      rounds: 5,
      warmup: 1,
      subjects: {
        ours: latency(() =>
          serveRuntime(async function* () {
            for (let sequence = 0; sequence < EVENTS; sequence++) {
              await pause();
              yield { sequence: BigInt(sequence), symbol: now() };
            }
          }),
        ),
        raw: latency(() =>
          serveRaw(async (response) => {
            for (let sequence = 0; sequence < EVENTS; sequence++) {
              await pause();
              response.write(frame(sequence, now()));
            }
            response.end(":end\n");
          }),
        ),
      },
    },
  ],
};
