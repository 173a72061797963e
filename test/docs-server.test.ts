/** docs/server.md: every example compiles under the strictest flags, and every set-up runs where its runtime is there. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { metrics, propagation, SpanStatusCode, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { build } from "esbuild";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { compileText, runPlugin } from "./compile-text.js";
import { type Address, disconnect, exchange } from "./conformance/exchange.js";
import { waitFor } from "./conformance/wait-for.js";
import { root, writeFiles } from "./golden.js";
import { cacheFolder, typeCheck, writeProject, writeTsconfig } from "./golden-code.js";
import { isCommand } from "./is-command.js";

const cache = cacheFolder("docs-server");
const text = readFileSync(join(root, "docs/server.md"), "utf8");
const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = ""]) => block);
const sources = Object.fromEntries(
  blocks.map((block, index) => [/^\/\/ (\S+\.ts)\n/.exec(block)?.[1] ?? `snippet-${index}.ts`, complete(block)]),
);

/** What an example without imports takes from the first one, and from what that imports. */
function complete(block: string): string {
  if (/^import /m.test(block)) return block;
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

beforeAll(() => {
  const proto = readFileSync(join(root, "examples/market/proto/market/v1/market.proto"), "utf8");
  const request = compileText({ "market/v1/market.proto": proto }, "emit=server");
  const { error, files } = runPlugin(request);
  expect(error).toBe("");
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  writeFiles(join(dir, "want"), Object.fromEntries(files));
  writeProject(cache, [{ name: "gen", dir, request }]);
  rmSync(dir, { recursive: true });
  writeFiles(cache, sources);
  // The declarations of frameworks are not ours to check.
  writeTsconfig(cache, "tsconfig.json", { types: ["node"], skipLibCheck: true }, ["*.ts"]);
});

test("every example compiles", () => {
  expect(blocks.length).toBeGreaterThan(15);
  expect(typeCheck(cache, "tsconfig.json")).toBe("");
});

test("the table of options names every one", () => {
  const declared = readFileSync(join(root, "templates/typescript/server/server-options.ts"), "utf8");
  const options = declared.slice(declared.indexOf("export interface ServerOptions"));
  const names = [...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) expect(text).toMatch(new RegExp(`^\\|[^|]*\`${name}\``, "m"));
});

interface SetUp {
  readonly file: string;
  readonly command: string;
  readonly arguments: (script: string, port: number) => readonly string[];
  readonly protocol?: Address["protocol"];
  /** Beside ours it serves this. */
  readonly other?: string;
}

const node = { command: process.execPath, arguments: (script: string) => [script] };
const setUps: readonly SetUp[] = [
  { file: "node.ts", ...node },
  { file: "node-http2.ts", ...node, protocol: "h2" },
  { file: "hono.ts", ...node, other: "/healthz" },
  { file: "express.ts", ...node, other: "/healthz" },
  { file: "fastify.ts", ...node, other: "/healthz" },
  { file: "bun.ts", command: "bun", arguments: (script) => [script] },
  { file: "deno.ts", command: "deno", arguments: (script, port) => ["serve", "--port", String(port), script] },
  {
    file: "worker.ts",
    command: "workerd",
    arguments: (_script, port) => ["serve", "workerd.capnp", `--socket-addr=http=127.0.0.1:${port}`],
  },
];

describe.each(setUps.map((setUp) => [setUp.file, setUp] as const))("the set-up of %s", (_file, setUp) => {
  const missing = !isCommand(setUp.command);
  if (missing) {
    const how = `the set-up of ${setUp.file}: ${setUp.command} is not installed`;
    if (process.env["CI"] !== undefined) throw new Error(how);
    console.warn(`SKIPPED: ${how}`);
  }

  test.skipIf(missing)("answers a call, streams, and serves what stands beside it", async () => {
    const { address } = await start(setUp);
    const quote = await exchange(address, "/v1/quotes/AAPL");
    await waitFor(() => quote.ended() === "end", "a quote");
    expect(JSON.parse(quote.text())).toEqual({ symbol: "AAPL", price: 187.2 });

    const answer = await exchange(address, "/v1/ask", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question: "how are you" }),
    });
    expect(answer.headers["content-type"]).toBe("text/event-stream");
    await waitFor(() => answer.ended() === "end", "the end of an answer");
    expect(answer.events()).toBe(4);
    expect(answer.text()).toMatch(/^:sse\/1 .*event: done\ndata: \{"deltas":3\}\n\n:end\n$/s);

    if (setUp.other !== undefined) {
      const other = await exchange(address, setUp.other);
      await waitFor(() => other.ended() === "end", "what stands beside");
      expect([other.status, other.text()]).toEqual([200, "ok"]);
    }
    if (setUp.protocol === "h2") disconnect(address.port ?? 0);
  });
});

