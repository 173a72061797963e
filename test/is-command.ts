import { execFileSync } from "node:child_process";

/** Whether a command is there to be run. */
export function isCommand(name: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
}
