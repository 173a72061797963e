import type { DescEnum, DescField, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import {
  SebufHeadersSchema,
  SebufHttpConfigSchema,
  SebufHttpMethod,
  sebuf_config,
  sebuf_field_examples,
  sebuf_method_headers,
  sebuf_query,
  sebuf_service_config,
  sebuf_service_headers,
} from "../gen/dialects/sebuf_pb.js";
import { ServiceRuleSchema } from "../gen/sse/v1/annotations_pb.js";
import type { Place } from "../problems.js";
import type { FieldAnnotations, HeaderAnnotation, RuleAnnotation, ServiceAnnotations } from "./annotations.js";
import { readOption } from "./option.js";
import { optionPlace } from "./option-place.js";

/** `sebuf.http.config` of a method. The body is the whole message, except for GET and DELETE, which have no body. */
export function readSebufRules(desc: DescMethod): readonly [RuleAnnotation] | undefined {
  const config = readOption(desc, sebuf_config);
  if (config === undefined) {
    return undefined;
  }
  const { path, method, stream } = config;
  const { basePath = "" } = readOption(desc.parent, sebuf_service_config) ?? {};
  const httpMethod = HTTP_METHODS[method];
  const place = optionPlace(desc, sebuf_config);
  return [
    {
      pattern: {
        method: httpMethod,
        // An empty path is the base path itself.
        path: path !== "" ? withSlash(path) : basePath !== "" ? "/" : "",
        place: optionPlace(desc, sebuf_config, SebufHttpConfigSchema.field.path.number),
      },
      body: httpMethod === "GET" || httpMethod === "DELETE" ? "" : "*",
      responseBody: "",
      stream,
      hasNestedRules: false,
      place,
      bodyPlace: place,
      responseBodyPlace: place,
    },
  ];
}

/** `sebuf.http.method_headers` */
export function readSebufMethodHeaders(desc: DescMethod): readonly HeaderAnnotation[] {
  return (readOption(desc, sebuf_method_headers)?.requiredHeaders ?? []).map((header, i) => ({
    header,
    place: optionPlace(desc, sebuf_method_headers, SebufHeadersSchema.field.requiredHeaders.number, i),
  }));
}

/** `sebuf.http.service_config` and `sebuf.http.service_headers` */
export function readSebufService(desc: DescService): ServiceAnnotations {
  const { basePath = "" } = readOption(desc, sebuf_service_config) ?? {};
  return {
    basePath: basePath === "" ? "" : withSlash(basePath).replace(/\/$/, ""),
    basePathPlace: optionPlace(desc, sebuf_service_config, ServiceRuleSchema.field.basePath.number),
    headers: (readOption(desc, sebuf_service_headers)?.requiredHeaders ?? []).map((header, i) => ({
      header,
      place: optionPlace(desc, sebuf_service_headers, SebufHeadersSchema.field.requiredHeaders.number, i),
    })),
  };
}

/** In sebuf, a path need not start with a slash, and a base path can end with one. */
function withSlash(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

/** `sebuf.http.field_examples`. For a list, each text is an example of an element. */
export function readSebufExamples(desc: DescField): readonly string[] {
  return readOption(desc, sebuf_field_examples)?.values ?? [];
}

/** `sebuf.http.query` */
export function readSebufQuery(desc: DescField): FieldAnnotations["query"] {
  const rule = readOption(desc, sebuf_query);
  return rule && { rule, place: optionPlace(desc, sebuf_query) };
}

/** Options of sebuf that change the JSON of a type. They have no effect, because this plugin always uses ProtoJSON. */
export function readSebufJsonOptions(type: DescMessage | DescEnum): { name: string; place: Place }[] {
  const members = type.kind === "message" ? [...type.fields, ...type.oneofs] : type.values;
  return members.flatMap((desc) =>
    (desc.proto.options?.$unknown ?? []).flatMap(({ no }) => {
      const name = JSON_OPTIONS[no];
      return name === undefined ? [] : [{ name: `(sebuf.http.${name})`, place: optionPlace(desc, { number: no }) }];
    }),
  );
}

const HTTP_METHODS: Record<SebufHttpMethod, string> = {
  [SebufHttpMethod.UNSPECIFIED]: "POST",
  [SebufHttpMethod.GET]: "GET",
  [SebufHttpMethod.POST]: "POST",
  [SebufHttpMethod.PUT]: "PUT",
  [SebufHttpMethod.DELETE]: "DELETE",
  [SebufHttpMethod.PATCH]: "PATCH",
};

/** The names of these options by number. Their values are not read. */
const JSON_OPTIONS: Record<number, string> = {
  50009: "unwrap",
  50010: "int64_encoding",
  50011: "enum_encoding",
  50012: "enum_value",
  50013: "nullable",
  50014: "empty_behavior",
  50015: "timestamp_format",
  50016: "bytes_encoding",
  50017: "oneof_config",
  50018: "oneof_value",
  50019: "flatten",
  50020: "flatten_prefix",
};