test("the set-up of Node drains at SIGTERM, and ends", async () => {
  const { address, child } = await start({ file: "node.ts", ...node });
  const stream = await exchange(address, "/v1/trades/AAPL:watch");
  await stream.until(":sse/1");
  const code = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGTERM");
  await waitFor(() => stream.ended() !== undefined, "the end of the stream");
  expect(stream.text()).toMatch(/ end\nretry: \d+\n$/);
  expect(await code).toBe(0);
});

test("the recipe of OpenTelemetry gives each call a span and its measurements", async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 2 ** 31 - 1 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  onTestFinished(() => {
    for (const api of [trace, propagation, metrics]) api.disable();
    return reader.shutdown();
  });
  await bundle("telemetry.ts");
  const { server } = await import(pathToFileURL(join(cache, "dist/telemetry.js")).href);
  const parent = "4bf92f3577b34da6a3ce929d0e0e4736";
  const call = async (path: string, init: RequestInit = {}) => {
    await (await server.fetch(new Request(`http://localhost${path}`, init))).text();
  };
  await call("/v1/quotes/AAPL", { headers: { traceparent: `00-${parent}-00f067aa0ba902b7-01` } });
  await call("/v1/quotes/MSFT");
  await call("/v1/nothing");
  const body = JSON.stringify({ question: "how are you" });
  await call("/v1/ask", { method: "POST", headers: { "content-type": "application/json" }, body });

  const spans = exporter.getFinishedSpans();
  expect(
    spans.map(({ name, status, attributes }) => [name, status.code, attributes["http.response.status_code"]]),
  ).toEqual([
    ["market.v1.MarketService/GetQuote", SpanStatusCode.UNSET, 200],
    ["market.v1.MarketService/GetQuote", SpanStatusCode.ERROR, 404],
    ["GET", SpanStatusCode.ERROR, 404],
    ["market.v1.MarketService/Ask", SpanStatusCode.UNSET, 200],
  ]);
  expect(spans[0]?.spanContext().traceId).toBe(parent);
  expect(spans[3]?.attributes).toMatchObject({ "rpc.method": "Ask", "rpc.code": 0, "call.reason": "end" });

  await reader.forceFlush();
  const measured = metricExporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
  const values = measured.map(({ descriptor, dataPoints }) => [
    descriptor.name,
    dataPoints.map(({ value }) => (typeof value === "object" ? value.count : value)),
  ]);
  expect(Object.fromEntries(values)).toEqual({
    "http.server.active_requests": [0, 0, 0],
    "http.server.request.duration": [1, 1, 1, 1],
    "stream.first_event.duration": [1],
    "stream.events": [4],
  });
});

/** Starts a set-up on a port that is free, until the test ends. */
async function start({ file, command, protocol = "http/1.1", ...setUp }: SetUp) {
  const script = file.replace(".ts", ".js");
  const dist = join(cache, "dist");
  await bundle(file);
  if (command === "workerd") {
    cpSync(join(dist, script), join(dist, "workerd.js"));
    cpSync(join(root, "test/conformance/workerd.capnp"), join(dist, "workerd.capnp"));
  }
  const port = await freePort();
  const child = spawn(command, setUp.arguments(script, port), {
    cwd: dist,
    env: { ...process.env, PORT: String(port), DENO_NO_UPDATE_CHECK: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => end(child));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const address: Address = { protocol, port };
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`${file} ended: ${output}`);
      return exchange(address, "/v1/quotes/AAPL").then(
        ({ status }) => status === 200,
        () => {
          if (protocol === "h2") disconnect(port);
          return false;
        },
      );
    },
    `the server of ${file}`,
    () => output,
  );
  return { address, child };
}

async function bundle(file: string): Promise<void> {
  const { warnings } = await build({
    entryPoints: [join(cache, file)],
    outdir: join(cache, "dist"),
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*", "srvx", "srvx/*", "hono", "@hono/*", "express", "compression", "fastify", "@opentelemetry/*"],
  });
  expect(warnings).toEqual([]);
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.on("close", () => resolve());
    child.kill("SIGKILL");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }; // of a TCP server
      server.close(() => resolve(port));
    });
  });
}
