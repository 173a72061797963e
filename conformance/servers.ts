/** The servers: how each driver is started. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe } from "vitest";
import { describeWithGo } from "../test/go/go.js";
import { cacheFolder } from "../test/golden-code.js";
import { binaryOf, buildGo, buildTypescript, bundleOf } from "./drivers.js";
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
const goCache = cacheFolder("conformance-go-server");

export const servers: readonly Server[] = [
  {
    name: "TypeScript on Node",
    command: process.execPath,
    args: [bundleOf(typescriptCache)],
    describe,
    prepare: () => buildTypescript(typescriptCache, "server", ["es"]),
  },
  {
    name: "Go",
    command: binaryOf(goCache),
    args: [],
    describe: describeWithGo,
    prepare: async () => buildGo(goCache, "server"),
  },
];

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
