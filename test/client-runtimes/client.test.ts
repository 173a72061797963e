/** The emitted client where users run it: one set of cases in each runtime, over real sockets. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium, chromiumFlags } from "../chromium.js";
import { waitFor } from "../conformance/wait-for.js";
import { compile, runCase, writeWant } from "../golden.js";
import { cacheFolder, writeProject } from "../golden-code.js";
import { isCommand } from "../is-command.js";
import { names, type Results } from "./cases.js";
import { startMarket } from "./server.js";

type RuntimeResults = Readonly<Record<"es" | "json", Results>>;

interface Runtime {
  readonly name: string;
  /** What is not there, and how to get it. */
  readonly missing?: string | false;
  run(server: string): Promise<RuntimeResults>;
}

const runtimes: readonly Runtime[] = [
  { name: "Node", run: (server) => runProcess(process.execPath, ["main.js", server, "node"]) },
  {
    name: "Bun",
    missing: !isCommand("bun") && "npm install --global bun",
    run: (server) => runProcess("bun", ["main.js", server, "bun"]),
  },
  {
    name: "Deno",
    missing: !isCommand("deno") && "npm install --global deno",
    run: (server) => runProcess("deno", ["run", "--allow-net", "--no-lock", "main.js", server, "deno"]),
  },
  { name: "workerd", missing: !isCommand("workerd") && "npm install --global workerd", run: runWorker },
  { name: "Chromium", missing: chromium === undefined && "apt-get install chromium", run: runPage },
];

const cache = cacheFolder("client-runtimes");
const dist = join(cache, "dist");
let market: Awaited<ReturnType<typeof startMarket>>;

beforeAll(async () => {
  const clients = (["es", "json"] as const).map((messages) => ({
    name: messages,
    dir: join(cacheFolder("client-runtimes-case"), messages),
    request: create(CodeGeneratorRequestSchema, {
      fileToGenerate: ["market/v1/market.proto"],
      protoFile: compile(["proto", "test/proto"]),
      parameter: `emit=client,messages=${messages}`,
    }),
  }));
  for (const client of clients) {
    writeWant(client, runCase(client));
  }
  writeProject(cache, clients);
  await build({
    entryPoints: ["main.js", "worker.js"].map((name) => join(import.meta.dirname, name)),
    outdir: dist,
    bundle: true,
    format: "esm",
    target: "es2022",
    alias: { es: join(cache, "es"), json: join(cache, "json") },
    logLevel: "warning",
  });
  cpSync(join(import.meta.dirname, "workerd.capnp"), join(dist, "workerd.capnp"));
  market = await startMarket();
});
afterAll(() => market.close());

describe.each(runtimes.map((runtime) => [runtime.name, runtime] as const))("%s", (name, { missing, run }) => {
  if (missing) {
    const how = `the client on ${name}: ${missing}`;
    if (process.env["CI"] !== undefined) {
      throw new Error(how);
    }
    console.warn(`SKIPPED: ${how}`);
  }
  let results: RuntimeResults;

  beforeAll(async () => {
    if (!missing) {
      results = await run(market.baseUrl);
    }
  });

  describe.each(["es", "json"] as const)("messages=%s", (messages) => {
    test.skipIf(missing).each(names)("%s", (name) => expect(results[messages][name]).toBeUndefined());
  });
});

/** A process that prints its results, and then ends by itself. */
async function runProcess(command: string, args: readonly string[]): Promise<RuntimeResults> {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const child = spawn(command, args, { cwd: dist, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = collect(child);
  try {
    await waitFor(() => child.exitCode !== null, `the end of ${command}`, output.all, 100_000);
  } finally {
    child.kill("SIGKILL");
  }
  expect(child.exitCode, output.all()).toBe(0);
  return JSON.parse(output.out());
}

async function runWorker(server: string): Promise<RuntimeResults> {
  const child = spawn("workerd", ["serve", "--control-fd=1", "workerd.capnp"], { cwd: dist });
  const output = collect(child);
  try {
    await waitFor(() => output.out().includes('"port":'), "the port of workerd", output.all);
    const [, port] = /"port":\s*(\d+)/.exec(output.out()) ?? [];
    const response = await fetch(`http://127.0.0.1:${port}/?server=${server}`);
    expect(response.status, output.all()).toBe(200);
    return (await response.json()) as RuntimeResults;
  } finally {
    child.kill("SIGKILL");
  }
}

/** A page of another origin than the server's, which sends its results back. */
async function runPage(server: string): Promise<RuntimeResults> {
  let results: string | undefined;
  const page = createServer(async (request, response) => {
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      results = Buffer.concat(chunks).toString();
      response.end();
    } else if (request.url === "/main.js") {
      response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(join(dist, "main.js")));
    } else {
      response.writeHead(200, { "content-type": "text/html" });
      response.end('<!doctype html><meta charset="utf-8"><script type="module" src="main.js"></script>');
    }
  });
  await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
  const { port } = page.address() as AddressInfo; // of a TCP server
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const url = `http://127.0.0.1:${port}/?server=${server}`;
  const child = spawn(chromium ?? "", [...chromiumFlags(profile), "--remote-debugging-port=0", url]);
  const output = collect(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  try {
    await waitFor(() => results !== undefined, "the results of the page", output.all, 100_000);
  } finally {
    child.kill();
    await ended;
    page.closeAllConnections();
    page.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
  return JSON.parse(results ?? "");
}

function collect({ stdout, stderr }: ChildProcess) {
  const text = { out: "", error: "" };
  stdout?.on("data", (chunk) => (text.out += chunk));
  stderr?.on("data", (chunk) => (text.error += chunk));
  return { out: () => text.out, all: () => text.out + text.error };
}
