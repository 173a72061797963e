import type { DescField } from "@bufbuild/protobuf";
import { GoogleFieldBehavior, google_field_behavior } from "../gen/dialects/google_pb.js";
import { readOption } from "./option.js";

/** A value of `google.api.FieldBehavior` that has a meaning. */
export type FieldBehavior = Exclude<keyof typeof GoogleFieldBehavior, "UNSPECIFIED">;

/** `google.api.field_behavior` of a field; values of later releases are left out. */
export function readFieldBehavior(desc: DescField): readonly FieldBehavior[] {
  return (readOption(desc, google_field_behavior) ?? []).flatMap((value) => NAMES[value] ?? []);
}

const NAMES: Partial<Record<GoogleFieldBehavior, FieldBehavior>> = {
  [GoogleFieldBehavior.OPTIONAL]: "OPTIONAL",
  [GoogleFieldBehavior.REQUIRED]: "REQUIRED",
  [GoogleFieldBehavior.OUTPUT_ONLY]: "OUTPUT_ONLY",
  [GoogleFieldBehavior.INPUT_ONLY]: "INPUT_ONLY",
  [GoogleFieldBehavior.IMMUTABLE]: "IMMUTABLE",
  [GoogleFieldBehavior.UNORDERED_LIST]: "UNORDERED_LIST",
  [GoogleFieldBehavior.NON_EMPTY_DEFAULT]: "NON_EMPTY_DEFAULT",
  [GoogleFieldBehavior.IDENTIFIER]: "IDENTIFIER",
};
