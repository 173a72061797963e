/** The servers: how each driver is built and started. */
import { spawn } from "node:child_process";
import { cpSync } from "node:fs";
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
import { protos } from "./cases.js";
import type { Protocol } from "./exchange.js";
import type { Line } from "./server-cases.js";

/** A server with its driver. */
export interface Server {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Describes its tests if its tools are installed. */
  describe(name: string, define: () => void): void;
  /** Generates the code of the driver, and builds it. */
  prepare(): Promise<void>;
}

const typescriptCache = cacheFolder("conformance-typescript-server");
const bundle = join(typescriptCache, "dist/server.js");

const typescript: Server = {
  name: "TypeScript on Node",
  command: process.execPath,
  args: [bundle],
  describe,
  async prepare() {
    const code = {
      name: "es",
      dir: join(cacheFolder("conformance-typescript-server-case"), "es"),
      request: request(""),
    };
    writeWant(code, runCase(code));
    writeProject(typescriptCache, [code]);
    await build({
      entryPoints: [join(import.meta.dirname, "drivers/typescript/server.js")],
      outfile: bundle,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "es2022",
      alias: { es: join(typescriptCache, "es") },
      logLevel: "warning",
    });
  },
};

const goCache = cacheFolder("conformance-go-server");
const goDriver = join(goCache, "driver");

const go: Server = {
  name: "Go",
  command: goDriver,
  args: [],
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
    cpSync(join(import.meta.dirname, "drivers/go/server"), join(goCache, "main"), { recursive: true });
    runGo(["build", "-o", goDriver, "./main"], goCache);
  },
};

function request(parameter: string): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    fileToGenerate: ["conformance/v1/conformance.proto"],
    protoFile: compile(protos),
    parameter: ["emit=server", ...(parameter ? [parameter] : [])].join(),
  });
}

export const servers: readonly Server[] = [typescript, go];

/** A process of a driver. */
export interface Running {
  readonly url: string;
  /** The lines of each call so far. */
  readonly lines: ReadonlyMap<string, readonly Line[]>;
  /** The first line of a call, when it is printed. Rejects if the process ends before. */
  lineOf(call: string): Promise<Line>;
  /** Asks it to shut down. */
  drain(): void;
  /** Ends it, and resolves with the code of its exit, or null if it had to be killed. */
  end(): Promise<number | null>;
}

/** To end what does not shut down. */
const LIMIT_MS = 30_000;

export async function startServer({ command, args }: Server, protocol: Protocol, options: object): Promise<Running> {
  const child = spawn(command, [...args, "0", JSON.stringify({ protocol, ...options })]);
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const lines = new Map<string, Line[]>();
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const wake of waiting) {
      wake();
    }
  };
  let ended = false;
  let url: string | undefined;
  createInterface({ input: child.stdout }).on("line", (text) => {
    if (url === undefined) {
      url = text;
    } else {
      const line: Line = JSON.parse(text);
      lines.set(line.call, [...(lines.get(line.call) ?? []), line]);
    }
    changed();
  });
  child.on("error", (error) => (errors += error.message));
  void exit.then(() => {
    ended = true;
    changed();
  });

  let isAsked = false;
  function drain(): void {
    if (!isAsked) {
      isAsked = true;
      child.kill("SIGTERM");
    }
  }

  async function until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) {
        return found;
      }
      if (ended) {
        throw new Error(`the server ended: ${errors}`);
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
  }

  return {
    url: await until(() => url),
    lines,
    lineOf: (call) => until(() => lines.get(call)?.[0]),
    drain,
    async end() {
      drain();
      const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      const code = await exit;
      clearTimeout(limit);
      return code;
    },
  };
}
