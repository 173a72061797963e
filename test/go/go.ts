/** The Go of the tests: a toolchain, and the tools that test/go/go.mod pins. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../golden.js";
import { describeIfInstalled, isCommand } from "../is-command.js";

/** Describes tests that need Go: skipped by name where there is none, and failed in CI. */
export function describeWithGo(name: string, define: () => void): void {
  describeIfInstalled(isCommand("go"), "Go is not installed", name, define);
}

/** Runs `go`; what it prints. Throws with that if it fails. */
export function runGo(args: readonly string[], cwd: string): string {
  return run("go", args, cwd);
}

/** Runs a command; what it prints. Throws with that if it fails. */
export function run(command: string, args: readonly string[], cwd: string, input?: Uint8Array): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    input,
    encoding: "latin1",
    // The tests must not fetch another toolchain.
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" },
    maxBuffer: 1 << 27,
  });
  if (error !== undefined) {
    throw error;
  }
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
  }
  return stdout;
}

/** Builds a tool of test/go/go.mod, and returns its path. */
export function buildTool(path: string): string {
  const folder = join(root, ".cache/go-tools");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, path.split("/").at(-1) ?? "");
  runGo(["build", "-o", file, path], import.meta.dirname);
  return file;
}
