import {
  create,
  type DescField,
  type DescMessage,
  type MessageShape,
  mergeFromBinary,
  ScalarType,
} from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * Decodes a descriptor. The result is that of `fromBinary`, which goes through the reflection of protobuf-es and takes
 * several times as long. What is rare in descriptors is left to protobuf-es.
 */
export function decode<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  const reader = new DescriptorReader(bytes);
  return readerOf(schema)(reader, reader.len) as MessageShape<Desc>; // the reader of its schema
}

/** A reader of Node's strings: those of TextDecoder need a view of the bytes for each string. */
class DescriptorReader extends BinaryReader {
  readonly #bytes: Buffer;

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    super(new Uint8Array(buffer, byteOffset, length)); // whose `subarray` is faster than that of a Buffer
    this.#bytes = Buffer.from(buffer, byteOffset, length);
  }

  override string(): string {
    const end = this.uint32() + this.pos;
    const text = this.#bytes.toString("utf8", this.pos, end);
    this.pos = end;
    this.assertBounds();
    return text;
  }
}

/** Reads a message up to `end`, and adds to `target` if its field was there before. */
type ReadMessage = (reader: BinaryReader, end: number, target?: Target) => Target;

type ReadField = (reader: BinaryReader, target: Target) => void;

/** A message, by the local names of its fields. */
type Target = MessageShape<DescMessage> & Record<string, unknown>;

const readers = new Map<DescMessage, ReadMessage>();

function readerOf(desc: DescMessage): ReadMessage {
  let reader = readers.get(desc);
  if (reader === undefined) {
    reader = createReader(desc);
    readers.set(desc, reader);
  }
  return reader;
}

function createReader(desc: DescMessage): ReadMessage {
  const numbers = new Set(desc.fields.map(({ number }) => number));
  const byTag = new Map(desc.fields.flatMap((field) => tagged(field)));
  const prototype: object = Object.getPrototypeOf(create(desc)); // protobuf-es keeps defaults there
  const lists = desc.fields.filter(({ fieldKind }) => fieldKind === "list").map(({ localName }) => localName);
  const createTarget = (): Target => {
    const target = Object.create(prototype);
    target.$typeName = desc.typeName;
    for (const name of lists) {
      target[name] = [];
    }
    return target;
  };
  return (reader, end, target = createTarget()) => {
    let rest: BinaryWriter | undefined;
    while (reader.pos < end) {
      const start = reader.pos;
      const read = byTag.get(reader.uint32());
      if (read !== undefined) {
        read(reader, target);
        continue;
      }
      reader.pos = start;
      const [no, wireType] = reader.tag();
      const data = reader.skip(wireType, no);
      if (numbers.has(no)) {
        rest = (rest ?? new BinaryWriter()).tag(no, wireType).raw(data);
      } else {
        addUnknown(target, no, wireType, data);
      }
    }
    return rest === undefined ? target : (mergeFromBinary(desc, target, rest.finish()) as Target);
  };
}

/** What reads a field, behind its tag; nothing for a field that is left to protobuf-es. */
function tagged(field: DescField): [] | [[number, ReadField]] {
  const { fieldKind, localName: name, number } = field;
  const delimited = (read: ReadField): [[number, ReadField]] => [[(number << 3) | WireType.LengthDelimited, read]];
  const varint = (read: ReadField): [[number, ReadField]] => [[(number << 3) | WireType.Varint, read]];
  if (field.oneof !== undefined) {
    return []; // no descriptor has one
  }
  if (fieldKind === "scalar" && field.scalar === ScalarType.STRING) {
    return delimited((reader, target) => {
      target[name] = reader.string();
    });
  }
  if (fieldKind === "scalar" && field.scalar === ScalarType.INT32) {
    return varint((reader, target) => {
      target[name] = reader.int32();
    });
  }
  if (fieldKind === "scalar" && field.scalar === ScalarType.BOOL) {
    return varint((reader, target) => {
      target[name] = reader.bool();
    });
  }
  if (fieldKind === "enum") {
    const known = new Set(field.enum.values.map((value) => value.number));
    return varint((reader, target) => {
      const start = reader.pos;
      const value = reader.int32();
      if (known.has(value)) {
        target[name] = value;
      } else {
        reader.pos = start; // enums of proto2 are closed
        addUnknown(target, number, WireType.Varint, reader.skip(WireType.Varint));
      }
    });
  }
  if (fieldKind === "message" && !field.delimitedEncoding) {
    return delimited((reader, target) => {
      target[name] = readerOf(field.message)(reader, reader.uint32() + reader.pos, target[name] as Target | undefined);
    });
  }
  if (fieldKind === "list" && field.listKind === "message" && !field.delimitedEncoding) {
    return delimited((reader, target) => {
      (target[name] as Target[]).push(readerOf(field.message)(reader, reader.uint32() + reader.pos));
    });
  }
  if (fieldKind === "list" && field.listKind === "scalar" && field.scalar === ScalarType.INT32) {
    return delimited((reader, target) => {
      const values = target[name] as number[];
      for (const end = reader.uint32() + reader.pos; reader.pos < end; ) {
        values.push(reader.int32());
      }
    });
  }
  if (fieldKind === "list" && field.listKind === "scalar" && field.scalar === ScalarType.STRING) {
    return delimited((reader, target) => {
      (target[name] as string[]).push(reader.string());
    });
  }
  return [];
}

function addUnknown(target: Target, no: number, wireType: WireType, data: Uint8Array): void {
  target.$unknown = [...(target.$unknown ?? []), { no, wireType, data }];
}
