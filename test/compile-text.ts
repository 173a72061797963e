import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createPlugin } from "../src/plugin.js";
import { root, writeFiles } from "./golden.js";

/** The request that buf makes of proto texts by path. Our annotations can be imported, unless they are to be absent. */
export function compileText(
  protos: Record<string, string>,
  parameter = "",
  { withAnnotations = true }: { withAnnotations?: boolean } = {},
): CodeGeneratorRequest {
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  try {
    if (withAnnotations) cpSync(join(root, "proto"), dir, { recursive: true });
    writeFiles(dir, { ...protos, "buf.yaml": "version: v2" });
    const set = execFileSync(join(root, "node_modules/.bin/buf"), ["build", "-o", "-#format=binpb"], { cwd: dir });
    return create(CodeGeneratorRequestSchema, {
      fileToGenerate: Object.keys(protos),
      protoFile: fromBinary(FileDescriptorSetSchema, set).file,
      parameter,
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A proto3 file of package `t` with a service of these methods and declarations. */
export function protoText(methods: string, declarations = "message M { string id = 1; }"): string {
  return [
    'syntax = "proto3";',
    "package t;",
    'import "sse/v1/annotations.proto";',
    "service S {",
    methods,
    "}",
    declarations,
    "",
  ].join("\n");
}

/** What the plugin answers: the error, the warnings, the files by name. */
export function runPlugin(request: CodeGeneratorRequest) {
  const warnings: string[] = [];
  const { error, file } = createPlugin((line) => warnings.push(line)).run(request);
  return { error, warnings, files: new Map(file.map(({ name, content }) => [name, content])) };
}
