/** The tools that documents are fed to: a project of their own, as they want an older TypeScript. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { installPackages } from "../install-packages.js";

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

/** Installs the tools as they are locked. */
export function installTools(): Promise<void> {
  return installPackages(folder);
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
