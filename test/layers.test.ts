/** The rules of the architecture over who may import whom. */
import { dirname, join, relative } from "node:path";
import { Project } from "ts-morph";
import { expect, test } from "vitest";
import { root } from "./golden.js";

const project = new Project({ compilerOptions: { allowJs: false } });
project.addSourceFilesAtPaths([`${root}/src/**/*.ts`, `${root}/templates/**/*.ts`]);

/** What each part may import besides itself: the stage on its left, printing, problems and packages. */
const allowed: [part: RegExp, imports: RegExp][] = [
  [/^src\/main\.ts$/, /^src\/(help|plugin)\.ts$/],
  [/^src\/help\.ts$/, /^src\/options\.ts$/],
  [/^src\/plugin\.ts$/, /^src\/(options|problems|transpile|version|annotations\/.*|model\/.*|emit\/emit)\.ts$/],
  [/^src\/(options|problems|source-info|transpile|version)\.ts$/, /^(src\/(problems|source-info)\.ts|package\.json)$/],
  [/^src\/gen\//, /^src\/gen\//],
  [/^src\/annotations\//, /^src\/(gen\/.*|problems)\.ts$/],
  [/^src\/model\//, /^src\/(gen\/.*|annotations\/.*|problems|source-info)\.ts$/],
  [/^src\/print\//, /^$/],
  [/^src\/emit\/emit\.ts$/, /^src\/emit\/|^src\/(options|model\/model)\.ts$/],
  [
    /^src\/emit\/(runtime|output)\.ts$/,
    /^src\/(emit\/(runtime|output)|options|problems|model\/model|print\/layout)\.ts$/,
  ],
  [
    /^src\/emit\/typescript\//,
    /^src\/(emit\/(runtime|output)|options|model\/(model|method-table|path|json-form)|print\/.*)\.ts$/,
  ],
  [
    /^src\/emit\/openapi\//,
    /^src\/(emit\/(output|openapi\/.*)|options|problems|model\/(model|path|json-form|docs|field-rules)|print\/.*)\.ts$/,
  ],
  [/^templates\/typescript\//, /^templates\/typescript\//],
];

const imports = project.getSourceFiles().flatMap((file) => {
  const from = relative(root, file.getFilePath());
  if (from.endsWith(".test.ts") || from.includes("/testing/")) {
    return [];
  }
  return [...file.getImportDeclarations(), ...file.getExportDeclarations()].flatMap((declaration) => {
    const specifier = declaration.getModuleSpecifierValue();
    if (specifier === undefined) {
      return [];
    }
    const isFile = specifier.startsWith(".");
    const path = join(dirname(from), specifier).replace(/\.js$/, ".ts");
    return [{ from, to: isFile ? path : specifier, isFile }];
  });
});

test("a stage imports only from the stage on its left", () => {
  const folder = (path: string) => dirname(path);
  const wrong = imports.filter(({ from, to, isFile }) => {
    if (!isFile || folder(from) === folder(to)) {
      return !isFile ? false : crossesEmitters(from, to);
    }
    return !allowed.some(([part, may]) => part.test(from) && may.test(to));
  });
  expect(wrong).toEqual([]);
  expect(imports.length).toBeGreaterThan(100); // the check sees the code
});

/** Within a folder anything goes, but `src/` itself holds several parts. */
function crossesEmitters(from: string, to: string): boolean {
  if (dirname(from) !== "src" && dirname(from) !== "src/emit") {
    return false;
  }
  return !allowed.some(([part, may]) => part.test(from) && may.test(to));
}

test("every file of src belongs to a part", () => {
  const files = project.getSourceFiles().map((file) => relative(root, file.getFilePath()));
  const sources = files.filter((file) => !file.endsWith(".test.ts"));
  expect(sources.filter((file) => !allowed.some(([part]) => part.test(file)))).toEqual([]);
});

test("templates import no package but @bufbuild/protobuf, and nothing of Node", () => {
  const packages = imports.filter(({ from, isFile }) => from.startsWith("templates/") && !isFile).map(({ to }) => to);
  expect(packages.filter((name) => !/^@bufbuild\/protobuf(\/|$)/.test(name))).toEqual([]);
});

test("emitters read no option of a proto", () => {
  const reading = imports.filter(({ from, to }) => from.startsWith("src/emit/") && /gen\/sse|annotations/.test(to));
  expect(reading).toEqual([]);
});

test("the model names no plugin option", () => {
  const naming = imports.filter(
    ({ from, to }) => from.startsWith("src/model/") && /^src\/options\.ts$|emit\//.test(to),
  );
  expect(naming).toEqual([]);
});

test("files stay short", () => {
  const tooLong = project.getSourceFiles().flatMap((file) => {
    const path = relative(root, file.getFilePath());
    if (/\.test\.ts$|\/gen\/|\/testing\//.test(path)) {
      return [];
    }
    const most = path.startsWith("src/emit/") ? 200 : path.startsWith("src/") ? 300 : 360;
    const lines = file.getEndLineNumber();
    return lines > most ? [`${path}: ${lines} lines`] : [];
  });
  expect(tooLong).toEqual([]);
});
