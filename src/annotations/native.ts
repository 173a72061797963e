import type { DescField, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";
import {
  event,
  event_id,
  events,
  header,
  http,
  query,
  ServiceRuleSchema,
  service,
  stream,
} from "../gen/sse/v1/annotations_pb.js";
import type { FieldAnnotations, MethodAnnotations, RuleAnnotation, ServiceAnnotations } from "./annotations.js";
import { readHttpRule } from "./http-rule.js";
import { readOption } from "./option.js";
import { optionPlace } from "./option-place.js";

/** `(sse.v1.http)` of a method. */
export function readNativeRules(desc: DescMethod): MethodAnnotations["rules"] | undefined {
  const rule = readOption(desc, http);
  return rule && readHttpRule(desc, http, rule);
}

/** The options that add to a method of any dialect: `(sse.v1.stream)` and `(sse.v1.header)`. */
export function readDetails(desc: DescMethod): Pick<MethodAnnotations, "stream" | "headers"> {
  const rule = readOption(desc, stream);
  return {
    stream: rule && { rule, place: optionPlace(desc, stream) },
    headers: (readOption(desc, header) ?? []).map((h, i) => ({ header: h, place: optionPlace(desc, header, i) })),
  };
}

/** The rule of a method without annotation with `default_binding=true`: `POST /<package>.<Service>/<Method>`. */
export function defaultRules(desc: DescMethod): readonly [RuleAnnotation] {
  const place = { desc };
  return [
    {
      pattern: { method: "POST", path: `/${desc.parent.typeName}/${desc.name}`, place },
      body: "*",
      responseBody: "",
      stream: false,
      hasNestedRules: false,
      place,
      bodyPlace: place,
      responseBodyPlace: place,
    },
  ];
}

/** `(sse.v1.service)` of a service. */
export function readNativeService(desc: DescService): ServiceAnnotations {
  const { basePath = "", headers = [] } = readOption(desc, service) ?? {};
  const { field } = ServiceRuleSchema;
  return {
    basePath,
    basePathPlace: optionPlace(desc, service, field.basePath.number),
    headers: headers.map((h, i) => ({ header: h, place: optionPlace(desc, service, field.headers.number, i) })),
  };
}

/** `(sse.v1.event)`, `(sse.v1.event_id)` and `(sse.v1.query)` of a field. */
export function readNativeField(desc: DescField): FieldAnnotations {
  const rule = readOption(desc, query);
  return {
    event: readOption(desc, event),
    eventId: readOption(desc, event_id) ?? false,
    query: rule && { rule, place: optionPlace(desc, query) },
  };
}

/** Whether a oneof carries `(sse.v1.events)`. */
export function isEvents(desc: DescOneof): boolean {
  return readOption(desc, events) ?? false;
}
