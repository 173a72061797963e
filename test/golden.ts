/**
 * Golden cases: every folder of golden/ is one, an import root of its own. It holds protos, in want/ all that the plugin
 * makes of them, and in want-python/ and want-go/ what it makes of them with target=python and target=go; a folder of golden/errors/ holds want.txt
 * instead, the errors it reports. options.txt, options-python.txt and options-go.txt have the parameter of the plugin, if a case needs one.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createPlugin } from "../src/plugin.js";

export const root: string = join(import.meta.dirname, "..");
const golden = join(root, "golden");

/** The runtime stands in one case as emitted (`sse`); the others import it, to keep their diffs small. */
const OPTIONS = "elide_plugin_version=true,runtime=protoc-gen-sse";
const PYTHON_OPTIONS = "target=python,runtime=sse.runtime";
const GO_OPTIONS = "target=go,paths=source_relative,runtime=example.com/golden/sse";

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
  const fileToGenerate = files(dir).filter((file) => file.endsWith(".proto"));
  return {
    name,
    dir,
    request: create(CodeGeneratorRequestSchema, {
      fileToGenerate,
      protoFile: compile(["proto", relative(root, dir)]),
      parameter: readOptions(dir, "options.txt") ?? OPTIONS,
    }),
  };
}

function readOptions(dir: string, name: string): string | undefined {
  const path = join(dir, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

/** The request of the case for Python. */
export function pythonRequest({ dir, request }: GoldenCase): CodeGeneratorRequest {
  return { ...request, parameter: readOptions(dir, "options-python.txt") ?? PYTHON_OPTIONS };
}

/** The request of the case for Go. */
export function goRequest({ dir, name, request }: GoldenCase): CodeGeneratorRequest {
  const given = readOptions(dir, "options-go.txt");
  const packages = goPackages(`example.com/golden/${name}`, request.protoFile);
  return { ...request, parameter: given ?? [GO_OPTIONS, ...packages].join(",") };
}

/** Options of protoc-gen-go that put the packages of all files below an import path. */
export function goPackages(root: string, protoFile: CodeGeneratorRequest["protoFile"]): string[] {
  const files = protoFile.filter((file) => !file.name.startsWith("google/protobuf/"));
  return files.map((file) => {
    const scope = file.package.replace(/\W/g, "");
    return `M${file.name}=${[root, dirname(file.name)].join("/").replace("/.", "")};${scope || "root"}`;
  });
}

/**
 * The descriptors of all files of the modules, as buf sends them to plugins. A module is a folder of protos.
 * Starting buf takes most of the time of a golden test, so its output is cached by the content of what it reads.
 */
export function compile(modules: readonly string[]) {
  const paths = modules.map((path) => resolve(root, path));
  const cached = join(root, ".cache/descriptors", hashProtos(paths));
  if (!existsSync(cached)) {
    // Test files run side by side: a cached file is complete, or absent.
    const partial = `${cached}.${randomUUID()}`;
    writeFiles(dirname(cached), { [basename(partial)]: build(paths) });
    renameSync(partial, cached);
  }
  return fromBinary(FileDescriptorSetSchema, readFileSync(cached)).file;
}

function hashProtos(modules: readonly string[]): string {
  const hash = createHash("sha256").update(readFileSync(join(root, "node_modules/@bufbuild/buf/package.json")));
  for (const dir of modules) {
    for (const file of files(dir).filter((name) => name.endsWith(".proto"))) {
      hash.update(`\0${file}\0`).update(readFileSync(join(dir, file)));
    }
  }
  return hash.digest("hex");
}

function build(modules: readonly string[]): Buffer {
  // buf takes no module above the folder it runs in.
  const base = modules.every((path) => path.startsWith(root)) ? root : "/";
  const config = JSON.stringify({ version: "v2", modules: modules.map((path) => ({ path: relative(base, path) })) });
  return execFileSync(join(root, "node_modules/.bin/buf"), ["build", "--config", config, "-o", "-#format=binpb"], {
    cwd: base,
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** What the plugin answers: file name → content, from the folder of the case. */
export function runCase(golden: GoldenCase): Record<string, string> {
  return {
    ...run(golden.request, "want"),
    ...(golden.name.startsWith("errors/")
      ? {}
      : { ...run(pythonRequest(golden), "want-python"), ...run(goRequest(golden), "want-go") }),
  };
}

function run(request: CodeGeneratorRequest, folder: "want" | "want-python" | "want-go"): Record<string, string> {
  const warnings: string[] = [];
  const response = createPlugin((line) => warnings.push(line)).run(request);
  // Warnings are about the protos, whatever the language.
  const warned = folder === "want" ? warnings.map((line) => `warning: ${line}\n`) : [];
  const report = [...warned, ...(response.error ? [`${response.error}\n`] : [])];
  return {
    ...(report.length > 0 ? { [`${folder}.txt`]: report.join("") } : {}),
    ...Object.fromEntries(response.file.map((file) => [join(folder, file.name), file.content])),
  };
}

/** What the case says that the plugin should answer. */
export function readWant({ dir }: GoldenCase): Record<string, string> {
  const want = files(dir).filter((file) => /^want(-\w+)?[./]/.test(file));
  return Object.fromEntries(want.map((file) => [file, readFileSync(join(dir, file), "utf8")]));
}

export function writeWant({ dir }: GoldenCase, got: Record<string, string>): void {
  for (const name of ["want", "want.txt", "want-python", "want-go"]) {
    rmSync(join(dir, name), { recursive: true, force: true });
  }
  writeFiles(dir, got);
}

export function writeFiles(dir: string, contents: Record<string, string | Uint8Array>): void {
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
