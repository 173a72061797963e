import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { parse } from "yaml";
import { createReader } from "../../src/annotations/read.js";
import { findErrors } from "../../src/emit/openapi/testing/validate-document.js";
import { buildApi } from "../../src/model/build.js";
import { Problems } from "../../src/problems.js";
import { root, writeFiles } from "../golden.js";
import { typeCheck, writeTsconfig } from "../golden-code.js";
import { generate, type Package } from "./corpus.js";

/** What became of packages of the corpus. */
export interface Report {
  packages: number;
  services: number;
  methods: number;
  streams: number;
  bindings: number;
  /** TypeScript files that were emitted, and compiled. */
  sources: number;
  /** OpenAPI documents that were emitted, and validated. */
  documents: number;
  /** What the plugin said of packages that it did not generate. */
  readonly refused: string[];
  readonly warnings: string[];
  /** What the official schema of OpenAPI said of documents. */
  readonly invalid: string[];
  /** What the TypeScript compiler said of all of it. */
  compiler: string;
}

/** Generates the packages, compiles all TypeScript of them beside their messages, validates every document. */
export async function checkPackages(packages: readonly Package[], cache: string): Promise<Report> {
  const report: Report = {
    ...{ packages: 0, services: 0, methods: 0, streams: 0, bindings: 0, sources: 0, documents: 0, compiler: "" },
    ...{ refused: [], warnings: [], invalid: [] },
  };
  rmSync(cache, { recursive: true, force: true });
  const needed = new Map<string, FileDescriptorProto>();
  for (const each of packages) {
    const { error, file, warnings } = generate(each, "runtime=protoc-gen-sse");
    report.warnings.push(...warnings);
    if (error !== "") {
      report.refused.push(...error.split("\n"));
      continue;
    }
    count(each, report);
    for (const { name, content } of file) {
      writeFiles(cache, { [name]: content });
      if (name.endsWith(".ts")) {
        report.sources++;
      } else {
        await validate(name, content, report);
      }
    }
    if (file.length > 0) {
      for (const proto of each.protoFile) {
        needed.set(proto.name, proto);
      }
    }
  }
  writeFiles(cache, messages([...needed.values()]));
  writeTsconfig(cache, "tsconfig.json", {}, ["**/*.ts"]);
  report.compiler = typeCheck(cache, "tsconfig.json");
  return report;
}

function count({ fileToGenerate, protoFile }: Package, report: Report): void {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...protoFile] }));
  const descs = fileToGenerate.flatMap((name) => registry.getFile(name) ?? []);
  const { services } = buildApi(descs, createReader({ defaultBinding: false }), new Problems());
  if (services.length === 0) {
    return;
  }
  const methods = services.flatMap((service) => service.methods);
  report.packages++;
  report.services += services.length;
  report.methods += methods.length;
  report.streams += methods.filter(({ answer }) => answer.kind === "stream").length;
  report.bindings += methods.reduce((sum, { bindings }) => sum + bindings.length, 0);
}

async function validate(name: string, content: string, report: Report): Promise<void> {
  report.documents++;
  // Thousands of lines hold no alias; the parser's limit is for those that were made to be large.
  const errors = await findErrors(parse(content, { maxAliasCount: 0 }));
  report.invalid.push(...errors.map((error) => `${name}: ${error}`));
}

/** What protoc-gen-es makes of the files. */
function messages(protoFile: FileDescriptorProto[]): Record<string, string> {
  const names = protoFile.map(({ name }) => name).filter((name) => !name.startsWith("google/protobuf/"));
  const request = create(CodeGeneratorRequestSchema, { fileToGenerate: names, protoFile, parameter: "target=ts" });
  const response = execFileSync(join(root, "node_modules/.bin/protoc-gen-es"), {
    input: toBinary(CodeGeneratorRequestSchema, request),
    maxBuffer: 2 ** 30,
  });
  const { file } = fromBinary(CodeGeneratorResponseSchema, response);
  return Object.fromEntries(file.map(({ name, content }) => [name, content]));
}
