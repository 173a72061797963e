import type { DescField, DescMethod, DescService } from "@bufbuild/protobuf";
import type { ForeignOptions } from "./foreign-option.js";

/** Whether `google.api.visibility` restricts who can see a declaration. */
export function isRestricted(desc: DescService | DescMethod | DescField, options: ForeignOptions): boolean {
  const name = { service: "api", rpc: "method", field: "field" }[desc.kind];
  const restriction = options.read(desc, `google.api.${name}_visibility`)?.json["restriction"];
  return typeof restriction === "string" && restriction.trim() !== "";
}
