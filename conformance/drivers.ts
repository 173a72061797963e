/** The drivers: how each is built and started. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
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
const bundle = join(typescriptCache, "dist/main.js");

const typescript: Language = {
  name: "TypeScript",
  clients: [
    { name: "messages=es", command: process.execPath, args: [bundle, "es"] },
    { name: "messages=json", command: process.execPath, args: [bundle, "json"], lacks: ["messages"] },
  ],
  describe,
  async prepare() {
    const clients = (["es", "json"] as const).map((messages) => ({
      name: messages,
      dir: join(cacheFolder("conformance-typescript-case"), messages),
      request: request(`messages=${messages}`),
    }));
    for (const client of clients) {
      writeWant(client, runCase(client));
    }
    writeProject(typescriptCache, clients);
    await build({
      entryPoints: [join(import.meta.dirname, "drivers/typescript/main.js")],
      outfile: bundle,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "es2022",
      alias: { es: join(typescriptCache, "es"), json: join(typescriptCache, "json") },
      logLevel: "warning",
    });
  },
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
      const { protoFile } = request("");
      // Modules of protobuf-py import each other relatively: the root is a package.
      const output = join(pythonCache, messages, messages === "google" ? "" : "gen");
      writeMessages(output, messages, protoFile);
      const { file } = createPlugin(() => {}).run(request(`target=python,messages=${messages}`));
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
const goDriver = join(goCache, "driver");

const go: Language = {
  name: "Go",
  // The deadline of a call is that of its context, whose error has no place.
  clients: [{ name: "net/http", command: goDriver, args: [], lacks: ["deadlines"] }],
  describe: describeWithGo,
  async prepare() {
    const { protoFile } = request("");
    const options = ["paths=source_relative", ...goPackages("example.com/conformance", protoFile)];
    writeFiles(goCache, goMessages(protoFile, options));
    const { file } = createPlugin(() => {}).run(
      request(["target=go", ...options, "go_root=example.com/conformance"].join()),
    );
    writeFiles(goCache, Object.fromEntries(file.map(({ name, content }) => [name, content])));
    writeGoModule(goCache, "example.com/conformance");
    writeFiles(join(goCache, "main"), {
      "main.go": readFileSync(join(import.meta.dirname, "drivers/go/main.go"), "utf8"),
    });
    runGo(["build", "-o", goDriver, "./main"], goCache);
  },
};

function request(parameter: string): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    fileToGenerate: ["conformance/v1/conformance.proto"],
    protoFile: compile(protos),
    parameter: `emit=client,${parameter}`,
  });
}

export const languages: readonly Language[] = [typescript, python, go];

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
