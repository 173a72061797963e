/** The Python goldens as projects: what the plugin emitted, beside the messages that protoc and protoc-gen-py make. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createPlugin } from "../../src/plugin.js";
import { type GoldenCase, loadCase, pythonRequest, readWant, writeFiles } from "../golden.js";
import { codeCases } from "../golden-code.js";
import { runPython } from "./python.js";

/** A root of imports, with the cases whose protos can be in one. */
export interface PythonProject {
  readonly dir: string;
  readonly messages: "google" | "protobuf-py";
  readonly cases: readonly GoldenCase[];
  /** The paths of the generated modules. */
  readonly clients: readonly string[];
}

interface Group {
  readonly messages: PythonProject["messages"];
  readonly files: FileDescriptorProto[];
  readonly cases: GoldenCase[];
}

/** Writes all Python goldens, in as few projects as possible. What declares a name twice is in two. */
export function writePythonProjects(cache: string, cases: readonly GoldenCase[] = codeCases()): PythonProject[] {
  rmSync(cache, { recursive: true, force: true });
  const groups: Group[] = [];
  for (const golden of cases) {
    const messages = pythonRequest(golden).parameter.includes("messages=protobuf-py") ? "protobuf-py" : "google";
    const { protoFile } = golden.request;
    const found = groups.find((g) => g.messages === messages && protoFile.every((file) => !clashes(file, g.files)));
    const group = found ?? { messages, files: [], cases: [] };
    group.files.push(...protoFile.filter((file) => !group.files.some(({ name }) => name === file.name)));
    group.cases.push(golden);
    if (found === undefined) {
      groups.push(group);
    }
  }
  return groups.map(({ messages, files, cases }, i) =>
    writeProject(join(cache, `${messages}-${i}`), messages, files, cases),
  );
}

/** Whether one of the others, which is not the same file, has its name or declares one of its names. */
function clashes(file: FileDescriptorProto, others: readonly FileDescriptorProto[]): boolean {
  const bytes = (f: FileDescriptorProto) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, { ...f, sourceCodeInfo: undefined }));
  const names = new Set(namesOf(file));
  return others.some((other) =>
    other.name === file.name ? !bytes(file).equals(bytes(other)) : namesOf(other).some((name) => names.has(name)),
  );
}

function namesOf(file: FileDescriptorProto): string[] {
  const declared = [...file.messageType, ...file.enumType, ...file.service, ...file.extension];
  return declared.map(({ name }) => `${file.package}.${name}`);
}

function writeProject(
  dir: string,
  messages: PythonProject["messages"],
  files: readonly FileDescriptorProto[],
  cases: readonly GoldenCase[],
): PythonProject {
  const isGoogle = messages === "google";
  // Modules of protobuf-py import each other relatively: the root is a package.
  const output = isGoogle ? dir : join(dir, "gen");
  writeMessages(output, messages, files);
  const clients = cases.flatMap((golden) =>
    Object.entries(readWant(golden)).flatMap(([name, content]) =>
      /^want-python\/(?!sse\/runtime\/)/.test(name) ? [{ name: name.replace("want-python/", ""), content }] : [],
    ),
  );
  writeFiles(output, Object.fromEntries(clients.map(({ name, content }) => [name, content])));
  writeFiles(dir, runtime(messages, isGoogle ? "sse/runtime" : "acme/sse_runtime"));
  return { dir, messages, cases, clients: clients.map(({ name }) => (isGoogle ? name : `gen/${name}`)) };
}

/** Runs protoc on descriptors. */
export function writeMessages(
  dir: string,
  messages: PythonProject["messages"],
  files: readonly FileDescriptorProto[],
): void {
  mkdirSync(dir, { recursive: true });
  writeFiles(dir, {
    "descriptors.binpb": toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...files] })),
  });
  const names = files.map((file) => file.name).filter((name) => !name.startsWith("google/protobuf/"));
  const outputs = messages === "google" ? ["--python_out=.", "--pyi_out=."] : ["--py_out=."];
  runPython("python", ["-m", "grpc_tools.protoc", "--descriptor_set_in=descriptors.binpb", ...outputs, ...names], {
    cwd: dir,
  });
}

/** The runtime as the plugin emits it, in a folder. */
function runtime(messages: PythonProject["messages"], folder: string): Record<string, string> {
  const { request } = loadCase("sse");
  const { file } = createPlugin(() => {}).run({ ...request, parameter: `target=python,messages=${messages}` });
  return Object.fromEntries(
    file
      .filter(({ name }) => name.startsWith("sse/runtime/"))
      .map(({ name, content }) => [name.replace("sse/runtime", folder), content]),
  );
}
