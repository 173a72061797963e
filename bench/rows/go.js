// @ts-check
/**
 * The Go runtime, beside go-sse, the decoder of LaunchDarkly's eventsource, connect-go, and handlers by hand.
 *
 * bench/go is a program in Go that does the work; the code of each subject is there. Trades have about 145 bytes as events of
 * a stream with ids. All subjects send the same messages, and read the same bytes.
 *
 * Decoding: 200,000 events from memory, 16 KiB a read. Each decoder gives the data of an event as text of its own,
 * except "in place", which is what our client does: it decodes a message from the buffer. ReadString only finds the
 * lines that begin with `data: `. One event of 4 MiB comes in reads of 1,400 bytes, as TCP packets bring it, beside one of
 * 1 MiB: four times as much work is linear.
 *
 * Both sides: server and client of a stream run in one process, over HTTP on a TCP connection of the loopback, and their CPU
 * time is that of this process, with the system calls. "protojson" marshals and unmarshals the same messages once each, with
 * nothing else. go-sse has no messages: protojson is called by hand on both sides.
 *
 * A burst: the client is another process, whose time does not count. By hand means a `Fprintf` of what protojson gives,
 * then a flush for each event, since net/http keeps up to 4 KiB otherwise. Without any flush, events would be late.
 * Unary calls, topics and memory have their clients in another process, too. connect-go is used with JSON. Topics send
 * one message to 500 clients, and the next one when all of them have it. Memory is heap and stacks after garbage
 * collection of a process that did nothing else before.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startWorker } from "../worker.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = `${root}.cache/bench-go`;

/** Builds the program, with one file more in the runtime, which makes the decoder public. Returns its path. */
function build() {
  const overlay = `${folder}/overlay.json`;
  const added = { [`${root}templates/go/sse/decoder_export.go`]: `${root}bench/go/sse/decoder_export.go` };
  mkdirSync(folder, { recursive: true });
  writeFileSync(overlay, JSON.stringify({ Replace: added }));
  execFileSync("go", ["build", "-tags=bench", `-overlay=${overlay}`, "-o", `${folder}/bench`, "."], {
    cwd: `${root}bench/go`,
    stdio: "inherit",
  });
  return `${folder}/bench`;
}

/** @returns {Promise<import("../harness.js").Bench>} */
async function bench() {
  const title = "The Go runtime";
  if (spawnSync("go", ["version"]).status !== 0) {
    return { title, missing: "Go is not installed", rows: [] };
  }
  const program = build();
  const worker = startWorker(program);

  /** @param {string} prefix @param {string[]} peers @param {(name: string) => import("../harness.js").Subject} run */
  const subjects = (prefix, peers, run = (name) => () => worker.ask(name)) =>
    Object.fromEntries(["ours", ...peers].map((name) => [name, run(`${prefix}: ${name}`)]));

  /** In a process of its own. @param {string} name */
  const alone = (name) => async () => {
    const fresh = startWorker(program);
    const costs = await fresh.ask(name);
    fresh.close();
    return costs;
  };

  const repeated = { rounds: 5, warmup: 1 };
  const once = { rounds: 1 };
  const decoding = ["data", "id and data", "id, event and data"].map((fields) => ({
    ...repeated,
    name: `decoding, ${fields}`,
    figures: { time: { unit: "ns/event", ratio: { "go-sse": 0.5 } } },
    subjects: subjects(`decode ${fields}`, ["go-sse", "eventsource", "ReadString"]),
  }));
  const large = ["LF", "CR"].map((end) => ({
    ...repeated,
    name: `one event of 4 MiB, ${end}`,
    figures: { time: { unit: "ms", ratio: { "1 MiB": 4.5 } } },
    subjects: {
      ...subjects(`4 MiB, ${end}`, ["bytes.Buffer"]),
      "1 MiB": () => worker.ask(`1 MiB, ${end}: ours`),
    },
  }));
  const unary = ["GET", "POST"].map((verb) => ({
    ...repeated,
    name: verb,
    figures: { time: { unit: "µs/call" } },
    subjects: subjects(verb, ["connect-go", "protojson by hand", "encoding/json by hand"]),
  }));
  const memory = ["memory", "memory of a topic"].map((name) => ({
    ...once,
    name: name === "memory" ? "memory of an idle stream" : "memory of a subscriber",
    figures: { memory: { unit: "KiB/stream" } },
    subjects: { ours: alone(`${name}: ours`), "by hand": alone("memory: by hand") },
  }));
  return {
    title,
    versions: await worker.ask("versions"),
    close: worker.close,
    rows: [
      ...decoding,
      {
        ...once,
        name: "objects that the decoder makes",
        figures: { objects: { unit: "an event", value: 0.1 } },
        subjects: { ours: () => worker.ask("decode id, event and data: in place") },
      },
      ...large,
      {
        ...repeated,
        name: "server and client",
        figures: { time: { unit: "µs/event", ratio: { protojson: 1.3 } } },
        subjects: subjects("both", ["protojson", "go-sse"]),
      },
      {
        ...repeated,
        name: "a burst",
        figures: { time: { unit: "µs/event", ratio: { "a flush an event": 0.6 } } },
        subjects: subjects("burst", ["a flush an event", "never flushed", "go-sse"]),
      },
      {
        ...repeated,
        name: "one topic, 500 clients",
        figures: { time: { unit: "µs/delivery" } },
        subjects: subjects("topic", ["go-sse", "by hand"]),
      },
      ...unary,
      ...memory,
      {
        ...once,
        name: "50 streams that were left",
        figures: { goroutines: { unit: "goroutines more", value: 0 } },
        subjects: { ours: () => worker.ask("streams that were left") },
      },
      {
        ...once,
        name: "a silent server, until TimeoutError",
        figures: { limit: { unit: "× its heartbeat", value: 2.5 } },
        subjects: { ours: () => worker.ask("a silent server") },
      },
    ],
  };
}

export default await bench();
