import { create, createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { compileText } from "../../../../test/compile-text.js";
import { loadCase } from "../../../../test/golden.js";
import { createReader } from "../../../annotations/read.js";
import { buildApi } from "../../../model/build.js";
import type { Api } from "../../../model/model.js";
import { type Options, parseOptions } from "../../../options.js";
import { Problems } from "../../../problems.js";
import { emitDocuments } from "../emit-documents.js";

/** The options of a user who sets none. */
export const defaultOptions: Options = parseOptions("").options;

/** Golden cases whose protos are right. */
export const cases = [
  "bindings",
  "comments",
  "deprecated",
  "events",
  "headers",
  "http-body",
  "multi-file",
  "names",
  "resumable",
  "sse",
  "types",
  "unary",
] as const;

/** What a request of protoc asks for: its descriptors, and their model. */
export interface Compiled {
  readonly files: readonly DescFile[];
  readonly api: Api;
}

const compiled = new Map<string, Compiled>();

/** A case whose protos give warnings is not strict. */
export function compileCase(name: string, { strict }: { strict: boolean } = { strict: true }): Compiled {
  const found = compiled.get(name) ?? build(loadCase(name).request, strict);
  compiled.set(name, found);
  return found;
}

/** One proto file of package `t`. */
export function compileProto(text: string): Compiled {
  return compileFiles({ "t.proto": `syntax = "proto3";\npackage t;\nimport "sse/v1/annotations.proto";\n${text}` });
}

/** Proto files by path. */
export function compileFiles(files: Record<string, string>): Compiled {
  return build(compileText(files));
}

function build(request: ReturnType<typeof compileText>, strict = true): Compiled {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
  const files = request.fileToGenerate.flatMap((name) => registry.getFile(name) ?? []);
  const problems = new Problems();
  const api = buildApi(files, createReader({ defaultBinding: false }), problems);
  const errors = problems.errors({ strict });
  if (errors.length > 0) {
    throw new Error(errors.join("\n"));
  }
  return { files, api };
}

/** The documents of a model. The options that are left out have their defaults. */
export function documentsOf(
  api: Api,
  options: Partial<Options> = {},
  problems: Problems = new Problems(),
): { readonly name: string; readonly content: string }[] {
  const files: { name: string; content: string }[] = [];
  emitDocuments({
    api,
    options: { ...defaultOptions, ...options },
    problems,
    addFile: (name, content) => files.push({ name, content }),
  });
  return files;
}
