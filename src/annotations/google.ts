import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { google_http } from "../gen/dialects/google_pb.js";
import type { MethodAnnotations } from "./annotations.js";
import { readHttpRule } from "./http-rule.js";

/** `google.api.http` of a method. It streams by the keyword alone. */
export function readGoogleRules(desc: DescMethod): MethodAnnotations["rules"] | undefined {
  return hasOption(desc, google_http) ? readHttpRule(desc, google_http, getOption(desc, google_http)) : undefined;
}
