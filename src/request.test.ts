import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { CodeGeneratorRequestSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { loadCase } from "../test/golden.js";
import { decode } from "./decode.js";
import { readRequest } from "./request.js";

const json = (request: ReturnType<typeof readRequest>) => toJson(CodeGeneratorRequestSchema, request);

test.each(["comments", "edition-2024", "types"])("the request of %s is read as protobuf-es reads it", (name) => {
  const { request } = loadCase(name);
  request.sourceFileDescriptors = request.protoFile.slice(0, 1);
  const bytes = toBinary(CodeGeneratorRequestSchema, request);
  expect(json(readRequest(bytes))).toEqual(json(fromBinary(CodeGeneratorRequestSchema, bytes)));
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
