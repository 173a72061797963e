/** The Python of the tests: a virtual environment with what test/python/requirements.txt pins. `make python` creates it. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "../golden.js";
import { describeIfInstalled } from "../is-command.js";

const environment = process.env["PYTHON_ENV"] ?? join(root, ".cache/python");
const bin = join(environment, "bin");

/** What pyright must know to find the packages. */
export const venv: { venvPath: string; venv: string } = {
  venvPath: join(environment, ".."),
  venv: environment.replace(/.*\//, ""),
};

/** Whether the environment is there. */
export const hasPython: boolean = existsSync(join(bin, "python"));

/** Describes tests that need Python: skipped by name where the environment is not there, and failed in CI. */
export function describeWithPython(name: string, define: () => void): void {
  describeIfInstalled(hasPython, "the Python of the tests is not installed: make python", name, define);
}

interface Place {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A command of the environment, and the variables that it needs. */
export function pythonCommand(name: string): { command: string; env: NodeJS.ProcessEnv } {
  return { command: join(bin, name), env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}` } };
}

/** Runs a command of the environment; what it prints. Throws with that if it fails. */
export function runPython(name: string, args: readonly string[], { cwd, env }: Place): string {
  const { command, env: own } = pythonCommand(name);
  return run(command, args, { cwd, env: { ...own, ...env } });
}

/** Runs a script of the package pyright. */
export function runPyright(args: readonly string[], place: Place): string {
  return run(process.execPath, [join(root, "node_modules/pyright/index.js"), ...args], place);
}

function run(command: string, args: readonly string[], { cwd, env }: Place): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  if (error !== undefined) {
    throw error;
  }
  if (status !== 0) {
    throw new CommandError(`${command} ${args.join(" ")}\n${stdout}${stderr}`, stdout);
  }
  return stdout;
}

export class CommandError extends Error {
  readonly stdout: string;
  constructor(message: string, stdout: string) {
    super(message);
    this.stdout = stdout;
  }
}
