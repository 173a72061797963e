// @ts-check
/**
 * A burst of messages to one client: the CPU time of the server for each event.
 *
 * Every subject sends the same number of the same messages over node:http, one event for each, with the same id. The
 * client is another process, which reads to the end and does nothing else; its time does not count. Two rounds warm up.
 * "raw" is `res.write` of a frame that `toJsonString` of protobuf-es makes, with a wait for `drain`; "raw, plain
 * objects" makes no message and calls `JSON.stringify`, which is less work than ours.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { frame, path, serveRaw, serveRuntime } from "../market.js";
import { cpuOf } from "../measure.js";

const EVENTS = 100_000;
const symbol = "A".repeat(64);
const client = `require("node:http").get(process.argv[1], (response) => response.resume())`;

/** @param {() => Promise<{ port: number, close(): void }>} serve */
const burst = (serve) => async () => {
  const { port, close } = await serve();
  const time = await cpuOf(async () => {
    const child = spawn(process.execPath, ["-e", client, `http://127.0.0.1:${port}${path}`], { stdio: "inherit" });
    await once(child, "close");
  });
  close();
  return { time: time / EVENTS };
};

/** @param {(sequence: number, symbol: string) => string} toFrame */
const writeEach = (toFrame) => () =>
  serveRaw(async (response) => {
    for (let sequence = 0; sequence < EVENTS; sequence++) {
      if (!response.write(toFrame(sequence, symbol))) {
        await once(response, "drain");
      }
    }
    response.end(":end\n");
  });

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: a burst to one client",
  packages: ["@bufbuild/protobuf", "srvx"],
  rows: [
    {
      name: "messages, 64 characters and an int64",
      figures: { time: { unit: "µs/event", ratio: { raw: 0.6 } } },
      rounds: 7,
      subjects: {
        ours: burst(() =>
          serveRuntime(async function* () {
            for (let sequence = 0; sequence < EVENTS; sequence++) {
              yield { sequence: BigInt(sequence), symbol };
            }
          }),
        ),
        raw: burst(writeEach(frame)),
        "raw, plain objects": burst(
          writeEach(
            (sequence, text) =>
              `id: ${sequence}\ndata: ${JSON.stringify({ sequence: `${sequence}`, symbol: text })}\n\n`,
          ),
        ),
      },
    },
  ],
};
