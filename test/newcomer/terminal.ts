/** The terminal of somebody who tries the package: commands run in a folder outside the tree, with the packed package. */
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { waitFor } from "../conformance/wait-for.js";
import { pack } from "../packed.js";
import { startRegistry } from "./registry.js";

export interface Terminal {
  /** Creates an empty folder. */
  folder(name: string): string;
  /** Runs a command to its end and returns what it printed on standard output. Throws with all that it printed if it fails. */
  run(cwd: string, command: string): Promise<string>;
  /** Starts a command, which is stopped at the end of the test at the latest. */
  start(cwd: string, command: string): Command;
  /** Starts a server, and returns when it answers on the port. */
  serve(cwd: string, command: string, port: number): Promise<Command>;
  close(): Promise<void>;
}

export interface Command {
  /** What it has printed so far. */
  output(): string;
  readonly ended: Promise<unknown>;
  stop(): Promise<unknown>;
}

/**
 * Packs the package and opens a terminal whose package managers take it from a registry on this machine. Their caches are
 * empty, because a cache keeps a package by its version. Only the files that npm keeps by their checksum are shared.
 */
export async function openTerminal(): Promise<Terminal> {
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-newcomer-"));
  const registry = await startRegistry(pack(dir));
  const cache = execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim();
  mkdirSync(join(dir, "npm"));
  mkdirSync(join(dir, "bin"));
  const bun = spawnSync("sh", ["-c", "command -v bun"], { encoding: "utf8" }).stdout.trim();
  if (bun !== "") {
    symlinkSync(bun, join(dir, "bin/bunx")); // as the installer of Bun does
  }
  mkdirSync(join(cache, "_cacache"), { recursive: true });
  symlinkSync(join(cache, "_cacache"), join(dir, "npm/_cacache"));
  const { NODE_ENV: _, VITEST: _vitest, ...environment } = process.env;
  const env: Record<string, string | undefined> = {
    ...environment,
    ...registry.environment,
    PATH: `${join(dir, "bin")}:${process.env["PATH"]}`,
    npm_config_cache: join(dir, "npm"),
    npm_config_yes: "true", // npx asks, where somebody can answer
    npm_config_loglevel: "error",
    BUN_INSTALL_CACHE_DIR: join(dir, "bun"),
    DENO_DIR: join(dir, "deno"),
    DO_NOT_TRACK: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    WRANGLER_SEND_METRICS: "false",
  };
  const start = (cwd: string, command: string): Command => {
    // A group of processes: `npx` starts the server as a process of its own.
    const child = spawn("sh", ["-c", command], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const ended = once(child, "close");
    const stop = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, "SIGKILL");
      }
      return ended;
    };
    onTestFinished(async () => {
      await stop();
    });
    return { output: () => output, ended, stop };
  };
  return {
    folder(name) {
      const folder = join(dir, name);
      mkdirSync(folder);
      return folder;
    },
    async run(cwd, command) {
      const { stdout } = await promisify(execFile)("sh", ["-c", command], { cwd, env, maxBuffer: 1 << 26 }).catch(
        (error: { stdout: string; stderr: string }) => {
          throw new Error(`${command}\n${error.stdout}${error.stderr}`); // what execFile rejects with
        },
      );
      return stdout;
    },
    start,
    async serve(cwd, command, port) {
      const server = start(cwd, command);
      let hasEnded = false;
      server.ended.then(() => {
        hasEnded = true;
      });
      await waitFor(
        () => {
          if (hasEnded) {
            throw new Error(`${command}\n${server.output()}`);
          }
          return fetch(`http://localhost:${port}/`).then(
            () => true,
            () => false,
          );
        },
        command,
        server.output,
      );
      return server;
    },
    async close() {
      await registry.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The blocks of a Markdown text that are marked as a language. */
export function blocksOf(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
  return [...blocks].map(([, block = ""]) => block);
}

/** The commands of a block, without their comments. */
export function commandsOf(block: string): string[] {
  return block.split("\n").flatMap((line) => line.replace(/ +# .*$/, "") || []);
}

/** The commands of a block that shows a terminal, each with what it prints. */
export function transcriptOf(block: string): { readonly command: string; readonly output: string }[] {
  return [...block.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)].map(([, command = "", output = ""]) => ({
    command,
    output,
  }));
}

/** Replaces the port 3000 in the files of a project, as somebody does whose port 3000 is in use. */
export function usePort(folder: string, port: number): void {
  for (const name of readdirSync(join(folder, "src"))) {
    if (name.endsWith(".ts")) {
      const path = join(folder, "src", name);
      writeFileSync(path, readFileSync(path, "utf8").replaceAll("3000", String(port)));
    }
  }
}
