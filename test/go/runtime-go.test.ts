/** The tests of the runtime for Go, and its fuzz targets for a few seconds. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../golden.js";
import { describeWithGo, run, runGo } from "./go.js";

const runtime = join(root, "templates/go");

/** The event log on Redis is a module of its own, so that the runtime depends on protobuf alone. Its tests need redis-server. */
const modules = ["sse and eventlogtest", "redislog"] as const;

describeWithGo("the runtime for Go", () => {
  test.each(modules)(
    "%s: passes its tests, with the race detector",
    (module) => {
      expect(runGo(["test", "-race", "-count=1", "./..."], folderOf(module))).toContain("ok");
    },
    600_000,
  );

  test.each(modules)(
    "%s: is formatted as gofmt does, and go vet finds nothing",
    (module) => {
      expect(run("gofmt", ["-l", "."], folderOf(module))).toBe("");
      expect(runGo(["vet", "./..."], folderOf(module))).toBe("");
    },
    300_000,
  );

  const folderOf = (module: (typeof modules)[number]) => (module === "redislog" ? join(runtime, module) : runtime);

  test("writes and reads google.rpc and buf.validate as their own packages do", () => {
    const folder = join(import.meta.dirname, "errdetails");
    expect(run("gofmt", ["-l", "."], folder)).toBe("");
    expect(runGo(["test", "-count=1", "."], folder)).toContain("ok");
    const runtimeModules = readFileSync(join(runtime, "go.sum"), "utf8");
    expect(
      runtimeModules
        .split("\n")
        .filter((line) => !/^(google.golang.org\/protobuf|github.com\/google\/go-cmp) |^$/.test(line)),
    ).toEqual([]);
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
