import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Project, SourceFile } from "ts-morph";

/** A part of the architecture: its files, what they may import besides each other, and how long they may be. */
interface Part {
  readonly files: RegExp;
  /** Files of other parts; undefined for none. */
  readonly imports?: RegExp;
  readonly packages?: RegExp;
  /** Files of other parts that it may export again; undefined for none. */
  readonly exports?: RegExp;
  readonly maxLines: number;
}

const SOURCE = { packages: /^(?!node:|yaml$)/, maxLines: 300 };
const RUNTIME = { packages: /^@bufbuild\/protobuf(\/|$)/, exports: /^templates\/typescript\//, maxLines: 300 };
const EMITTER = { packages: /^(@bufbuild\/|yaml$|node:)/, maxLines: 200 };

/** The parts. A file belongs to the first that has it. */
const parts: readonly Part[] = [
  { ...SOURCE, files: /^src\/main\.ts$/, imports: /^src\/(help|init|plugin|problems|request)\.ts$/, packages: /./ },
  { ...SOURCE, files: /^src\/(request|decode)\.ts$/, imports: /^src\/source-info\.ts$/ },
  { ...SOURCE, files: /^src\/init\.ts$/, imports: /^src\/problems\.ts$/, packages: /^node:/ },
  { ...SOURCE, files: /^src\/help\.ts$/, imports: /^src\/options\.ts$/ },
  {
    ...SOURCE,
    files: /^src\/plugin\.ts$/,
    imports: /^src\/(base-document|options|problems|transpile|version|annotations\/read|model\/build|emit\/emit)\.ts$/,
  },
  {
    ...SOURCE,
    files: /^src\/(options|option|base-document|transpile|version)\.ts$/,
    imports: /^(src\/(base-document|problems)\.ts|package\.json)$/,
    packages: /./,
  },
  { ...SOURCE, files: /^src\/(problems|source-info)\.ts$/ },
  { ...SOURCE, files: /^src\/gen\//, maxLines: Number.POSITIVE_INFINITY },
  { ...SOURCE, files: /^src\/annotations\//, imports: /^src\/(gen\/.*|problems)\.ts$/, packages: /./ },
  { ...SOURCE, files: /^src\/model\//, imports: /^src\/(gen\/.*|annotations\/.*|problems|source-info)\.ts$/ },
  { ...SOURCE, files: /^src\/print\// },
  { ...EMITTER, files: /^src\/emit\/emit\.ts$/, imports: /^src\/(emit\/.*|options|model\/model)\.ts$/ },
  {
    ...EMITTER,
    files: /^src\/emit\/(runtime|output)\.ts$/,
    imports: /^src\/(options|problems|model\/model|print\/layout)\.ts$/,
  },
  {
    ...EMITTER,
    files: /^src\/emit\/typescript\//,
    imports:
      /^src\/(emit\/(runtime|output)|options|model\/(model|method-table|path-template|json-form)|print\/.*)\.ts$/,
  },
  {
    ...EMITTER,
    files: /^src\/emit\/python\//,
    imports: /^src\/(emit\/(runtime|output)|options|problems|model\/(model|method-table)|print\/code)\.ts$/,
  },
  {
    ...EMITTER,
    files: /^src\/emit\/go\//,
    imports: /^src\/(emit\/(runtime|output)|options|problems|model\/(model|method-table)|print\/code)\.ts$/,
  },
  {
    ...EMITTER,
    files: /^src\/emit\/openapi\//,
    imports: /^src\/(emit\/output|options|problems|model\/(model|rules|path-template|json-form|docs)|print\/yaml)\.ts$/,
  },
  { ...RUNTIME, files: /^templates\/typescript\/shared\// },
  { ...RUNTIME, files: /^templates\/typescript\/client\//, imports: /^templates\/typescript\/shared\// },
  { ...RUNTIME, files: /^templates\/typescript\/server\//, imports: /^templates\/typescript\/shared\// },
  // Emitted beside the server, each in one file.
  { files: /^templates\/typescript\/redis\//, imports: /^templates\/typescript\/server\.ts$/, maxLines: 340 },
  { files: /^templates\/typescript\/nats\//, imports: /^templates\/typescript\/server\.ts$/, maxLines: 360 },
  // The entries.
  { ...RUNTIME, files: /^templates\/typescript\/[\w-]+\.ts$/, imports: /^templates\/typescript\// },
];

/** What breaks the rules of the architecture, a line each; `root` is the folder that the paths of `parts` start from. */
export function findViolations(project: Project, root: string): string[] {
  return project.getSourceFiles().flatMap((file) => {
    const path = relative(root, file.getFilePath());
    if (path.endsWith(".test.ts") || path.includes("/testing/")) {
      return [];
    }
    const part = parts.find(({ files }) => files.test(path));
    if (part === undefined) {
      return [`${path} belongs to no part of the architecture`];
    }
    const lines = file.getEndLineNumber();
    return [
      ...(lines > part.maxLines ? [`${path} has ${lines} lines, more than ${part.maxLines}`] : []),
      ...importsOf(file, path)
        .filter((target) => !mayImport(part, target))
        .map((target) => `${path} imports ${target.name}`),
      ...reexportsOf(file, path)
        .filter(({ isFile, name }) => isFile && !part.files.test(name) && part.exports?.test(name) !== true)
        .map((target) => `${path} exports what ${target.name} declares`),
    ];
  });
}

/** Files of the runtimes for Go and Python that are longer than 300 lines, and how long they may be. */
const LONG_FILES: Readonly<Record<string, number>> = {
  "templates/python/sse/runtime/call.py": 450, // a call without I/O, with the effects that it yields
  "templates/python/sse/runtime/errors.py": 410, // users import every error from here
  "templates/python/sse/runtime/google_messages.py": 360, // one table of converters, for every kind of field
  "templates/python/sse/runtime/stream_core.py": 380, // one state machine, without I/O
};

/** The files of the runtimes for Go and Python that are too long, a line each. Tests are not counted. */
export function findLongFiles(root: string, folder = "templates"): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return /^(internal|testing|node_modules|typescript|\..*)$/.test(entry.name) ? [] : findLongFiles(root, path);
    }
    if (!/\.(go|py)$/.test(path) || /(_test\.go|\/test_\w+\.py)$/.test(path)) {
      return [];
    }
    const lines = readFileSync(join(root, path), "utf8").split("\n").length - 1;
    const most = LONG_FILES[path] ?? 300;
    return lines > most ? [`${path} has ${lines} lines, more than ${most}`] : [];
  });
}

interface Target {
  /** A path from the root, or the name of a package. */
  readonly name: string;
  readonly isFile: boolean;
}

function mayImport(part: Part, { name, isFile }: Target): boolean {
  return isFile ? part.files.test(name) || part.imports?.test(name) === true : part.packages?.test(name) === true;
}

function importsOf(file: SourceFile, path: string): Target[] {
  return [...file.getImportDeclarations(), ...file.getExportDeclarations()].flatMap((declaration) => {
    const specifier = declaration.getModuleSpecifierValue();
    return specifier === undefined ? [] : [target(path, specifier)];
  });
}

/** Where the names come from that a file exports and does not declare: `export … from`, and `export { … }` of an import. */
function reexportsOf(file: SourceFile, path: string): Target[] {
  const imported = new Map(
    file.getImportDeclarations().flatMap((declaration) => {
      const names = [
        ...declaration.getNamedImports().map((name) => name.getAliasNode()?.getText() ?? name.getName()),
        declaration.getDefaultImport()?.getText(),
        declaration.getNamespaceImport()?.getText(),
      ];
      return names.flatMap((name) =>
        name === undefined ? [] : [[name, target(path, declaration.getModuleSpecifierValue())] as const],
      );
    }),
  );
  const declared = file.getExportDeclarations().flatMap((declaration) => {
    const specifier = declaration.getModuleSpecifierValue();
    return specifier !== undefined
      ? [target(path, specifier)]
      : declaration.getNamedExports().flatMap((name) => imported.get(name.getName()) ?? []);
  });
  const assigned = [
    ...file.getExportAssignments().map((assignment) => assignment.getExpression().getText()),
    ...file
      .getVariableDeclarations()
      .filter((declaration) => declaration.isExported())
      .map((declaration) => declaration.getInitializer()?.getText() ?? ""),
    ...file
      .getTypeAliases()
      .filter((alias) => alias.isExported())
      .map((alias) => alias.getTypeNode()?.getText() ?? ""),
  ];
  return [...declared, ...assigned.flatMap((name) => imported.get(name) ?? [])];
}

function target(from: string, specifier: string): Target {
  const isFile = specifier.startsWith(".");
  return { name: isFile ? join(dirname(from), specifier).replace(/\.js$/, ".ts") : specifier, isFile };
}
