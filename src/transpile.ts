import { createRequire } from "node:module";
import type { FileInfo } from "@bufbuild/protoplugin";

/**
 * Compiles emitted TypeScript to JavaScript and declarations, with the compiler that protoplugin depends on.
 * protoplugin's own way knows no library of types, and so cannot declare what uses a Promise or a Response.
 */
export function transpile(
  files: FileInfo[],
  emitJs: boolean,
  emitDts: boolean,
  jsImportStyle: "module" | "legacy_commonjs",
): FileInfo[] {
  const ts = loadCompiler();
  const options = {
    target: ts.ScriptTarget.ES2022,
    module: jsImportStyle === "module" ? ts.ModuleKind.ES2022 : ts.ModuleKind.CommonJS,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: [],
    strict: true,
    newLine: ts.NewLineKind.LineFeed,
    noResolve: true, // every export says its type
    declaration: emitDts,
    emitDeclarationOnly: emitDts && !emitJs,
  };
  const sources = new Map(files.map((file) => [`/${file.name}`, file]));
  const host = ts.createCompilerHost(options);
  const readLibrary = host.getSourceFile;
  host.getCurrentDirectory = () => "/";
  host.getSourceFile = (name, languageVersion) => {
    const source = sources.get(name);
    return source === undefined
      ? readLibrary(name, languageVersion)
      : ts.createSourceFile(name, source.content, languageVersion);
  };
  const compiled: FileInfo[] = [];
  const program = ts.createProgram([...sources.keys()], options, host);
  const { diagnostics, emitSkipped } = program.emit(undefined, (name, content, _mark, _error, from = []) => {
    const preamble = sources.get(from[0]?.fileName ?? "")?.preamble;
    compiled.push({ name: name.slice(1), content, preamble });
  });
  if (emitSkipped) {
    throw new Error(ts.formatDiagnostics(diagnostics, { ...host, getNewLine: () => "\n" }));
  }
  return compiled;
}

/** Takes half a second: only the targets `js` and `dts` pay for it. */
function loadCompiler(): Compiler {
  const { resolve } = createRequire(import.meta.url);
  return createRequire(resolve("@bufbuild/protoplugin"))("typescript");
}

/** What is used of the compiler's interface, which the TypeScript that this project is compiled with no longer has. */
interface Compiler {
  readonly ScriptTarget: { readonly ES2022: number };
  readonly ModuleKind: { readonly ES2022: number; readonly CommonJS: number };
  readonly NewLineKind: { readonly LineFeed: number };
  createCompilerHost(options: object): Host;
  createSourceFile(name: string, content: string, languageVersion: number): SourceFile;
  createProgram(
    names: string[],
    options: object,
    host: Host,
  ): { emit(target: undefined, write: WriteFile): EmitResult };
  formatDiagnostics(diagnostics: EmitResult["diagnostics"], host: Host & { getNewLine(): string }): string;
}

interface SourceFile {
  readonly fileName: string;
}

interface Host {
  getCurrentDirectory(): string;
  getSourceFile(name: string, languageVersion: number): SourceFile | undefined;
}

type WriteFile = (
  name: string,
  content: string,
  mark: boolean,
  onError: undefined,
  from?: readonly SourceFile[],
) => void;

interface EmitResult {
  readonly emitSkipped: boolean;
  readonly diagnostics: readonly object[];
}
