import type { AnyDesc, DescExtension } from "@bufbuild/protobuf";
import type { Place } from "../problems.js";

// Field numbers of `options` in the descriptor protos of google/protobuf/descriptor.proto.
const OPTIONS: Record<AnyDesc["kind"], number> = {
  file: 8,
  message: 7,
  field: 8,
  extension: 8,
  oneof: 2,
  enum: 3,
  enum_value: 3,
  service: 3,
  rpc: 4,
};

/** The place of an option, or of a field within it. */
export function optionPlace(desc: AnyDesc, extension: Pick<DescExtension, "number">, ...path: number[]): Place {
  return { desc, option: [OPTIONS[desc.kind], extension.number, ...path] };
}
