import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileInfo } from "@bufbuild/protoplugin";

/** Compiles TypeScript files to JavaScript and declarations, as protoplugin asks for it. */
export type Transpile = (
  files: FileInfo[],
  emitJs: boolean,
  emitDts: boolean,
  jsImportStyle: "module" | "legacy_commonjs",
) => FileInfo[];

/** The `tsc` of the project that the plugin is installed or run in. */
export function findCompiler(): string | undefined {
  for (const from of [fileURLToPath(import.meta.url), join(process.cwd(), "package.json")]) {
    try {
      return join(dirname(createRequire(from).resolve("typescript/package.json")), "bin/tsc");
    } catch {} // not installed there
  }
  return undefined;
}

/**
 * Compiles with a `tsc`. It runs as a command, because TypeScript 7 has no stable API, while the command is the same
 * in all versions; and because loading an API would slow down every start of the plugin.
 */
export function transpileWith(tsc: string): Transpile {
  return (files, emitJs, emitDts, jsImportStyle) => {
    const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
    try {
      for (const { name, content } of files) {
        mkdirSync(dirname(join(dir, "in", name)), { recursive: true });
        writeFileSync(join(dir, "in", name), content);
      }
      const compilerOptions = {
        target: "ES2022",
        module: jsImportStyle === "module" ? "ES2022" : "CommonJS",
        lib: ["ES2022", "DOM"],
        types: [],
        strict: true,
        skipLibCheck: true, // it takes a quarter of the time, and errors do not count here
        newLine: "lf",
        noResolve: true, // every export has an explicit type
        declaration: emitDts,
        emitDeclarationOnly: emitDts && !emitJs,
        rootDir: "in",
        outDir: "out",
      };
      writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["in"] }));
      // The exit status is ignored: without the imported modules, there are always type errors.
      const { stdout } = spawnSync(process.execPath, [tsc, "-p", dir], { encoding: "utf8" });
      const extensions = [...(emitJs ? [".js"] : []), ...(emitDts ? [".d.ts"] : [])];
      return files.flatMap(({ name, preamble }) =>
        extensions.map((extension) => {
          const compiled = name.replace(/\.ts$/, extension);
          const path = join(dir, "out", compiled);
          if (!existsSync(path)) {
            throw new Error(`${tsc} did not compile ${name}:\n${stdout}`);
          }
          return { name: compiled, content: readFileSync(path, "utf8"), preamble };
        }),
      );
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
}
