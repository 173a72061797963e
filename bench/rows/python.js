// @ts-check
/**
 * The Python runtime, beside httpx-sse, openai-python and json_format of protobuf.
 *
 * bench/python/run.py does the work, in one process. All subjects read the same bytes: 20,000 trades of about 110 bytes in
 * chunks of 16 KiB, through a transport in memory, so that no socket is measured. "untyped" is httpx-sse with `json.loads`:
 * it gives dictionaries, without reconnection, limits or types. Ours gives messages, of either of two libraries.
 *
 * It needs the environment of the tests (`make python`). The peers are installed beside it, in .cache.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startWorker } from "../worker.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const python = `${process.env["PYTHON_ENV"] ?? `${root}.cache/python`}/bin/python`;
const peers = `${root}.cache/bench-python`;

/** @returns {Promise<import("../harness.js").Bench>} */
async function bench() {
  const title = "The Python runtime";
  if (!existsSync(python)) {
    return { title, missing: `there is no ${python}: make python`, rows: [] };
  }
  if (!existsSync(peers)) {
    const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", peers];
    execFileSync(python, [...args, "-r", `${root}bench/python/requirements.txt`], { stdio: "inherit" });
  }
  const worker = startWorker(python, [`${root}bench/python/run.py`]);

  /** @param {string} name */
  const run = (name) => () => worker.ask(name);
  /** @param {Record<string, number>} ratio @param {string} [unit] */
  const figures = (ratio, unit = "µs/event") => ({ time: { unit, ratio } });

  return {
    title,
    versions: await worker.ask("versions"),
    close: worker.close,
    rows: [
      {
        name: "decoding",
        figures: figures({ "httpx-sse": 0.83, "openai-python": 0.33 }),
        subjects: {
          ours: run("decoder: ours"),
          "httpx-sse": run("decoder: httpx-sse"),
          "openai-python": run("decoder: openai-python"),
        },
      },
      {
        name: "one event of 4 MiB, chunks of 1,400 bytes, LF",
        figures: figures({ "one chunk": 2 }, "µs"),
        subjects: {
          ours: run("4 MiB, LF: ours"),
          "one chunk": run("4 MiB, LF: one chunk"),
          "openai-python": run("4 MiB, LF: openai-python"),
        },
      },
      {
        name: "one event of 4 MiB, chunks of 1,400 bytes, CR",
        figures: figures({ "one chunk": 2 }, "µs"),
        subjects: { ours: run("4 MiB, CR: ours"), "one chunk": run("4 MiB, CR: one chunk") },
      },
      {
        name: "messages of protobuf",
        figures: figures({ json_format: 0.25 }),
        subjects: {
          ours: run("messages, google: ours"),
          json_format: run("messages, google: json_format"),
          "json.loads": run("json.loads"),
        },
      },
      {
        name: "messages of protobuf-py",
        figures: figures({}),
        subjects: { ours: run("messages, protobuf-py: ours"), "json.loads": run("json.loads") },
      },
      ...[
        { name: "client, protobuf-py", target: 1 },
        { name: "client, google", target: 1.5 },
        { name: "asynchronous client, protobuf-py" },
        { name: "asynchronous client, google" },
      ].map(({ name, target }) => ({
        name,
        figures: figures(target === undefined ? {} : { untyped: target }),
        subjects: { ours: run(name), untyped: run("untyped") },
      })),
    ].map((row) => ({ rounds: 7, warmup: 1, ...row })),
  };
}

export default await bench();
