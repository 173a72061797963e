import type { DescMethod } from "@bufbuild/protobuf";
import { google_http } from "../gen/dialects/google_pb.js";
import type { MethodAnnotations } from "./annotations.js";
import { readHttpRule } from "./http-rule.js";
import { readOption } from "./option.js";

/** `google.api.http` of a method. Only the keyword `stream` makes such a method a stream. */
export function readGoogleRules(desc: DescMethod): MethodAnnotations["rules"] | undefined {
  const rule = readOption(desc, google_http);
  return rule && readHttpRule(desc, google_http, rule);
}
