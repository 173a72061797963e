import {
  type DescExtension,
  type DescField,
  type DescMethod,
  type DescOneof,
  type DescService,
  type ExtensionValueShape,
  fromBinary,
  getOption,
  type UnknownField,
} from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

type Annotated = DescMethod | DescService | DescField | DescOneof;

/**
 * The value of an option of sse.v1 or of a dialect; undefined if it is not set.
 *
 * `getOption` of protobuf-es makes a descriptor, a message and a reflection for each answer, even if the option is not
 * set, which took a fifth of the time for large APIs. So it is asked only for kinds of options that are rare.
 */
export function readOption<E extends DescExtension>(desc: Annotated, option: E): ExtensionValueShape<E> | undefined {
  const written = desc.proto.options?.$unknown?.filter(({ no }) => no === option.number) ?? [];
  if (written.length === 0) {
    return undefined;
  }
  return read(desc, option, written) as ExtensionValueShape<E>; // of the kind that it declares
}

function read(desc: Annotated, option: DescExtension, written: readonly UnknownField[]): unknown {
  if (option.fieldKind === "message" && !option.delimitedEncoding) {
    // Parts of a message, one after the other, are the message (protobuf.dev, Encoding).
    return fromBinary(option.message, Buffer.concat(written.map(({ data }) => new BinaryReader(data).bytes())));
  }
  if (option.fieldKind === "list" && option.listKind === "enum") {
    return written.flatMap(({ wireType, data }) => readNumbers(new BinaryReader(data), wireType));
  }
  return getOption(desc as never, option); // it throws where an option is not for the declaration
}

/** The numbers of a list, packed or one by one. */
function readNumbers(reader: BinaryReader, wireType: WireType): number[] {
  const end = wireType === WireType.LengthDelimited ? reader.uint32() + reader.pos : reader.len;
  const numbers: number[] = [];
  while (reader.pos < end) {
    numbers.push(reader.int32());
  }
  return numbers;
}
