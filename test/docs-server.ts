/** The examples of docs/server.md: a project of them, and each set-up as the process that a reader starts. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { compileText, runPlugin } from "./compile-text.js";
import { type Address, disconnect, exchange } from "./conformance/exchange.js";
import { waitFor } from "./conformance/wait-for.js";
import { root, writeFiles } from "./golden.js";
import { cacheFolder, writeProject, writeTsconfig } from "./golden-code.js";
import { isCommand } from "./is-command.js";

export const text: string = readFileSync(join(root, "docs/server.md"), "utf8");
export const blocks: readonly string[] = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = ""]) => block);
const sources = Object.fromEntries(
  blocks.map((block, index) => [/^\/\/ (\S+\.ts)\n/.exec(block)?.[1] ?? `snippet-${index}.ts`, complete(block)]),
);

/** What an example without imports takes from the first one, and from what that imports. */
function complete(block: string): string {
  if (/^import /m.test(block)) {
    return block;
  }
  const from = {
    "./gen/market/v1/market_pb.js": ["TradeSchema"],
    "./gen/market/v1/market_server.js": ["createMarketService"],
    "./gen/sse/runtime/server.js": [
      "Code",
      "type ContextInit",
      "createServer",
      "createTopic",
      "type Interceptor",
      "StatusError",
    ],
    "./server.js": ["market", "server", "trades"],
  };
  const imports = Object.entries(from).map(([module, names]) => {
    const used = names.filter((name) => new RegExp(`\\b${name.replace("type ", "")}\\b`).test(block));
    return `import { ${used.join(", ")} } from "${module}";\n`;
  });
  return `${imports.join("")}${block}export {};\n`;
}

/** The globals of Bun and Deno that the examples use. */
const globals = `
  declare const Bun: {
    serve(options: { fetch(request: Request): Promise<Response>; port: number }): { stop(): Promise<void> };
  };
  declare const Deno: {
    readonly env: { get(name: string): string | undefined };
    serve(options: { port: number }, handler: (request: Request) => Promise<Response>): { shutdown(): Promise<void> };
    addSignalListener(signal: "SIGTERM", listener: () => void): void;
  };
`;

/** Writes the examples, some of them replaced, and the code that they import into a folder of the cache, which is returned. */
export function writeExamples(name: string, replaced: Readonly<Record<string, string>> = {}): string {
  const cache = cacheFolder(name);
  const proto = readFileSync(join(root, "examples/market/proto/market/v1/market.proto"), "utf8");
  const request = compileText({ "market/v1/market.proto": proto }, "emit=client+server");
  const { error, files } = runPlugin(request);
  if (error) {
    throw new Error(error);
  }
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  writeFiles(join(dir, "want"), Object.fromEntries(files));
  writeProject(cache, [{ name: "gen", dir, request }]);
  rmSync(dir, { recursive: true });
  writeFiles(cache, { ...sources, "globals.d.ts": globals, ...replaced });
  // The declarations of frameworks are not ours to check.
  writeTsconfig(cache, "tsconfig.json", { types: ["node"], skipLibCheck: true }, ["*.ts"]);
  return cache;
}

export interface SetUp {
  readonly file: string;
  readonly command: string;
  readonly arguments: (script: string, port: number) => readonly string[];
  readonly protocol?: Address["protocol"];
  /** Beside ours it serves this. */
  readonly other?: string;
}

const node = { command: process.execPath, arguments: (script: string) => [script] };
export const setUps: readonly SetUp[] = [
  { file: "node.ts", ...node },
  { file: "node-http2.ts", ...node, protocol: "h2" },
  { file: "hono.ts", ...node, other: "/healthz" },
  { file: "express.ts", ...node, other: "/healthz" },
  { file: "fastify.ts", ...node, other: "/healthz" },
  { file: "bun.ts", command: "bun", arguments: (script) => [script] },
  {
    file: "deno.ts",
    command: "deno",
    arguments: (script) => ["run", "--allow-net", "--allow-env", "--no-lock", script],
  },
  {
    file: "worker.ts",
    command: "workerd",
    arguments: (_script, port) => [
      ...["serve", "workerd.capnp", `--socket-addr=http=127.0.0.1:${port}`],
      // It prints the port of its inspector, which reports the size of the heap.
      ...["--control-fd=1", "--inspector-addr=127.0.0.1:0"],
    ],
  },
];

/** What is to be installed for a set-up. In CI it must be there. */
export function missing({ file, command }: SetUp): boolean {
  if (isCommand(command)) {
    return false;
  }
  const how = `the set-up of ${file}: ${command} is not installed`;
  if (process.env["CI"] !== undefined) {
    throw new Error(how);
  }
  console.warn(`SKIPPED: ${how}`);
  return true;
}

/** The process of a set-up. */
export interface Started {
  readonly address: Address;
  readonly child: ChildProcess;
  /** What it printed. */
  output(): string;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
  stop(): Promise<unknown>;
}

/** Bundles a set-up of a folder that `writeExamples` has written, and starts it. */
export async function start(cache: string, setUp: SetUp): Promise<Started> {
  await bundle(cache, setUp.file);
  return startBundled(cache, setUp);
}

/** Starts a set-up that is bundled, on a port that is free, or again on the port of a process that has ended. */
export async function startBundled(
  cache: string,
  { file, command, protocol = "http/1.1", ...setUp }: SetUp,
  givenPort?: number,
): Promise<Started> {
  const port = givenPort ?? (await freePort());
  const child = spawn(command, setUp.arguments(file.replace(".ts", ".js"), port), {
    cwd: join(cache, "dist"),
    env: { ...process.env, PORT: String(port), DENO_NO_UPDATE_CHECK: "1", DENO_V8_FLAGS: "--expose-gc", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (output += chunk));
  }
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const address: Address = { protocol, port };
  await waitFor(
    async () => {
      if (child.exitCode !== null) {
        throw new Error(`${file} ended: ${output}`);
      }
      return exchange(address, "/v1/quotes/AAPL").then(
        ({ status }) => status === 200,
        () => {
          if (protocol === "h2") {
            disconnect(port);
          }
          return false;
        },
      );
    },
    `the server of ${file}`,
    () => output,
  );
  return {
    address,
    child,
    output: () => output,
    ended,
    stop() {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

/** Bundles an example for any runtime: dist/<file>. Packages that only Node has to find are not part of it. */
export async function bundle(cache: string, file: string): Promise<void> {
  const { warnings } = await build({
    entryPoints: [join(cache, file)],
    outdir: join(cache, "dist"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: [
      "node:*",
      "bun:*",
      "srvx",
      "srvx/*",
      "hono",
      "@hono/*",
      "express",
      "compression",
      "fastify",
      "@opentelemetry/*",
    ],
  });
  if (warnings.length > 0) {
    throw new Error(JSON.stringify(warnings));
  }
  if (file === "worker.ts") {
    cpSync(join(cache, "dist/worker.js"), join(cache, "dist/workerd.js"));
    cpSync(join(root, "test/conformance/workerd.capnp"), join(cache, "dist/workerd.capnp"));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }; // of a TCP server
      server.close(() => resolve(port));
    });
  });
}
