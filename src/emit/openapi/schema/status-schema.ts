import type { Context } from "../context.js";
import type { Schema } from "../objects.js";
import { anySchema } from "./well-known-schema.js";

/** The schema of a failure, google/rpc/status.proto: what an error response and an error event hold. */
export function statusSchema(context: Context): Schema {
  return context.components.schema({ package: "google.rpc", local: "Status" }, () => ({
    title: context.title("Status"),
    description: "An error.",
    type: "object",
    // Without it, documentation shows the smallest code that an integer can be.
    examples: [{ code: 5, message: "not found" }],
    properties: {
      code: {
        description: "A code of google/rpc/code.proto, such as 5 for `NOT_FOUND`.",
        type: "integer",
        format: "int32",
        minimum: -2147483648,
        maximum: 2147483647,
      },
      message: { description: "A message for developers, in English.", type: "string" },
      details: { description: "Details for programs.", type: "array", items: anySchema(context) },
    },
  }));
}
