/** The runtimes of the conformance test: what each of them is, and how it is started. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { loadCase, root } from "../golden.js";
import { cacheFolder, writeProject } from "../golden-code.js";
import { isCommand } from "../is-command.js";
import { type Address, exchange } from "./exchange.js";
import { waitFor } from "./wait-for.js";

export interface Runtime {
  readonly name: string;
  /** The script of its server. */
  readonly script: string;
  readonly protocol?: "h2";
  /** What runs the script, searched in PATH. */
  readonly command: string;
  readonly arguments: readonly string[];
  /** A proxy in front of it, searched in PATH. */
  readonly proxy?: "nginx";
  /** How it compresses streams; nothing else does, though every client asks for it. */
  readonly encoding?: "gzip";
  /** Whether it ends a stream that is quiet for long. */
  readonly idleLimit?: true;
  /** Whether it sends the head of a response only with the first byte of its body. */
  readonly lateHead?: true;
}

const node = { command: process.execPath, arguments: [] };

export const runtimes: readonly Runtime[] = [
  { name: "Node, srvx", script: "node-http1.js", ...node },
  { name: "Node, srvx, HTTP/2", script: "node-http2.js", ...node, protocol: "h2" },
  { name: "Node, @hono/node-server", script: "node-hono.js", ...node },
  { name: "Node, Express, compression", script: "node-express.js", ...node },
  { name: "Bun", script: "bun.js", command: "bun", arguments: [], idleLimit: true, lateHead: true },
  { name: "Deno", script: "deno.js", command: "deno", arguments: ["run", "--allow-net", "--no-lock"] },
  {
    name: "workerd",
    script: "workerd.js",
    command: "workerd",
    arguments: ["serve", "--control-fd=1", "workerd.capnp"],
  },
  { name: "nginx", script: "node-http1.js", ...node, proxy: "nginx", encoding: "gzip", idleLimit: true },
];

/** How to get what is absent. */
const packages: Readonly<Record<string, string>> = {
  bun: "npm install --global bun",
  deno: "npm install --global deno",
  workerd: "npm install --global workerd",
  nginx: "apt-get install nginx-light",
};

/** The command of a runtime that is not there, and how to get it. */
export function absent({ command, proxy }: Runtime): string | undefined {
  const missing = [command, proxy].find((name) => name !== undefined && !isCommand(name));
  return missing && `${missing} is not installed: ${packages[missing]}`;
}

export interface Running {
  readonly address: Address;
  /** Resident memory of the server's process, in bytes. */
  memory(): number;
  stop(): Promise<void>;
  /** Kills the server alone; its proxy stays. */
  kill(): Promise<void>;
}

const cache = cacheFolder("conformance");
const scripts = import.meta.dirname;

/** Bundles the servers, with the emitted code and the emitted runtime. */
export async function bundle(): Promise<void> {
  writeProject(cache, [loadCase("resumable")]);
  const names = new Set(runtimes.map(({ script }) => script));
  await build({
    entryPoints: [...names].map((name) => join(scripts, name)),
    outdir: join(cache, "dist"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    alias: {
      logs: join(cache, "resumable/logs"),
      "protoc-gen-sse/server": join(root, "golden/sse/want/sse/runtime/server.ts"),
    },
    // What only Node has to find, in our node_modules.
    external: ["node:*", "srvx/*", "hono", "@hono/*", "express", "compression"],
    logLevel: "warning",
  });
  cpSync(join(scripts, "workerd.capnp"), join(cache, "dist/workerd.capnp"));
}

/** Starts the server of a runtime, and its proxy. */
export async function start(runtime: Runtime): Promise<Running> {
  const cwd = join(cache, "dist");
  const script = runtime.command === "workerd" ? [] : [runtime.script];
  const server = run(runtime.command, [...runtime.arguments, ...script], cwd);
  const port = await server.port;
  const proxy = runtime.proxy && (await startNginx(port).catch(stopFirst));
  async function stopFirst(error: unknown): Promise<never> {
    await server.stop();
    throw error;
  }
  return {
    address: { protocol: runtime.protocol ?? "http/1.1", ...(proxy?.address ?? { port }) },
    memory: () => residentMemory(server.child),
    kill: server.stop,
    async stop() {
      await proxy?.stop();
      await server.stop();
    },
  };
}

/** A process that prints its port on a line of standard output. */
function run(command: string, args: readonly string[], cwd: string) {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (output += chunk));
  }
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const port = waitFor(
    () => /"port":\s*\d+/.test(output) || child.exitCode !== null,
    `the port of ${command} ${args.join(" ")}`,
    () => output,
  ).then(() => {
    const [, number] = /"port":\s*(\d+)/.exec(output) ?? [];
    if (number === undefined) {
      throw new Error(`${command} ${args.join(" ")} ended: ${output}`);
    }
    return Number(number);
  });
  const stop = () => {
    child.kill("SIGKILL");
    return ended;
  };
  return { child, port, stop };
}

async function startNginx(upstream: number) {
  // Not below ours: the path of a socket takes 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const text = readFileSync(join(scripts, "nginx.conf"), "utf8").replace("UPSTREAM", String(upstream));
  writeFileSync(join(folder, "nginx.conf"), text);
  const child = spawn("nginx", ["-p", folder, "-e", "stderr", "-c", "nginx.conf"], { cwd: folder });
  let output = "";
  child.stderr.on("data", (chunk) => (output += chunk));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const address: Address = { protocol: "http/1.1", socketPath: join(folder, "nginx.sock") };
  await waitFor(async () => {
    if (child.exitCode !== null) {
      throw new Error(`nginx ended: ${output}`);
    }
    return exchange(address, "/state").then(
      ({ status }) => status === 200,
      () => false,
    );
  }, "nginx");
  return {
    address,
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function residentMemory({ pid }: ChildProcess): number {
  const status = `/proc/${pid}/status`;
  const kilobytes = existsSync(status)
    ? /VmRSS:\s*(\d+)/.exec(readFileSync(status, "utf8"))?.[1]
    : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(kilobytes) * 1024;
}
