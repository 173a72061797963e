import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { loadCase } from "../test/golden.js";
import { readRequest } from "./request.js";

const json = (request: ReturnType<typeof readRequest>) => toJson(CodeGeneratorRequestSchema, request);

test.each(["comments", "edition-2024", "types"])("the request of %s is read as protobuf-es reads it", (name) => {
  const { request } = loadCase(name);
  request.sourceFileDescriptors = request.protoFile.slice(0, 1);
  const bytes = toBinary(CodeGeneratorRequestSchema, request);
  expect(json(readRequest(bytes))).toEqual(json(fromBinary(CodeGeneratorRequestSchema, bytes)));
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
