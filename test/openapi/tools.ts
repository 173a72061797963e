/** The tools that documents are fed to: a project of their own, as they want an older TypeScript. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { cacheFolder } from "../golden-code.js";

/** What `tsc --strict` of an author would have. */
export const strict: object = {
  strict: true,
  target: "ES2022",
  module: "ESNext",
  moduleResolution: "bundler",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  types: [],
  skipLibCheck: false,
  noEmit: true,
};

const folder = join(import.meta.dirname, "clients");
export const packages: string = join(folder, "node_modules");

/** Installs the tools as they are locked, where they are not. Test files run side by side: one installs, others wait. */
export async function installTools(): Promise<void> {
  const lock = cacheFolder("openapi-tools.lock");
  mkdirSync(dirname(lock), { recursive: true });
  while (!isInstalled()) {
    if (!take(lock)) {
      await setTimeout(200);
      continue;
    }
    try {
      execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, stdio: "pipe" });
    } finally {
      rmdirSync(lock);
    }
  }
}

function isInstalled(): boolean {
  const [wanted, installed] = [join(folder, "package-lock.json"), join(packages, ".package-lock.json")];
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

/** Runs a tool of the project in a folder; what it prints. Throws with it when the tool fails. */
export function runTool(name: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(join(packages, ".bin", name), args, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }; // what execFileSync throws
    throw new Error(`${name} ${args.join(" ")}\n${stdout}${stderr}`);
  }
}
