/** The drivers: how each is built and started. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { build } from "esbuild";
import { compile, runCase, writeWant } from "../test/golden.js";
import { cacheFolder, writeProject } from "../test/golden-code.js";
import { type Ability, type Answer, type Call, protos } from "./cases.js";

/** A client with its driver. */
export interface Client {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly lacks?: readonly Ability[];
}

/** The language of some clients. */
export interface Language {
  readonly name: string;
  readonly clients: readonly Client[];
  /** What is not installed, and how to install it. */
  readonly missing?: string | undefined;
  /** Generates the code that the drivers use. */
  prepare(): Promise<void>;
}

const cache = cacheFolder("conformance-typescript");
const driver = join(cache, "dist/main.js");

const typescript: Language = {
  name: "TypeScript",
  clients: [
    { name: "messages=es", command: process.execPath, args: [driver, "es"] },
    { name: "messages=json", command: process.execPath, args: [driver, "json"], lacks: ["messages"] },
  ],
  async prepare() {
    const clients = (["es", "json"] as const).map((messages) => ({
      name: messages,
      dir: join(cacheFolder("conformance-typescript-case"), messages),
      request: create(CodeGeneratorRequestSchema, {
        fileToGenerate: ["conformance/v1/conformance.proto"],
        protoFile: compile(protos),
        parameter: `emit=client,messages=${messages}`,
      }),
    }));
    for (const client of clients) {
      writeWant(client, runCase(client));
    }
    writeProject(cache, clients);
    await build({
      entryPoints: [join(import.meta.dirname, "drivers/typescript/main.js")],
      outfile: driver,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "es2022",
      alias: { es: join(cache, "es"), json: join(cache, "json") },
      logLevel: "warning",
    });
  },
};

export const languages: readonly Language[] = [typescript];

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

export function startDriver({ command, args }: Client): Driver {
  const child = spawn(command, args);
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
