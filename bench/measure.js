// @ts-check
/**
 * CPU time instead of time on the clock: a neighbour on the same machine does not count, while garbage collection and
 * compilation in other threads of the process do.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The CPU time of this process while something runs, in microseconds. @param {() => unknown} run */
export async function cpuOf(run) {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** The same for what runs without waiting. @param {() => unknown} run */
export function cpuOfSync(run) {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/**
 * Runs a script in a process of its own.
 * @param {string[]} argv The script and its arguments, with options of Node in front.
 * @param {{ input?: Uint8Array | string, cwd?: string }} [options] What it reads from its standard input.
 * @returns {Promise<{ CPU: number, memory: number, output: Buffer }>} Milliseconds, from its start to its end; its
 * largest resident memory, in MiB; and what it wrote.
 */
export async function runScript(argv, { input = "", cwd } = {}) {
  const hook = fileURLToPath(new URL("report-usage.cjs", import.meta.url));
  const child = spawn(process.execPath, ["-r", hook, ...argv], { cwd, stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const chunks = /** @type {Buffer[]} */ ([]);
  let usage = "";
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  child.stdout?.on("data", (chunk) => chunks.push(chunk));
  child.stdio[3]?.on("data", (chunk) => {
    usage += chunk;
  });
  child.stdin?.on("error", () => {}); // it may end without having read all
  child.stdin?.end(input);
  const [status] = await once(child, "close");
  if (status !== 0) {
    throw new Error(`${argv.join(" ")} failed: ${status}\n${errors}`);
  }
  const { cpu, memory } = JSON.parse(usage);
  return { CPU: cpu, memory, output: Buffer.concat(chunks) };
}
