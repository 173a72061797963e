/** Measures what a tool makes of a document: does it generate, compile, call the emitted server, read its stream. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { serve } from "srvx";
import { createServer, type StreamContext } from "../../templates/typescript/server.js";
import { runPlugin } from "../compile-text.js";
import { compile, root, writeFiles } from "../golden.js";
import { cacheFolder, generateMessages } from "../golden-code.js";
import { clients, type Language, type Tool } from "./matrix-tools.js";
import { installTools, packages } from "./tools.js";

export interface Row {
  readonly document: string;
  readonly cells: readonly string[];
}

export const columns: readonly string[] = ["generates", "compiles", "unary call", "stream"];

/** The documents, by the name that they have in the matrix, and the options that make them. */
export const documents: Readonly<Record<string, string>> = {
  "3.2": "openapi=3.2",
  "3.1 full": "openapi=3.1",
  "3.1 plain": "openapi=3.1,openapi_streams=plain",
};

const cache = cacheFolder("openapi-matrix");
// Every field is set: some tools write `null` for a field that is not.
const quote = { symbol: "AAPL", price: 1.5, changePercent: 0.5, watchers: 1, name: "Apple" };
const trades = [1, 2, 3].map((n) => ({
  sequence: String(n),
  symbol: "AAPL",
  price: 1.5,
  size: 10 * n,
  timeMs: String(1_700_000_000_000 + n),
}));
/** A command that takes longer hangs. The slowest builds a generator. */
const LIMIT = 1_800_000;

/** Writes the emitted code of the market example, and its documents. */
export function writeMarket(): void {
  rmSync(cache, { recursive: true, force: true });
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: ["market/v1/market.proto"],
    protoFile: compile(["proto", "examples/market/proto"]),
  });
  writeFiles(join(cache, "server"), {
    ...emit(request, "runtime=protoc-gen-sse,emit=server"),
    ...generateMessages(request),
  });
  for (const [name, options] of Object.entries(documents)) {
    const [text = ""] = Object.values(emit(request, `emit=openapi,openapi_format=json,${options}`));
    writeFiles(cache, { [`${name}.json`]: text });
  }
  symlinkSync(packages, join(cache, "node_modules"));
}

function emit(request: CodeGeneratorRequest, parameter: string): Record<string, string> {
  const { error, files } = runPlugin({ ...request, parameter });
  if (error !== "") {
    throw new Error(error);
  }
  return Object.fromEntries(files);
}

/** The folder of a language's tools. Tools of two languages may need it at once: it is installed once. */
const installations = new Map<Language, Promise<string>>();

function toolsOf(language: Language): Promise<string> {
  const folder = installations.get(language) ?? install(language);
  installations.set(language, folder);
  return folder;
}

