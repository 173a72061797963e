import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { createPlugin } from "../src/plugin.js";
import { compile, writeFiles } from "./golden.js";

/** The request that buf makes of proto texts by path. Our annotations can be imported, unless they are to be absent. */
export function compileText(
  protos: Record<string, string>,
  parameter = "",
  { withAnnotations = true }: { withAnnotations?: boolean } = {},
): CodeGeneratorRequest {
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  try {
    writeFiles(dir, protos);
    return create(CodeGeneratorRequestSchema, {
      fileToGenerate: Object.keys(protos),
      protoFile: compile([...(withAnnotations ? ["proto"] : []), dir]),
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
