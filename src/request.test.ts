import { create, createFileRegistry, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  SourceCodeInfoSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadCase } from "../test/golden.js";
import { decode } from "./decode.js";
import { readRequest } from "./request.js";
import { locationsAt } from "./source-info.js";

/** A request as JSON, without the locations that have no comments. */
function json(request: CodeGeneratorRequest) {
  const files = [...request.protoFile, ...request.sourceFileDescriptors];
  const infos = files.flatMap(({ sourceCodeInfo }) => sourceCodeInfo ?? []); // kept, as it is decoded for each reader
  for (const info of infos) {
    info.location = info.location.filter(
      (location) =>
        location.leadingDetachedComments.length > 0 || location.leadingComments || location.trailingComments,
    );
  }
  return toJson(CodeGeneratorRequestSchema, request);
}

/** As buf and protoc write it. */
function requestOf(name: string) {
  const { request } = loadCase(name);
  request.sourceFileDescriptors = request.protoFile.slice(0, 1);
  return toBinary(CodeGeneratorRequestSchema, request);
}

test.each(["comments", "edition-2024", "types"])("the request of %s is read as protobuf-es reads it", (name) => {
  const bytes = requestOf(name);
  expect(json(readRequest(bytes))).toEqual(json(fromBinary(CodeGeneratorRequestSchema, bytes)));
});

test("a file has its comments, however short they are", () => {
  const number = fc.nat({ max: 300 });
  const comment = fc.string({ maxLength: 3 });
  const location = fc.record({
    path: fc.array(number, { maxLength: 4 }),
    span: fc.array(number, { maxLength: 4 }),
    leadingComments: comment,
    trailingComments: comment,
    leadingDetachedComments: fc.array(fc.string(), { maxLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(location), (location) => {
      const bytes = request(toBinary(SourceCodeInfoSchema, fromJson(SourceCodeInfoSchema, { location })));
      expect(json(readRequest(bytes))).toEqual(json(fromBinary(CodeGeneratorRequestSchema, bytes)));
    }),
  );
});

test("all locations of a file are found, those without comments too", () => {
  const bytes = requestOf("comments");
  const { protoFile } = readRequest(bytes);
  const found = createFileRegistry(create(FileDescriptorSetSchema, { file: protoFile }));
  for (const { name, sourceCodeInfo } of fromBinary(CodeGeneratorRequestSchema, bytes).protoFile) {
    const file = found.getFile(name);
    const locations = sourceCodeInfo?.location ?? [];
    expect(locations.length).toBeGreaterThan(10);
    for (const { path } of locations) {
      const expected = locations.filter((other) => String(other.path) === String(path));
      expect(file && locationsAt(file, path)).toEqual(expected);
    }
  }
});

/** What a message has: the values of its fields, its unknown fields, and which fields are set. */
const contents = (message: unknown): unknown =>
  typeof message !== "object" || message === null || ArrayBuffer.isView(message)
    ? message
    : Array.isArray(message)
      ? message.map(contents)
      : Object.fromEntries(Object.entries(message).map(([name, value]) => [name, contents(value)]));

const decoded = (bytes: Uint8Array) => decode(FileDescriptorProtoSchema, bytes);
const reference = (bytes: Uint8Array) => fromBinary(FileDescriptorProtoSchema, bytes);

test.each(["comments", "edition-2024", "types", "sebuf"])("descriptors of %s are those of protobuf-es", (name) => {
  for (const file of loadCase(name).request.protoFile) {
    const bytes = toBinary(FileDescriptorProtoSchema, file);
    expect(contents(decoded(bytes))).toEqual(contents(reference(bytes)));
    expect(decoded(bytes).syntax).toBe(reference(bytes).syntax); // a default is not a property of its own
  }
});

test("what protoc does not write is decoded like everything else", () => {
  const message = (write: (writer: BinaryWriter) => BinaryWriter) => write(new BinaryWriter()).finish();
  const options = message((to) =>
    to
      .tag(9, WireType.Varint)
      .int32(7) // optimize_for, an enum without this value
      .tag(9, WireType.Varint)
      .int32(2)
      .tag(999, WireType.LengthDelimited) // uninterpreted_option, with an int64 and a double
      .bytes(message((part) => part.tag(5, WireType.Varint).int64(-5n).tag(6, WireType.Bit64).double(0.5))),
  );
  const bytes = message((to) =>
    to
      .tag(8, WireType.LengthDelimited)
      .bytes(options)
      .tag(10, WireType.LengthDelimited) // public_dependency, packed
      .bytes(Uint8Array.of(0, 1))
      .tag(10, WireType.Varint)
      .int32(2)
      .tag(50000, WireType.StartGroup) // an unknown field
      .tag(1, WireType.Varint)
      .int32(1)
      .tag(50000, WireType.EndGroup)
      .tag(8, WireType.LengthDelimited) // options again, which are merged
      .bytes(message((more) => more.tag(1, WireType.LengthDelimited).string("a.b"))),
  );
  expect(contents(decoded(bytes))).toEqual(contents(reference(bytes)));
  expect(decoded(bytes).options).toMatchObject({ optimizeFor: 2, javaPackage: "a.b" });
  expect(decoded(bytes).publicDependency).toEqual([0, 1, 2]);
});

test.each([
  ["a field number of 0", Uint8Array.of(0, 0)],
  ["a length behind the end", Uint8Array.of(10, 9)],
  ["a varint without end", Uint8Array.of(10, 255)],
])("%s is an error, as in protobuf-es", (_, bytes) => {
  expect(() => reference(bytes)).toThrow();
  expect(() => decoded(bytes)).toThrow();
});

/** A request with one file, whose source info is in two parts, as the encoding allows. */
function request(...sourceCodeInfo: Uint8Array[]): Uint8Array {
  const file = new BinaryWriter().tag(1, WireType.LengthDelimited).string("a.proto");
  for (const part of sourceCodeInfo) {
    file.tag(9, WireType.LengthDelimited).bytes(part);
  }
  file.tag(2, WireType.LengthDelimited).string("a");
  return new BinaryWriter().tag(15, WireType.LengthDelimited).bytes(file.finish()).finish();
}

test("source info is decoded when it is read, and not before", () => {
  const [file] = readRequest(request(Uint8Array.of(255))).protoFile;
  expect({ name: file?.name, package: file?.package }).toEqual({ name: "a.proto", package: "a" });
  expect(() => file?.sourceCodeInfo).toThrow();
});

test("source info in parts is one, as protobuf-es reads it", () => {
  const comment = (text: string) => {
    const location = new BinaryWriter().tag(3, WireType.LengthDelimited).string(text).finish();
    return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(location).finish();
  };
  const bytes = request(comment("one"), comment("two"));
  const [file] = readRequest(bytes).protoFile;
  expect(file?.sourceCodeInfo?.location.map(({ leadingComments }) => leadingComments)).toEqual(["one", "two"]);
  expect(json(readRequest(bytes))).toEqual(json(fromBinary(CodeGeneratorRequestSchema, bytes)));
});

test("a request without files is empty", () => {
  expect(json(readRequest(new Uint8Array()))).toEqual({});
});
