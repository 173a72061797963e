// @ts-check
/**
 * A lone event: from the moment at which the handler has it to the moment at which another process has read it, on the
 * clock of the machine. A busy machine distorts it.
 *
 * Every subject sends the same number of events over node:http, with the same pause before each. "bare Response" is a
 * `ReadableStream` behind the adapter that ours uses, and "raw" is `res.write`: both write a frame that `create` and
 * `toJsonString` of protobuf-es make. One round warms up.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { toNodeHandler } from "srvx/node";
import { frame, path, serveRaw, serveRuntime } from "../market.js";
import { listen } from "../runtime.js";

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

function respondBare() {
  const encoder = new TextEncoder();
  let sequence = 0;
  const body = new ReadableStream(
    {
      async pull(controller) {
        if (sequence === EVENTS) {
          controller.enqueue(encoder.encode(":end\n"));
          return controller.close();
        }
        await pause();
        controller.enqueue(encoder.encode(frame(sequence++, now())));
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: a lone event",
  packages: ["@bufbuild/protobuf", "srvx"],
  rows: [
    {
      name: "from the handler to the client, median",
      figures: { p50: { unit: "µs", ratio: { "bare Response": 1.1 } } },
      rounds: 7,
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
        "bare Response": latency(() => listen(/** @type {any} */ (toNodeHandler(respondBare)))),
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
