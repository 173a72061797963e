/** The tests of the runtime for Go, and its fuzz targets for a few seconds. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../golden.js";
import { describeWithGo, run, runGo } from "./go.js";

const runtime = join(root, "templates/go");

describeWithGo("the runtime for Go", () => {
  test("passes its tests, with the race detector", () => {
    expect(runGo(["test", "-race", "-count=1", "./..."], runtime)).toContain("ok");
  }, 600_000);

  test("is formatted as gofmt does, and go vet finds nothing", () => {
    expect(run("gofmt", ["-l", "."], runtime)).toBe("");
    expect(runGo(["vet", "./..."], runtime)).toBe("");
  }, 300_000);

  const folder = join(runtime, "sse");
  const targets = readdirSync(folder)
    .filter((name) => name.endsWith("_test.go"))
    .flatMap((name) =>
      [...readFileSync(join(folder, name), "utf8").matchAll(/^func (Fuzz\w+)/gm)].map(([, fuzz]) => fuzz ?? ""),
    );

  test.each(targets)(
    "%s finds nothing new",
    (target) => {
      expect(runGo(["test", "-run=^$", `-fuzz=^${target}$`, "-fuzztime=2000x", "./sse"], runtime)).toContain("ok");
    },
    300_000,
  );
});
