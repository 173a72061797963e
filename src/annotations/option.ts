import {
  type DescExtension,
  type DescField,
  type DescMethod,
  type DescOneof,
  type DescService,
  type ExtensionValueShape,
  getOption,
} from "@bufbuild/protobuf";

/**
 * The value of an option of sse.v1 or of a dialect; undefined if it is not set.
 *
 * `getOption` of protobuf-es creates a message even if the option is not set, which took a fifth of the time for
 * large APIs.
 */
export function readOption<E extends DescExtension>(
  desc: DescMethod | DescService | DescField | DescOneof,
  option: E,
): ExtensionValueShape<E> | undefined {
  const isWritten = desc.proto.options?.$unknown?.some(({ no }) => no === option.number);
  return isWritten ? getOption(desc as never, option) : undefined; // it throws where an option is not for the declaration
}
