/** The Go of the tests: a toolchain, and the tools that test/go/go.mod pins. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
} from "@bufbuild/protobuf/wkt";
import { createPlugin } from "../../src/plugin.js";
import { goPackages, root, writeFiles } from "../golden.js";
import { describeIfInstalled, isCommand } from "../is-command.js";

/** Describes tests that need Go: skipped by name where there is none, and failed in CI. */
export function describeWithGo(name: string, define: () => void): void {
  describeIfInstalled(isCommand("go"), "Go is not installed", name, define);
}

/** Runs `go`; what it prints. Throws with that if it fails. */
export function runGo(args: readonly string[], cwd: string): string {
  return run("go", args, cwd);
}

/** Runs a command; what it prints. Throws with that if it fails. */
export function run(command: string, args: readonly string[], cwd: string, input?: Uint8Array): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    input,
    encoding: "latin1",
    // The tests must not fetch another toolchain.
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" },
    maxBuffer: 1 << 27,
  });
  if (error !== undefined) {
    throw error;
  }
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
  }
  return stdout;
}

/** Builds a tool of test/go/go.mod, and returns its path. */
export function buildTool(path: string): string {
  const folder = join(root, ".cache/go-tools");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, path.split("/").at(-1) ?? "");
  runGo(["build", "-o", file, path], import.meta.dirname);
  return file;
}

/** The code of protoc-gen-go for all files but those that it has itself. */
export function goMessages(
  protoFile: CodeGeneratorRequest["protoFile"],
  options: readonly string[],
): Record<string, string> {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: protoFile.map((file) => file.name).filter((file) => !file.startsWith("google/protobuf/")),
    protoFile,
    parameter: options.join(","),
  });
  const plugin = buildTool("google.golang.org/protobuf/cmd/protoc-gen-go");
  const output = run(plugin, [], root, toBinary(CodeGeneratorRequestSchema, request));
  const response = fromBinary(CodeGeneratorResponseSchema, Buffer.from(output, "latin1"));
  if (response.error) {
    throw new Error(response.error);
  }
  return Object.fromEntries(response.file.map(({ name, content }) => [name, content]));
}

/** Writes what protoc-gen-go and the plugin make of a request into a folder, whose import path is given. */
export function writeGoCode(
  folder: string,
  path: string,
  request: CodeGeneratorRequest,
  more: readonly string[] = [],
): void {
  const options = ["paths=source_relative", ...goPackages(path, request.protoFile)];
  writeFiles(folder, goMessages(request.protoFile, options));
  const parameter = ["target=go", ...options, `go_root=${path}`, ...more].join();
  const { file, error } = createPlugin(() => {}).run({ ...request, parameter });
  if (error) {
    throw new Error(error);
  }
  writeFiles(folder, Object.fromEntries(file.map(({ name, content }) => [name, content])));
}

/** Makes a folder a module of the oldest Go that generated code compiles with. */
export function writeGoModule(folder: string, path: string): void {
  const runtime = join(root, "templates/go");
  const version = /protobuf (v\S+)/.exec(readFileSync(join(runtime, "go.mod"), "utf8"))?.[1];
  writeFiles(folder, {
    "go.mod": `module ${path}\n\ngo 1.23\n\nrequire google.golang.org/protobuf ${version}\n`,
    "go.sum": readFileSync(join(runtime, "go.sum"), "utf8"),
  });
}
