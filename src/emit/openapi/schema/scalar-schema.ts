import { ScalarType } from "@bufbuild/protobuf";
import type { Schema } from "../objects.js";

/**
 * The schema of a scalar's ProtoJSON (protobuf.dev/programming-guides/json): 64-bit integers are
 * strings, bytes are base64. Formats are those of the OpenAPI format registry.
 */
export function scalarSchema(type: ScalarType): Schema {
  switch (type) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      // The registry deprecates `byte`, but older tools know only that.
      return { type: "string", format: "byte", contentEncoding: "base64" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return {
        type: "number",
        format: type === ScalarType.FLOAT ? "float" : "double",
        // Three strings would spoil the type in every code generator.
        description: "`NaN`, `Infinity` and `-Infinity` are strings.",
      };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", format: "uint32", minimum: 0, maximum: 4294967295 };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: "string", format: "int64", pattern: "^-?(?:0|[1-9][0-9]{0,18})$" };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", format: "uint64", pattern: "^(?:0|[1-9][0-9]{0,19})$" };
  }
}

/** The schema of the keys of a map, which are strings in JSON; undefined if all strings are allowed. */
export function mapKeySchema(type: ScalarType): Schema | undefined {
  switch (type) {
    case ScalarType.STRING:
      return undefined;
    case ScalarType.BOOL:
      return { enum: ["true", "false"] };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { pattern: "^(?:0|[1-9][0-9]*)$" };
    default:
      return { pattern: "^-?(?:0|[1-9][0-9]*)$" };
  }
}
