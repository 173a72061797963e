import { expect, test } from "vitest";
import { caseNames, loadCase, readWant, runCase, writeWant } from "./golden.js";

// A file that is missing, or left over, on either side fails the case. `make golden` rewrites; read the diff.
test.each(caseNames())("golden %s", (name) => {
  const golden = loadCase(name);
  const got = runCase(golden);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    writeWant(golden, got);
  }
  expect(got).toEqual(readWant(golden));
  expect(Object.keys(got)).not.toEqual([]);
  expect("want.txt" in got && Object.keys(got).length === 1).toBe(name.startsWith("errors/"));
});
