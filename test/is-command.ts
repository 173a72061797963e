import { execFileSync } from "node:child_process";
import { describe, test } from "vitest";

/** Whether a command is there to be run. */
export function isCommand(name: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
}

/** Describes tests that need a tool: skipped by name where it is not installed, and failed in CI. */
export function describeIfInstalled(isInstalled: boolean, otherwise: string, name: string, define: () => void): void {
  if (isInstalled) {
    describe(name, define);
    return;
  }
  describe(name, () => {
    if (process.env["CI"] === undefined) {
      test.skip(otherwise, () => {});
    } else {
      test(otherwise, () => {
        throw new Error(otherwise);
      });
    }
  });
}
