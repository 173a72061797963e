import { create, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type SourceCodeInfo,
  SourceCodeInfo_LocationSchema,
  SourceCodeInfoSchema,
} from "@bufbuild/protobuf/wkt";
import { decode } from "./decode.js";
import { setLocations } from "./source-info.js";

// Field numbers in google/protobuf/compiler/plugin.proto and google/protobuf/descriptor.proto.
const PROTO_FILE = 15;
const SOURCE_FILE_DESCRIPTORS = 17;
const SOURCE_CODE_INFO = 9;
const LOCATION = 1;

// Tags of SourceCodeInfo.Location: fields 1 and 2, length-delimited.
const PATH = (1 << 3) | WireType.LengthDelimited;
const SPAN = (2 << 3) | WireType.LengthDelimited;

/**
 * Decodes a request. Comments and positions, which are most of it, are decoded when they are read, and not kept: all of
 * googleapis has 1.4 million of them, and only those of declarations that are printed are needed. `sourceCodeInfo` of a
 * file has the locations with comments; `locationsAt` finds all.
 */
export function readRequest(bytes: Uint8Array): CodeGeneratorRequest {
  const { rest, taken } = split(bytes, [PROTO_FILE, SOURCE_FILE_DESCRIPTORS]);
  const request = fromBinary(CodeGeneratorRequestSchema, rest);
  request.protoFile = (taken.get(PROTO_FILE) ?? []).map(readFile);
  request.sourceFileDescriptors = (taken.get(SOURCE_FILE_DESCRIPTORS) ?? []).map(readFile);
  return request;
}

function readFile(bytes: Uint8Array): FileDescriptorProto {
  const { rest, taken } = split(bytes, [SOURCE_CODE_INFO]);
  const file = decode(FileDescriptorProtoSchema, rest);
  const parts = taken.get(SOURCE_CODE_INFO);
  if (parts === undefined) {
    return file;
  }
  setLocations(file, () => decode(SourceCodeInfoSchema, Buffer.concat(parts)).location);
  let decoded: WeakRef<SourceCodeInfo> | undefined;
  const get = () => {
    const info = decoded?.deref() ?? readComments(Buffer.concat(parts));
    decoded = new WeakRef(info);
    return info;
  };
  return Object.defineProperty(file, "sourceCodeInfo", { get, enumerable: true });
}

/** Decodes a SourceCodeInfo without the locations that have no comments. */
function readComments(bytes: Uint8Array): SourceCodeInfo {
  const info = create(SourceCodeInfoSchema);
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field !== LOCATION) {
      reader.skip(wireType, field);
      continue;
    }
    const end = reader.uint32() + reader.pos;
    const start = reader.pos;
    if (hasComments(reader, end)) {
      info.location.push(decode(SourceCodeInfo_LocationSchema, bytes.subarray(start, end)));
    }
    reader.pos = end;
  }
  return info;
}

/** Whether a location has another field than its path and its span. */
function hasComments(reader: BinaryReader, end: number): boolean {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag !== PATH && tag !== SPAN) {
      return true;
    }
    reader.pos = reader.uint32() + reader.pos; // in this order: reading the length moves the reader
  }
  return false;
}

/** Takes the values of some length-delimited fields out of a message; `rest` is the message without them. */
function split(bytes: Uint8Array, fields: readonly number[]) {
  const reader = new BinaryReader(bytes);
  const taken = new Map<number, Uint8Array[]>();
  const rest: Uint8Array[] = [];
  let restStart = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited || !fields.includes(field)) {
      reader.skip(wireType, field);
      continue;
    }
    const value = reader.bytes();
    taken.set(field, taken.get(field) ?? []);
    taken.get(field)?.push(value);
    rest.push(bytes.subarray(restStart, start));
    restStart = reader.pos;
  }
  rest.push(bytes.subarray(restStart));
  return { rest: Buffer.concat(rest), taken };
}
