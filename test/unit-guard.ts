/** Runs before each test file. In a unit test, what opens a socket or starts a process throws. */
import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { expect } from "vitest";
import { isUnitTest } from "./unit-tests.js";

if (isUnitTest(expect.getState().testPath ?? "")) {
  forbid(net.Socket.prototype, "connect", "opens no socket");
  forbid(net.Server.prototype, "listen", "opens no socket");
  for (const name of ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"] as const) {
    forbid(childProcess, name, "starts no process");
  }
  syncBuiltinESMExports();
}

function forbid<T extends object>(object: T, name: keyof T & string, rule: string): void {
  Object.defineProperty(object, name, {
    value: () => {
      throw new Error(`${name}: a unit test ${rule}. Import the module that does so, and it is no unit test.`);
    },
  });
}
