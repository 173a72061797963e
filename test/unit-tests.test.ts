import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isUnitTest } from "./unit-tests.js";

// The whole names would make this file a test of another kind.
const load = (name: string) => import(/* @vite-ignore */ `node:${name}`);

test("a test is a unit test if no module that it imports opens a socket or starts a process", () => {
  const isUnit = (path: string) => isUnitTest(fileURLToPath(new URL(path, import.meta.url)));
  expect(isUnit("unit-tests.test.ts")).toBe(true);
  expect(isUnit("../templates/typescript/server/call/call.test.ts")).toBe(false);
  expect(isUnit("golden.test.ts")).toBe(false);
});

test("a unit test cannot open a socket", async () => {
  await expect(fetch("http://127.0.0.1:65000")).rejects.toMatchObject({
    cause: { message: expect.stringContaining("a unit test opens no socket") },
  });
  const { createServer, connect } = await load("net");
  expect(() => connect(1)).toThrow("a unit test opens no socket");
  expect(() => createServer().listen(0)).toThrow("a unit test opens no socket");
});

test("a unit test cannot start a process", async () => {
  const { execFileSync, spawn } = await load("child_process");
  expect(() => spawn("true")).toThrow("a unit test starts no process");
  expect(() => execFileSync("true")).toThrow("a unit test starts no process");
});
