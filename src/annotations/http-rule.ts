import type { DescExtension, DescMethod } from "@bufbuild/protobuf";
import { CustomHttpPatternSchema, type HttpRule, HttpRuleSchema } from "../gen/sse/v1/annotations_pb.js";
import type { Place } from "../problems.js";
import type { RuleAnnotation } from "./annotations.js";
import { optionPlace } from "./option-place.js";

/** A rule and its additional bindings. Our HttpRule has the shape of google.api.HttpRule, so it reads both. */
export function readHttpRule(
  desc: DescMethod,
  extension: DescExtension,
  rule: HttpRule,
): readonly [RuleAnnotation, ...RuleAnnotation[]] {
  const more = HttpRuleSchema.field.additionalBindings.number;
  return [
    readRule(desc, extension, rule, []),
    ...rule.additionalBindings.map((additional, i) => readRule(desc, extension, additional, [more, i])),
  ];
}

function readRule(desc: DescMethod, extension: DescExtension, rule: HttpRule, path: number[]): RuleAnnotation {
  const { field } = HttpRuleSchema;
  const at = (...rest: number[]) => optionPlace(desc, extension, ...path, ...rest);
  return {
    pattern: readPattern(rule, at),
    body: rule.body,
    responseBody: rule.responseBody,
    stream: rule.stream,
    hasNestedRules: path.length > 0 && rule.additionalBindings.length > 0,
    place: at(),
    bodyPlace: at(field.body.number),
    responseBodyPlace: at(field.responseBody.number),
  };
}

function readPattern({ pattern }: HttpRule, at: (...path: number[]) => Place): RuleAnnotation["pattern"] {
  const { field } = HttpRuleSchema;
  switch (pattern.case) {
    case undefined:
      return undefined;
    case "custom":
      return {
        method: pattern.value.kind,
        path: pattern.value.path,
        place: at(field.custom.number, CustomHttpPatternSchema.field.path.number),
      };
    default:
      return { method: pattern.case.toUpperCase(), path: pattern.value, place: at(field[pattern.case].number) };
  }
}
