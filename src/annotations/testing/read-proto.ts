import { create, createFileRegistry, type DescField, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { compileText } from "../../../test/compile-text.js";

/** The file `t.proto`: proto3, of package `t`, with imports of all the other files. */
export function readProto(text: string, others: Readonly<Record<string, string>> = {}): DescFile {
  const imports = ["sse/v1/annotations.proto", ...Object.keys(others)].map((name) => `import "${name}";`);
  const head = ['syntax = "proto3";', "package t;", ...imports];
  const { protoFile } = compileText({ ...others, "t.proto": [...head, text].join("\n") });
  const file = createFileRegistry(create(FileDescriptorSetSchema, { file: protoFile })).getFile("t.proto");
  if (file === undefined) {
    throw new Error("t.proto was not compiled");
  }
  return file;
}

/** A message of `t.proto`, with these options and fields. */
export function readMessage(body: string, others: Readonly<Record<string, string>> = {}): DescMessage {
  return present(readProto(`message M { ${body} }`, others).messages[0]);
}

/** A field of such a message. */
export function readField(declaration: string, others: Readonly<Record<string, string>> = {}): DescField {
  return present(readMessage(declaration, others).fields[0]);
}

/** A value that a test relies on. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("the proto declares nothing");
  }
  return value;
}
