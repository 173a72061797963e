import {
  type DescExtension,
  type DescField,
  type DescMethod,
  type DescOneof,
  type DescService,
  getOption,
  hasOption,
} from "@bufbuild/protobuf";
import {
  CustomHttpPatternSchema,
  event,
  event_id,
  events,
  type HttpRule,
  HttpRuleSchema,
  header,
  http,
  query,
  ServiceRuleSchema,
  service,
  stream,
} from "../gen/sse/v1/annotations_pb.js";
import type { Place } from "../problems.js";
import type { FieldAnnotations, MethodAnnotations, RuleAnnotation, ServiceAnnotations } from "./annotations.js";

// Field numbers of `options` in MethodDescriptorProto, ServiceDescriptorProto, FieldDescriptorProto and OneofDescriptorProto.
const OPTIONS = { rpc: 4, service: 3, field: 8, oneof: 2 } as const;

/** Where an option of ours stands, or a field of it. */
export function optionPlace(
  desc: DescMethod | DescService | DescField | DescOneof,
  extension: DescExtension,
  ...path: number[]
): Place {
  return { desc, option: [OPTIONS[desc.kind], extension.number, ...path] };
}

/** `(sse.v1.http)`, `(sse.v1.stream)` and `(sse.v1.header)` of a method; undefined without the first. */
export function readNativeMethod(desc: DescMethod): MethodAnnotations | undefined {
  if (!hasOption(desc, http)) return undefined;
  const rule = getOption(desc, http);
  const more = HttpRuleSchema.field.additionalBindings.number;
  return {
    rules: [
      readRule(desc, rule, []),
      ...rule.additionalBindings.map((additional, i) => readRule(desc, additional, [more, i])),
    ],
    ...readDetails(desc),
  };
}

/** What adds to a method of any dialect: `(sse.v1.stream)` and `(sse.v1.header)`. */
export function readDetails(desc: DescMethod): Pick<MethodAnnotations, "stream" | "headers"> {
  return {
    stream: hasOption(desc, stream) ? { rule: getOption(desc, stream), place: optionPlace(desc, stream) } : undefined,
    headers: getOption(desc, header).map((h, i) => ({ header: h, place: optionPlace(desc, header, i) })),
  };
}

/** What a method without annotation means under `default_binding`: `POST /<package>.<Service>/<Method>`. */
export function defaultMethod(desc: DescMethod): MethodAnnotations {
  const place = { desc };
  return {
    rules: [
      {
        pattern: { verb: "POST", path: `/${desc.parent.typeName}/${desc.name}`, place },
        body: "*",
        responseBody: "",
        stream: false,
        hasNestedRules: false,
        place,
        bodyPlace: place,
        responseBodyPlace: place,
      },
    ],
    ...readDetails(desc),
  };
}

/** `(sse.v1.service)` of a service. */
export function readNativeService(desc: DescService): ServiceAnnotations {
  const { basePath, headers } = getOption(desc, service);
  const { field } = ServiceRuleSchema;
  return {
    basePath,
    basePathPlace: optionPlace(desc, service, field.basePath.number),
    headers: headers.map((h, i) => ({ header: h, place: optionPlace(desc, service, field.headers.number, i) })),
  };
}

/** `(sse.v1.event)`, `(sse.v1.event_id)` and `(sse.v1.query)` of a field. */
export function readNativeField(desc: DescField): FieldAnnotations {
  return {
    event: hasOption(desc, event) ? getOption(desc, event) : undefined,
    eventId: getOption(desc, event_id),
    query: hasOption(desc, query) ? getOption(desc, query) : undefined,
  };
}

/** Whether a oneof carries `(sse.v1.events)`. */
export function isEvents(desc: DescOneof): boolean {
  return getOption(desc, events);
}

function readRule(desc: DescMethod, rule: HttpRule, path: number[]): RuleAnnotation {
  const { field } = HttpRuleSchema;
  const at = (...rest: number[]) => optionPlace(desc, http, ...path, ...rest);
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
        verb: pattern.value.kind,
        path: pattern.value.path,
        place: at(field.custom.number, CustomHttpPatternSchema.field.path.number),
      };
    default:
      return { verb: pattern.case.toUpperCase(), path: pattern.value, place: at(field[pattern.case].number) };
  }
}
