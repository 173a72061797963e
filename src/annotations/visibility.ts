import type { DescField, DescMethod, DescService } from "@bufbuild/protobuf";
import { readForeignOption } from "./foreign-option.js";

/** Whether `google.api.visibility` keeps a declaration from the public. */
export function isRestricted(desc: DescService | DescMethod | DescField): boolean {
  const name = { service: "api", rpc: "method", field: "field" }[desc.kind];
  const restriction = readForeignOption(desc, `google.api.${name}_visibility`)?.json["restriction"];
  return typeof restriction === "string" && restriction.trim() !== "";
}
