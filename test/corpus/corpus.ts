/** All of googleapis, as the npm package google-proto-files has it: real annotations, by the thousand. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { createPlugin } from "../../src/plugin.js";
import { files, root } from "../golden.js";

const source = join(root, "node_modules/google-proto-files");

/** The files of a folder that declare services, and what they import. */
export interface Package {
  /** `google/pubsub/v1` */
  readonly folder: string;
  readonly fileToGenerate: readonly string[];
  readonly protoFile: readonly FileDescriptorProto[];
}

/** Compiles the corpus with protoc, or only some folders of it; one package for each folder with a service. */
export function loadCorpus(only?: readonly string[]): Package[] {
  const set = join(root, ".cache/corpus.binpb");
  mkdirSync(dirname(set), { recursive: true });
  // Its copies of google/protobuf are those of a test suite, some broken on purpose.
  const protos = files(source).filter(
    (file) =>
      file.endsWith(".proto") &&
      !/^(google\/protobuf|node_modules)\//.test(file) &&
      (only === undefined || only.includes(dirname(file))),
  );
  const include = ["-I", source, "--include_imports", "--include_source_info", "-o", set];
  execFileSync("protoc", [...include, ...protos], {
    cwd: source,
    stdio: ["ignore", "ignore", "pipe"],
    maxBuffer: 1 << 26,
  });
  const { file: all } = fromBinary(FileDescriptorSetSchema, readFileSync(set));
  const byName = new Map(all.map((file) => [file.name, file]));
  const folders = new Map<string, string[]>();
  for (const { name, service } of all) {
    if (service.length > 0 && (only === undefined || only.includes(dirname(name)))) {
      folders.set(dirname(name), [...(folders.get(dirname(name)) ?? []), name]);
    }
  }
  return [...folders].map(([folder, names]) => {
    const needed = closure(names, byName);
    // In the order of the set, which has imports first.
    return { folder, fileToGenerate: names, protoFile: all.filter((file) => needed.has(file.name)) };
  });
}

/** What the plugin answers for a package, with its warnings. */
export function generate(
  { fileToGenerate, protoFile }: Package,
  parameter: string,
): CodeGeneratorResponse & { warnings: string[] } {
  const warnings: string[] = [];
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: [...fileToGenerate],
    protoFile: [...protoFile],
    parameter,
  });
  return Object.assign(createPlugin((line) => warnings.push(line)).run(request), { warnings });
}

function closure(names: readonly string[], byName: ReadonlyMap<string, FileDescriptorProto>): Set<string> {
  const needed = new Set<string>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (needed.has(name)) {
      continue;
    }
    needed.add(name);
    pending.push(...(byName.get(name)?.dependency ?? []));
  }
  return needed;
}
