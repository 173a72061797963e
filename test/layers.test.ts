import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Project } from "ts-morph";
import { expect, test } from "vitest";
import { root, writeFiles } from "./golden.js";
import { findLongFiles, findViolations } from "./layers.js";

test("the code keeps the rules of the architecture", () => {
  const project = new Project({ compilerOptions: { allowJs: false }, skipFileDependencyResolution: true });
  project.addSourceFilesAtPaths([`${root}/src/**/*.ts`, `${root}/templates/typescript/**/*.ts`]);
  expect(project.getSourceFiles().length).toBeGreaterThan(100); // the check sees the code
  expect(findViolations(project, root)).toEqual([]);
});

test("no file of the runtimes for Go and Python is too long", () => {
  expect(findLongFiles(root)).toEqual([]);
});

test("the check finds files of Go and Python that are too long, and leaves out tests", () => {
  const folder = mkdtempSync(join(tmpdir(), "layers-"));
  try {
    const [allowed, long] = ["\n".repeat(300), "\n".repeat(301)];
    writeFiles(folder, {
      "templates/go/sse/allowed.go": allowed,
      "templates/go/sse/long.go": long,
      "templates/go/sse/long_test.go": long,
      "templates/python/sse/runtime/long.py": long,
      "templates/python/sse/runtime/test_long.py": long,
    });
    expect(findLongFiles(folder)).toEqual([
      "templates/go/sse/long.go has 301 lines, more than 300",
      "templates/python/sse/runtime/long.py has 301 lines, more than 300",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [
    "an emitter that imports annotations",
    "src/emit/openapi/schema/x.ts",
    'import { readField } from "../../../annotations/read.js";',
    "imports src/annotations/read.ts",
  ],
  [
    "an emitter that imports generated options",
    "src/emit/typescript/x.ts",
    'import { http } from "../../gen/sse/v1/annotations_pb.js";',
    "imports src/gen/sse/v1/annotations_pb.ts",
  ],
  [
    "an emitter that imports what the model reads",
    "src/emit/openapi/x.ts",
    'import { buildApi } from "../../model/build.js";',
    "imports src/model/build.ts",
  ],
  [
    "an emitter that imports another emitter",
    "src/emit/openapi/x.ts",
    'import { docs } from "../typescript/docs.js";',
    "imports src/emit/typescript/docs.ts",
  ],
  [
    "a model that exports from annotations",
    "src/model/x.ts",
    'export { readField } from "../annotations/read.js";',
    "exports what src/annotations/read.ts declares",
  ],
  [
    "a model that exports all of annotations",
    "src/model/x.ts",
    'export * from "../annotations/read.js";',
    "exports what src/annotations/read.ts declares",
  ],
  [
    "a model that exports an import of annotations",
    "src/model/x.ts",
    'import { type ReadMethod, readField as read } from "../annotations/read.js";\nexport type { ReadMethod };\n',
    "exports what src/annotations/read.ts declares",
  ],
  [
    "a model that exports a constant of annotations",
    "src/model/x.ts",
    'import { readField as read } from "../annotations/read.js";\nexport const readRules = read;\n',
    "exports what src/annotations/read.ts declares",
  ],
  [
    "a model that imports the plugin options",
    "src/model/x.ts",
    'import type { Options } from "../options.js";',
    "imports src/options.ts",
  ],
  ["a model that imports Node", "src/model/x.ts", 'import { readFileSync } from "node:fs";', "imports node:fs"],
  [
    "an annotation reader that imports the model",
    "src/annotations/x.ts",
    'import type { Api } from "../model/model.js";',
    "imports src/model/model.ts",
  ],
  [
    "a template that imports Node",
    "templates/typescript/server/x.ts",
    'import { createServer } from "node:http";',
    "imports node:http",
  ],
  ["a template that imports a package", "templates/typescript/x.ts", 'import { Hono } from "hono";', "imports hono"],
  [
    "a template that imports the plugin",
    "templates/typescript/x.ts",
    'import { version } from "../../src/version.js";',
    "imports src/version.ts",
  ],
  [
    "a client that imports the server",
    "templates/typescript/client/x.ts",
    'import { StatusError } from "../server/errors/status-error.js";',
    "imports templates/typescript/server/errors/status-error.ts",
  ],
  [
    "a shared module that imports the client",
    "templates/typescript/shared/x.ts",
    'import { bindRequest } from "../client/request/bind-request.js";',
    "imports templates/typescript/client/request/bind-request.ts",
  ],
  [
    "an event log that imports the inside of the server",
    "templates/typescript/redis/x.ts",
    'import { CursorError } from "../server/topic/event-log.js";',
    "imports templates/typescript/server/topic/event-log.ts",
  ],
  ["an emitter of 201 lines", "src/emit/openapi/x.ts", "\n".repeat(200), "has 201 lines, more than 200"],
  ["a source file of 301 lines", "src/model/x.ts", "\n".repeat(300), "has 301 lines, more than 300"],
  ["a file of no part", "src/utils.ts", "", "belongs to no part of the architecture"],
  ["a folder of no part", "src/emit/cobol/x.ts", "", "belongs to no part of the architecture"],
])("the check finds %s", (_, path, text, violation) => {
  const project = new Project({ useInMemoryFileSystem: true });
  project.createSourceFile(`/${path}`, text);
  expect(findViolations(project, "/")).toContain(`${path} ${violation}`);
});
