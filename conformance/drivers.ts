/** The drivers: how each is built and started. */
import { spawn } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { create } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { describe } from "vitest";
import { createPlugin } from "../src/plugin.js";
import { describeWithGo, goMessages, runGo, writeGoModule } from "../test/go/go.js";
import { compile, goPackages, runCase, writeFiles, writeWant } from "../test/golden.js";
import { cacheFolder, writeProject } from "../test/golden-code.js";
import { writeMessages } from "../test/python/golden-python.js";
import { describeWithPython, pythonCommand } from "../test/python/python.js";
import { type Ability, type Answer, type Call, protos } from "./cases.js";

/** A client with its driver. */
export interface Client {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly lacks?: readonly Ability[];
}

/** Whether a case or a row is for a client. */
export function isFor({ lacks = [] }: Client, { needs = [] }: { readonly needs?: readonly Ability[] }): boolean {
  return !needs.some((need) => lacks.includes(need));
}

/** The language of some clients. */
export interface Language {
  readonly name: string;
  readonly clients: readonly Client[];
  /** Describes its tests if its tools are installed. */
  describe(name: string, define: () => void): void;
  /** Generates the code that the drivers use. */
  prepare(): Promise<void>;
}

const typescriptCache = cacheFolder("conformance-typescript");

const typescript: Language = {
  name: "TypeScript",
  clients: [
    { name: "messages=es", command: process.execPath, args: [bundleOf(typescriptCache), "es"] },
    {
      name: "messages=json",
      command: process.execPath,
      args: [bundleOf(typescriptCache), "json"],
      lacks: ["messages"],
    },
  ],
  describe,
  prepare: () => buildTypescript(typescriptCache, "client", ["es", "json"]),
};

const pythonCache = cacheFolder("conformance-python");

const python: Language = {
  name: "Python",
  clients: [
    pythonClient("sync", "httpx2", "google"),
    pythonClient("sync", "httpx", "protobuf-py"),
    pythonClient("asyncio", "httpx", "google"),
    pythonClient("asyncio", "httpx2", "protobuf-py"),
    pythonClient("trio", "httpx2", "google"),
  ],
  describe: describeWithPython,
  async prepare() {
    rmSync(pythonCache, { recursive: true, force: true });
    for (const messages of ["google", "protobuf-py"] as const) {
      const { protoFile } = request("client", "");
      // Modules of protobuf-py import each other relatively: the root is a package.
      const output = join(pythonCache, messages, messages === "google" ? "" : "gen");
      writeMessages(output, messages, protoFile);
      const { file } = createPlugin(() => {}).run(request("client", `target=python,messages=${messages}`));
      writeFiles(output, Object.fromEntries(file.map(({ name, content }) => [name, content])));
    }
  },
};

function pythonClient(mode: string, library: string, messages: string): Client {
  const { command, env } = pythonCommand("python");
  const driver = join(import.meta.dirname, "drivers/python/driver.py");
  return {
    name: `${mode}, ${library}, messages=${messages}`,
    command,
    args: [driver, mode, library, messages],
    env: { ...env, PYTHONPATH: join(pythonCache, messages) },
    lacks: messages === "protobuf-py" ? ["enumNumbers"] : [],
  };
}

const goCache = cacheFolder("conformance-go");

const go: Language = {
  name: "Go",
  // The deadline of a call is that of its context, whose error has no place.
  clients: [{ name: "net/http", command: binaryOf(goCache), args: [], lacks: ["deadlines"] }],
  describe: describeWithGo,
  prepare: async () => buildGo(goCache, "client"),
};

export const languages: readonly Language[] = [typescript, python, go];

type Side = "client" | "server";

export function bundleOf(cache: string): string {
  return join(cache, "dist/driver.js");
}

/** Generates code for TypeScript, in a folder for each kind of messages, and bundles the driver of a side with it. */
export async function buildTypescript(cache: string, side: Side, kinds: readonly string[]): Promise<void> {
  const cases = kinds.map((messages) => ({
    name: messages,
    dir: join(`${cache}-case`, messages),
    request: request(side, `messages=${messages}`),
  }));
  for (const each of cases) {
    writeWant(each, runCase(each));
  }
  writeProject(cache, cases);
  await build({
    entryPoints: [join(import.meta.dirname, `drivers/typescript/${side}.js`)],
    outfile: bundleOf(cache),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    alias: Object.fromEntries(kinds.map((messages) => [messages, join(cache, messages)])),
    logLevel: "warning",
  });
}

export function binaryOf(cache: string): string {
  return join(cache, "driver");
}

/** Generates code for Go, and compiles the driver of a side with it. */
export function buildGo(cache: string, side: Side): void {
  const { protoFile } = request(side, "");
  const options = ["paths=source_relative", ...goPackages("example.com/conformance", protoFile)];
  writeFiles(cache, goMessages(protoFile, options));
  const { file } = createPlugin(() => {}).run(
    request(side, ["target=go", ...options, "go_root=example.com/conformance"].join()),
  );
  writeFiles(cache, Object.fromEntries(file.map(({ name, content }) => [name, content])));
  writeGoModule(cache, "example.com/conformance");
  cpSync(join(import.meta.dirname, "drivers/go", side), join(cache, "main"), { recursive: true });
  runGo(["build", "-o", binaryOf(cache), "./main"], cache);
}

function request(emit: Side, parameter: string): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    fileToGenerate: ["conformance/v1/conformance.proto"],
    protoFile: compile(protos),
    parameter: `emit=${emit},${parameter}`,
  });
}

/** A process of a driver. */
export interface Driver {
  /** Rejects if the process ends, or does not answer. It cannot be used afterwards. */
  call(call: Call): Promise<Answer>;
  /** Closes its stdin, and resolves with the code of its exit. */
  end(): Promise<number | null>;
  kill(): void;
}

/** To end what hangs: longer than any case takes. */
const LIMIT_MS = 40_000;

export function startDriver({ command, args, env = process.env }: Client): Driver {
  const child = spawn(command, args, { env });
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  child.stdin.on("error", () => {}); // the end of the process tells more
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  exit.catch(() => {});
  return {
    async call(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      const { value } = await lines.next();
      clearTimeout(limit);
      if (value === undefined) {
        throw new Error(`the driver ended with ${await exit}: ${errors}`);
      }
      return JSON.parse(value, (_key, value) => value ?? undefined);
    },
    end() {
      child.stdin.end();
      return exit;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
