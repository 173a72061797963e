/** Before any test: joins the modules of the runtime if one of them has changed, as the plugin emits the joined files. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const script = join(root, "scripts/join-runtime.js");
const templates = join(root, "templates/typescript");
const joined = join(root, "dist/joined");

export function setup(): void {
  const entries = readdirSync(templates, { recursive: true, encoding: "utf8" }).map((path) => join(templates, path));
  // A folder changes when a file of it goes.
  if (!existsSync(joined) || changedAt(joined) < Math.max(...[script, templates, ...entries].map(changedAt))) {
    execFileSync(process.execPath, [script], { stdio: "inherit" });
  }
}

function changedAt(path: string): number {
  return statSync(path).mtimeMs;
}
