import type { EventRule, Header, QueryRule, StreamRule } from "../gen/sse/v1/annotations_pb.js";
import type { Place } from "../problems.js";

/** What the author wrote on a method, whatever the dialect: typed, not judged. */
export interface MethodAnnotations {
  /** The options that bind the method to HTTP, by name: more than one is a mistake. */
  readonly dialects: readonly string[];
  /** The method's own rule, then its additional bindings. */
  readonly rules: readonly [RuleAnnotation, ...RuleAnnotation[]];
  /** Where `(sse.v1.stream)` stands; undefined where it was not written. */
  readonly stream: { readonly rule: StreamRule; readonly place: Place } | undefined;
  readonly headers: readonly HeaderAnnotation[];
}

export interface RuleAnnotation {
  /** undefined when no pattern was written. */
  readonly pattern: { readonly method: string; readonly path: string; readonly place: Place } | undefined;
  readonly body: string;
  readonly responseBody: string;
  /** `stream: true` was written. */
  readonly stream: boolean;
  /** Rules within an additional binding: never allowed, but nothing that was written is dropped unseen. */
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

/** What the author wrote on a field. */
export interface FieldAnnotations {
  readonly event: EventRule | undefined;
  readonly eventId: boolean;
  readonly query: { readonly rule: QueryRule; readonly place: Place } | undefined;
}
