import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type FileDescriptorSet, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { compileText } from "../compile-text.js";

/** The protos of this folder: fields of every kind. */
export function loadDescriptors(): FileDescriptorSet {
  const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".proto"));
  const texts = names.map((name) => [name, readFileSync(join(import.meta.dirname, name), "utf8")]);
  return create(FileDescriptorSetSchema, { file: compileText(Object.fromEntries(texts)).protoFile });
}
