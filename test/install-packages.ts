/** Packages that only some tests need: folders with a package.json and a lock file of their own. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { cacheFolder } from "./golden-code.js";

/** Installs the packages of a folder as they are locked, if they are not there. Test files run side by side: one installs, others wait. */
export async function installPackages(folder: string): Promise<void> {
  const lock = cacheFolder(`install-${basename(folder)}.lock`);
  mkdirSync(dirname(lock), { recursive: true });
  while (!isInstalled(folder)) {
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

function isInstalled(folder: string): boolean {
  const [wanted, installed] = [join(folder, "package-lock.json"), join(folder, "node_modules/.package-lock.json")];
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
