import type { EventRule, Header, QueryRule, StreamRule } from "../gen/sse/v1/annotations_pb.js";
import type { Place } from "../problems.js";

/** The options of a method, in any dialect, as the author wrote them. Nothing is checked yet. */
export interface MethodAnnotations {
  /** The names of the options that bind the method to HTTP. More than one is a mistake. */
  readonly dialects: readonly string[];
  /** The method's own rule, then its additional bindings. */
  readonly rules: readonly [RuleAnnotation, ...RuleAnnotation[]];
  /** `(sse.v1.stream)`; undefined if it is not set. */
  readonly stream: { readonly rule: StreamRule; readonly place: Place } | undefined;
  readonly headers: readonly HeaderAnnotation[];
}

export interface RuleAnnotation {
  /** Undefined if the rule has no pattern. */
  readonly pattern: { readonly method: string; readonly path: string; readonly place: Place } | undefined;
  readonly body: string;
  readonly responseBody: string;
  /** The rule has `stream: true`. */
  readonly stream: boolean;
  /** The rule is an additional binding with bindings of its own, which is a mistake. */
  readonly hasNestedRules: boolean;
  readonly place: Place;
  readonly bodyPlace: Place;
  readonly responseBodyPlace: Place;
}

export interface ServiceAnnotations {
  readonly basePath: string;
  readonly basePathPlace: Place;
  readonly headers: readonly HeaderAnnotation[];
}

export interface HeaderAnnotation {
  readonly header: Header;
  readonly place: Place;
}

/** The options of a field. */
export interface FieldAnnotations {
  readonly event: EventRule | undefined;
  readonly eventId: boolean;
  readonly query: { readonly rule: QueryRule; readonly place: Place } | undefined;
}
