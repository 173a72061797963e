import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** Messages whose ProtoJSON is one string; wrappers are found by their shape. */
const SCALAR_JSON = new Set(["google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"]);

/** Messages whose ProtoJSON has no form of its own in a query string. */
const FREE_JSON = new Set([
  "google.protobuf.Any",
  "google.protobuf.ListValue",
  "google.protobuf.Struct",
  "google.protobuf.Value",
]);

/** Whether the ProtoJSON of the message is a string, a number or a boolean. */
export function isScalarJson(desc: DescMessage): boolean {
  return SCALAR_JSON.has(desc.typeName) || isWrapperDesc(desc);
}

/** Whether the ProtoJSON of the message is anything, or bytes. */
export function isFreeJson(desc: DescMessage): boolean {
  return FREE_JSON.has(desc.typeName) || isHttpBody(desc);
}

/** Whether a body that is this message is sent as bytes with their own content type. */
export function isHttpBody(desc: DescMessage | undefined): boolean {
  return desc?.typeName === "google.api.HttpBody";
}

/** Whether the ProtoJSON of the message is not an object with its fields. */
export function hasOwnJson(desc: DescMessage): boolean {
  return isScalarJson(desc) || isFreeJson(desc);
}

/** Whether no message can be written without the field: `required` of proto2. */
export function isAlwaysWritten({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}

/** Whether ProtoJSON leaves the field out when it is zero, so that a required field must not be zero. */
export function isZeroUnset({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.IMPLICIT;
}