/** Installs the tools of a language where they are not as its manifests have them. */
async function install({ name, install, manifests }: Language): Promise<string> {
  if (name === "TypeScript") {
    await installTools();
    return packages;
  }
  const hash = createHash("sha256");
  for (const manifest of manifests) {
    hash.update(readFileSync(join(clients, manifest)));
  }
  const folder = cacheFolder(`openapi-tools-${hash.digest("hex").slice(0, 12)}`);
  const stamp = join(folder, "installed");
  if (existsSync(stamp)) {
    return folder;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const manifest of manifests) {
    cpSync(join(clients, manifest), join(folder, manifest.replace(/^.*\//, "")));
  }
  const { status, output } = await run(install, folder, { TOOLS: folder });
  if (status !== 0) {
    throw new Error(`the tools for ${name} were not installed\n${output}`);
  }
  writeFileSync(stamp, "");
  return folder;
}

/** What the tool makes of each document. The folder of a measurement keeps what the commands printed. */
export async function measure(tool: Tool): Promise<Row[]> {
  const { generate, language, generator = language } = tool;
  const TOOLS = await toolsOf(language);
  const GENERATOR_TOOLS = await toolsOf(generator);
  const own = join(clients, tool.name.replace(" ", "-"));
  const programs = existsSync(own) ? readdirSync(own) : [];
  const rows: Row[] = [];
  for (const document of Object.keys(documents)) {
    const folder = join(cache, tool.name, document.replace(" ", "-"));
    for (const file of programs) {
      writeFiles(folder, { [file]: readFileSync(join(own, file), "utf8") });
    }
    for (const file of language.shared) {
      cpSync(join(clients, file), join(folder, file.replace(/^.*\//, "")));
    }
    cpSync(join(cache, `${document}.json`), join(folder, "openapi.json"));
    const server = await startMarket();
    const step = async (name: string, command: string, env: Record<string, string> = { TOOLS }) => {
      const result = await run(command, folder, { ...env, URL: server.url });
      writeFileSync(join(folder, `${name}.log`), `${command}\n${result.output}`);
      return result;
    };
    const program = async (name: string) => {
      if (!programs.includes(`${name}.${language.extension}`)) {
        throw new Error(`${own} has no ${name}`);
      }
      return readResult(await step(name, language.run(name)));
    };
    try {
      const generated = (await step("generate", generate, { TOOLS: GENERATOR_TOOLS })).status === 0;
      const compiled = generated && (await step("compile", language.compile)).status === 0;
      const unary = compiled ? await program("unary") : undefined;
      const byHand = programs.includes(`by-hand.${language.extension}`);
      const stream = compiled ? await program(byHand ? "by-hand" : "stream") : undefined;
      const cells = [generated, compiled, sameJson(unary, quote)].map((is) => (is ? "yes" : "no"));
      rows.push({ document, cells: [...cells, streamCell(stream, server.streamed(), byHand)] });
    } finally {
      await server.close();
    }
  }
  return rows;
}

/** How the three trades came: one by one as values, or as one text. */
function streamCell(read: unknown, contentType: string, byHand: boolean): string {
  const format = contentType.startsWith("text/event-stream") ? "SSE events" : "JSON Lines";
  if (sameJson(read, trades)) {
    return byHand ? `${format}, by hand` : format;
  }
  const isBody = typeof read === "string" && trades.every((trade) => read.includes(JSON.stringify(trade)));
  return isBody ? "whole body" : "no";
}

/** Regardless of the order of properties. */
function sameJson(a: unknown, b: unknown): boolean {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, v) => (v?.constructor === Object ? Object.fromEntries(Object.entries(v).sort()) : v));
  return text(a) === text(b);
}

/** The last line that a program printed. */
function readResult({ status, printed }: Result): unknown {
  if (status !== 0) {
    return undefined;
  }
  try {
    return JSON.parse(printed.trimEnd().split("\n").at(-1) ?? "");
  } catch {
    return undefined;
  }
}

/** The emitted server. Its stream of AAPL stays open after three trades, so only a client that reads them as they arrive gets them. */
async function startMarket() {
  let contentType = "";
  const { createMarketService } = await import(join(cache, "server/market/v1/market_server.ts"));
  const { fetch } = createServer({
    services: [
      createMarketService({
        getQuote: () => quote,
        async *watchTrades({ symbol }: { symbol: string }, { signal }: StreamContext) {
          for (const trade of trades) {
            yield { ...trade, sequence: BigInt(trade.sequence), timeMs: BigInt(trade.timeMs) };
          }
          if (symbol === "AAPL") {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          }
        },
        async *ask() {},
      }),
    ],
  });
  const server = serve({
    fetch: async (request: Request) => {
      const response = await fetch(request);
      if (request.url.includes("/trades/")) {
        contentType = response.headers.get("Content-Type") ?? "";
      }
      return response;
    },
    port: 0,
    hostname: "127.0.0.1",
    silent: true,
    gracefulShutdown: false,
  });
  await server.ready();
  return {
    url: (server.url ?? "").replace(/\/$/, ""),
    streamed: () => contentType,
    close: () => server.close(true),
  };
}

interface Result {
  readonly status: number | null;
  readonly printed: string;
  /** What was printed, errors included. */
  readonly output: string;
}

/** Runs a command of bash beside the server, which is in this process. What hangs is ended, with its children. */
async function run(command: string, cwd: string, env: Record<string, string>): Promise<Result> {
  const bin = [join(env["TOOLS"] ?? "", "bin"), join(root, "node_modules/.bin"), join(packages, ".bin")];
  const child = spawn("bash", ["-euo", "pipefail", "-c", command], {
    cwd,
    detached: true, // a group of its own
    env: { ...process.env, ...env, PATH: [...bin, process.env["PATH"]].join(":"), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [printed, output] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), LIMIT);
  const status = await new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  clearTimeout(timer);
  return { status, printed, output };
}
