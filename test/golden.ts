/**
 * Golden cases: every folder of golden/ is one, an import root of its own. It holds protos, and in want/ all
 * that the plugin makes of them; a folder of golden/errors/ holds want.txt instead, the errors it reports.
 * options.txt, where there is one, holds the plugin's parameter for the case.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createPlugin } from "../src/plugin.js";

export const root: string = join(import.meta.dirname, "..");
const golden = join(root, "golden");

/** The runtime stands in one case as emitted (`sse`); the others import it, to keep their diffs small. */
const OPTIONS = "elide_plugin_version=true,runtime=protoc-gen-sse";

export interface GoldenCase {
  /** The folder below golden/: `sse`, `errors/unknown-field`. */
  readonly name: string;
  readonly dir: string;
  readonly request: CodeGeneratorRequest;
}

/** The names of all cases, those that fail included. */
export function caseNames(): string[] {
  const folders = (dir: string) =>
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "errors")
      .map((entry) => relative(golden, join(dir, entry.name)));
  return [...folders(golden), ...folders(join(golden, "errors"))].sort();
}

export function loadCase(name: string): GoldenCase {
  const dir = join(golden, name);
  const options = join(dir, "options.txt");
  const fileToGenerate = files(dir).filter((file) => file.endsWith(".proto"));
  return {
    name,
    dir,
    request: create(CodeGeneratorRequestSchema, {
      fileToGenerate,
      protoFile: compile(["proto", relative(root, dir)]),
      parameter: existsSync(options) ? readFileSync(options, "utf8").trim() : OPTIONS,
    }),
  };
}

/** The descriptors of all files of the modules, as buf sends them to plugins. */
export function compile(modules: readonly string[]) {
  const config = JSON.stringify({ version: "v2", modules: modules.map((path) => ({ path })) });
  const set = execFileSync(join(root, "node_modules/.bin/buf"), ["build", "--config", config, "-o", "-#format=binpb"], {
    cwd: root,
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return fromBinary(FileDescriptorSetSchema, set).file;
}

/** What the plugin answers: file name → content, from the folder of the case. */
export function runCase({ request }: GoldenCase): Record<string, string> {
  const warnings: string[] = [];
  const response = createPlugin((line) => warnings.push(line)).run(request);
  const report = [...warnings.map((line) => `warning: ${line}\n`), ...(response.error ? [`${response.error}\n`] : [])];
  return {
    ...(report.length > 0 ? { "want.txt": report.join("") } : {}),
    ...Object.fromEntries(response.file.map((file) => [join("want", file.name), file.content])),
  };
}

/** What the case says that the plugin should answer. */
export function readWant({ dir }: GoldenCase): Record<string, string> {
  const want = files(dir).filter((file) => /^want[./]/.test(file));
  return Object.fromEntries(want.map((file) => [file, readFileSync(join(dir, file), "utf8")]));
}

export function writeWant({ dir }: GoldenCase, got: Record<string, string>): void {
  for (const name of ["want", "want.txt"]) rmSync(join(dir, name), { recursive: true, force: true });
  writeFiles(dir, got);
}

export function writeFiles(dir: string, contents: Record<string, string>): void {
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
}

/** Paths of all files below a folder, sorted. */
export function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}
