/** The goldens as a project: what the plugin emitted, beside what protoc-gen-es makes of the same protos. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { caseNames, type GoldenCase, loadCase, readWant, root, writeFiles } from "./golden.js";

/** Where the project of a test is written: inside ours, so that packages are found. */
export function cacheFolder(name: string): string {
  return join(root, ".cache", name);
}

/** Flags that a strict consumer may have set; the code must compile under all of them. */
const STRICT = {
  target: "ES2022",
  module: "ESNext",
  moduleResolution: "bundler",
  lib: ["ES2022", "DOM"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
  noEmit: true,
  paths: { "protoc-gen-sse/*": ["../../dist/joined/client+server/*.ts", "../../dist/joined/client-json/*.ts"] },
};

type ProtocGenEs = typeof import("@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js");

/** Loads it when it is needed: it brings the TypeScript compiler. */
const require = createRequire(import.meta.url);

/** The cases that generate code. */
export function codeCases(): GoldenCase[] {
  return caseNames()
    .filter((name) => !name.startsWith("errors/"))
    .map(loadCase);
}

/** Writes each case into a folder of its own, with the messages that protoc-gen-es generates. */
export function writeProject(cache: string, cases: readonly GoldenCase[]): void {
  rmSync(cache, { recursive: true, force: true });
  for (const golden of cases) {
    const want = Object.entries(readWant(golden)).flatMap(([name, content]) =>
      name.startsWith("want/") ? [[name.replace("want/", ""), content]] : [],
    );
    writeFiles(join(cache, golden.name), { ...Object.fromEntries(want), ...generateMessages(golden.request) });
  }
  writeTsconfig(
    cache,
    "tsconfig.json",
    {},
    cases.map(({ name }) => `${name}/**/*.ts`),
  );
}

export function writeTsconfig(cache: string, name: string, compilerOptions: object, include: string[]): void {
  const config = { compilerOptions: { ...STRICT, ...compilerOptions }, include };
  writeFiles(cache, { [name]: JSON.stringify(config, undefined, 2) });
}

/** Compiles a project; what the compiler has to say, empty when nothing. */
export function typeCheck(cache: string, tsconfig: string, tsc: string = join(root, "node_modules/.bin/tsc")): string {
  try {
    execFileSync(process.execPath, [tsc, "-p", join(cache, tsconfig)], { encoding: "utf8", cwd: root });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout; // what execFileSync throws when the command fails
  }
}

/** The messages that protoc-gen-es generates. It runs in this process, because its start takes longer than its work. */
export function generateMessages(request: CodeGeneratorRequest): Record<string, string> {
  const { protocGenEs } = require("@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js") as ProtocGenEs;
  const { file } = protocGenEs.run(
    create(CodeGeneratorRequestSchema, {
      ...request,
      fileToGenerate: request.protoFile.map((f) => f.name).filter((name) => !name.startsWith("google/protobuf/")),
      parameter: "target=ts,json_types=true",
    }),
  );
  return Object.fromEntries(file.map(({ name, content }) => [name, content]));
}
