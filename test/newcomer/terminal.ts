/** The terminal of somebody who tries the package: commands run in a folder outside the tree, with the packed package. */
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
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
  /** Starts a server and returns when it answers on the port. It is stopped at the end of the test. */
  serve(cwd: string, command: string, port: number): Promise<void>;
  close(): Promise<void>;
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
    WRANGLER_SEND_METRICS: "false",
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
    async serve(cwd, command, port) {
      // A group of processes: `npx` and `sh` start the server as a process of their own.
      const child = spawn("sh", ["-c", command], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
      const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          output += chunk;
        });
      }
      onTestFinished(async () => {
        if (child.pid !== undefined && child.exitCode === null) {
          process.kill(-child.pid, "SIGKILL");
          await exited;
        }
      });
      await waitFor(
        () => {
          if (child.exitCode !== null) {
            throw new Error(`${command}\n${output}`);
          }
          return fetch(`http://localhost:${port}/`).then(
            () => true,
            () => false,
          );
        },
        command,
        () => output,
      );
    },
    async close() {
      await registry.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
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
