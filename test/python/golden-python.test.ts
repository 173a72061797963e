/** The Python goldens are proved: they compile with both type checkers, and they read and are formatted as careful code is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { files, writeFiles } from "../golden.js";
import { cacheFolder } from "../golden-code.js";
import { type PythonProject, writePythonProjects } from "./golden-python.js";
import { CommandError, describeWithPython, runPyright, runPython, venv } from "./python.js";

/** The oldest version that generated code runs on, and the newest that the checkers know. */
const VERSIONS = ["3.11", "3.14"];

describeWithPython("Python goldens", () => {
  const cache = cacheFolder("golden-python");
  let projects: PythonProject[];

  beforeAll(() => {
    projects = writePythonProjects(cache).map((project) => {
      const consumers = ["consumer", "wrong"].map((name) => `${name}_${project.messages.replace("-", "_")}.py`);
      const isFirst = project.dir.endsWith("-0") || project.messages === "protobuf-py";
      const added = isFirst ? consumers : [];
      writeFiles(
        project.dir,
        Object.fromEntries(added.map((name) => [name, readFileSync(join(import.meta.dirname, name), "utf8")])),
      );
      writeConfiguration(project, [...project.clients, ...added]);
      return { ...project, clients: [...project.clients, ...added] };
    });
    expect(projects.flatMap(({ clients }) => clients).length).toBeGreaterThan(25);
  });

  test.each(VERSIONS)("compile with mypy --strict, and every wrong line does not, for Python %s", (version) => {
    for (const { dir, clients } of projects) {
      const output = outputOf(() => runPython("mypy", ["--python-version", version, ...clients], { cwd: dir }));
      expectErrors(dir, clients, output, /^([^:\s]+):(\d+): error: /gm);
    }
  });

  test.each(VERSIONS)(
    "compile with pyright in strict mode, and every wrong line does not, for Python %s",
    (version) => {
      for (const { dir, clients } of projects) {
        const output = outputOf(() => runPyright(["--pythonversion", version, "-p", "."], { cwd: dir }));
        expectErrors(dir, clients, output, /^\s+\S*?([^/\s]+\.py):(\d+):\d+ - error: /gm);
      }
    },
  );

  test("have docstrings, sorted imports that are used and no Any, and are formatted", () => {
    for (const { dir, clients } of projects) {
      const generated = clients.filter((name) => name.endsWith("_client.py"));
      expect(outputOf(() => runPython("ruff", ["check", "--quiet", ...generated], { cwd: dir }))).toBe("");
      expect(outputOf(() => runPython("ruff", ["format", "--diff", ...generated], { cwd: dir }))).toBe("");
      expect(
        generated.filter((name) => /\bAny\b|# (type|noqa|pyright)/.test(readFileSync(join(dir, name), "utf8"))),
      ).toEqual([]);
    }
  });
});

/** As a strict project would have them. */
function writeConfiguration(project: PythonProject, files: readonly string[]): void {
  writeFiles(project.dir, {
    "mypy.ini": [
      "[mypy]",
      "strict = true",
      "explicit_package_bases = true",
      "namespace_packages = true",
      "cache_dir = ../../.mypy",
      // protoc's stubs have errors of their own. mypy takes no pattern such as "*_pb2".
      ...modulesOf(project).map((module) => `[mypy-${module}]\nignore_errors = true`),
    ].join("\n"),
    "pyrightconfig.json": JSON.stringify({ ...venv, typeCheckingMode: "strict", include: files }),
    "ruff.toml": [
      "line-length = 100",
      'target-version = "py311"',
      'lint.select = ["F", "D1", "ANN", "I"]',
      'lint.isort.known-third-party = ["google.protobuf", "protobuf", "typing_extensions"]',
    ].join("\n"),
  });
}

/** The modules of messages that protoc has written. */
function modulesOf({ dir }: PythonProject): string[] {
  const stubs = files(dir).filter((name) => name.endsWith("_pb2.pyi"));
  return stubs.map((name) => name.replace(".pyi", "").replaceAll("/", "."));
}

/** The errors are on the lines of `wrong_….py` that say so, and nowhere else. */
function expectErrors(dir: string, files: readonly string[], output: string, error: RegExp): void {
  const wanted = files
    .filter((name) => name.startsWith("wrong_"))
    .flatMap((name) =>
      readFileSync(join(dir, name), "utf8")
        .split("\n")
        .flatMap((line, i) => (line.endsWith("# error") ? [`${name}:${i + 1}`] : [])),
    );
  const got = [...output.matchAll(error)].map(([, name, line]) => `${name}:${line}`);
  expect([...new Set(got)].sort(), output).toEqual(wanted.sort());
}

function outputOf(run: () => string): string {
  try {
    run();
    return "";
  } catch (error) {
    if (error instanceof CommandError) {
      return error.stdout;
    }
    throw error;
  }
}
