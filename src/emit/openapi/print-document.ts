import { stringify } from "yaml";
import type { OpenApiObject } from "./objects.js";

/** The text of a document: the same bytes for the same services. */
export function printDocument(document: OpenApiObject, format: "yaml" | "json"): string {
  if (format === "json") {
    return `${JSON.stringify(document, undefined, 2)}\n`;
  }
  return stringify(document, {
    // Readers of YAML 1.1 take `no`, `1_000` and `12:30` for other things than text: quotes keep them.
    compat: "yaml-1.1",
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
}
