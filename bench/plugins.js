// @ts-check
/** Our plugin as it is published, protoc-gen-es, and requests for both. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { runScript } from "./measure.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const googleapis = join(root, "node_modules/google-proto-files");

/** @typedef {import("@bufbuild/protobuf/wkt").FileDescriptorProto} FileDescriptorProto */

/** Compiles files of some folders with protoc, with all that they import. @param {string[]} folders @param {string[]} files */
export function compile(folders, files) {
  const set = join(root, ".cache/bench.binpb");
  mkdirSync(join(root, ".cache"), { recursive: true });
  const include = folders.flatMap((folder) => ["-I", folder]);
  const options = ["--include_imports", "--include_source_info", "-o", set];
  execFileSync("protoc", [...include, ...options, ...files], { cwd: root, stdio: ["ignore", "inherit", "ignore"] });
  return fromBinary(FileDescriptorSetSchema, readFileSync(set)).file;
}

/** The protos of examples/market: one file, with one service. */
export function loadMarket() {
  return compile(["examples/market/proto", "proto"], ["market/v1/market.proto"]);
}

/** All of googleapis, as the npm package google-proto-files has it. */
export function loadGoogleapis() {
  const protos = readdirSync(googleapis, { recursive: true, encoding: "utf8" }).filter(
    // Its copies of google/protobuf are those of a test suite, some of which are invalid on purpose.
    (file) => file.endsWith(".proto") && !/^(google\/protobuf|node_modules)\//.test(file),
  );
  return compile([googleapis], protos.sort());
}

/**
 * The request to generate these files; the others are there to be imported.
 * @param {FileDescriptorProto[]} all @param {FileDescriptorProto[]} generated @param {string} parameter
 */
export function createRequest(all, generated, parameter) {
  const byName = new Map(all.map((file) => [file.name, file]));
  const needed = new Set(generated);
  for (const file of needed) {
    for (const imported of file.dependency) {
      needed.add(/** @type {FileDescriptorProto} */ (byName.get(imported)));
    }
  }
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: generated.map(({ name }) => name),
    protoFile: all.filter((file) => needed.has(file)),
    parameter,
  });
  return toBinary(CodeGeneratorRequestSchema, request);
}

/** A run of our plugin. @param {Uint8Array} input */
export const runOurs = (input) => () => runScript([join(root, "bin/protoc-gen-sse")], { input });

/** A run of protoc-gen-es. @param {Uint8Array} input */
export const runEs = (input) => () => runScript([join(root, "node_modules/.bin/protoc-gen-es")], { input });
