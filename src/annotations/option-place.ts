import type { DescEnumValue, DescExtension, DescField, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";
import type { Place } from "../problems.js";

// Field numbers of `options` in the descriptor protos of google/protobuf/descriptor.proto.
const OPTIONS = { rpc: 4, service: 3, field: 8, oneof: 2, enum_value: 3 } as const;

/** Where an option stands, or a field of it. */
export function optionPlace(
  desc: DescMethod | DescService | DescField | DescOneof | DescEnumValue,
  extension: Pick<DescExtension, "number">,
  ...path: number[]
): Place {
  return { desc, option: [OPTIONS[desc.kind], extension.number, ...path] };
}
