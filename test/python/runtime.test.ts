/** The runtime of Python clients: its tests, and its checks (templates/python/pyproject.toml). */
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../golden.js";
import { describeWithPython, pythonCommand, runPyright, runPython } from "./python.js";

const runtime = { cwd: join(root, "templates/python") };

describeWithPython("the Python runtime", () => {
  test("passes its tests", { timeout: 300_000 }, () => {
    expect(runPython("pytest", ["-q"], runtime)).toMatch(/^\d+ passed/m);
  });

  test("passes mypy, pyright and ruff", { timeout: 300_000 }, () => {
    expect(runPython("mypy", [], runtime)).toContain("no issues");
    expect(runPyright(["--pythonpath", pythonCommand("python").command], runtime)).toContain("0 errors");
    expect(runPython("ruff", ["check"], runtime)).toContain("passed");
    runPython("ruff", ["format", "--check"], runtime);
  });
});
