/** How long a plugin takes to answer an empty request, beside protoc-gen-es: in turn, medians. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const RUNS = 21;
const plugins = {
  "protoc-gen-sse": fileURLToPath(new URL("../bin/protoc-gen-sse", import.meta.url)),
  "protoc-gen-es": fileURLToPath(new URL("../node_modules/.bin/protoc-gen-es", import.meta.url)),
};

const times = Object.fromEntries(Object.keys(plugins).map((name) => [name, []]));
for (let run = -1; run < RUNS; run++) {
  for (const [name, path] of Object.entries(plugins)) {
    const start = performance.now();
    const { status } = spawnSync(process.execPath, [path], { input: "" });
    if (status !== 0) {
      throw new Error(`${name} failed`);
    }
    if (run >= 0) {
      times[name].push(performance.now() - start); // the first warms the disk's cache
    }
  }
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
for (const [name, list] of Object.entries(times)) {
  console.log(`start-up ${name.padEnd(16)} ${median(list).toFixed(0).padStart(5)} ms, median of ${RUNS}`);
}
const ratios = times["protoc-gen-sse"].map((time, i) => time / times["protoc-gen-es"][i]);
console.log(`start-up, ratio of each pair, median: ${median(ratios).toFixed(2)}`);
