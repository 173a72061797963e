import type { DescField, DescMessage, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";
import type { Place } from "../problems.js";
import type { PathTemplate } from "./path-template.js";
import type { JsonValue, Rules } from "./rules.js";

/**
 * The model of what is generated: the services of the files that protoc asked for, with all annotations applied.
 * It is plain data and descriptors, and does not depend on a target language.
 */
export interface Api {
  readonly services: readonly Service[];
  readonly rules: Rules;
}

/** A service with at least one method that HTTP carries. */
export interface Service {
  readonly desc: DescService;
  /** Methods with an annotation, in declaration order. */
  readonly methods: readonly Method[];
  readonly docs: Docs;
  readonly document: ServiceDocument;
  /** Deprecated itself, or through its file. */
  readonly deprecated: boolean;
}

export interface Method {
  readonly desc: DescMethod;
  /** The first is the method's own; the others are additional bindings. */
  readonly bindings: readonly [Binding, ...Binding[]];
  readonly answer: { readonly kind: "unary" } | { readonly kind: "stream"; readonly stream: Stream };
  /** Headers of the service and of the method, the method's own last; a name occurs once. */
  readonly headers: readonly Header[];
  readonly docs: Docs;
  readonly document: MethodDocument;
  /** Deprecated itself, or through its service or file. */
  readonly deprecated: boolean;
}

/** An HTTP method and a path, and where each field of the request travels: path first, then body, then query. */
export interface Binding {
  /** The HTTP method, upper case for the standard ones. */
  readonly method: string;
  /** The template with the service's base path in front. */
  readonly template: PathTemplate;
  readonly variables: readonly Variable[];
  readonly body: Body;
  /** The fields that path and body leave; undefined when `body` is the message. */
  readonly query: QueryMessage | undefined;
  /** The response field whose value is the response's body; undefined for the whole message. */
  readonly responseBody: DescField | undefined;
  /** The request's body is a google.api.HttpBody: bytes with a content type of their own. */
  readonly rawBody: boolean;
  /** The response's body is a google.api.HttpBody. */
  readonly rawResponse: boolean;
  /** The place of the rule. */
  readonly place: Place;
}

/** A path variable and the fields that lead to its value, outermost first. */
export interface Variable {
  readonly fields: readonly [DescField, ...DescField[]];
  /** Whether its value spans more than one segment. */
  readonly multiSegment: boolean;
}

export type Body =
  | { readonly kind: "none" }
  /** `required`: the empty message is not valid, so a request without a body is answered with 400. */
  | { readonly kind: "message"; readonly required: boolean }
  | { readonly kind: "field"; readonly field: DescField; readonly required: boolean };

/** The fields of a message that travel in a query string. Messages recur, so this is a graph. */
export interface QueryMessage {
  readonly desc: DescMessage;
  readonly fields: readonly QueryField[];
}

export type QueryField = {
  readonly field: DescField;
  /** This field's part of the parameter's name: the annotation's, or undefined for the field's JSON or proto name. */
  readonly name: string | undefined;
  readonly required: boolean;
} & (
  | { readonly kind: "scalar" } // also enums and messages whose ProtoJSON is a scalar
  | { readonly kind: "repeated" } // of those
  | { readonly kind: "map" } // of scalars and enums
  | { readonly kind: "message"; readonly message: QueryMessage }
);

/** How the response message becomes events. */
export interface Stream {
  readonly resumable: boolean;
  /** The field of the response message whose value is the event's `id`. */
  readonly id: DescField | undefined;
  /** One kind of event: the message, with the `event:` of its frames if they have one. Or an event for each member of a oneof, in declaration order. */
  readonly events:
    | { readonly kind: "message"; readonly name: string | undefined }
    | { readonly kind: "oneof"; readonly oneof: DescOneof; readonly members: readonly EventMember[] };
  /** The `data:` that ends the stream. */
  readonly terminalData: string | undefined;
  /** The name of the event that carries a failure. */
  readonly errorEvent: string;
  /** Milliseconds; 0 is none; undefined leaves it to the runtime. */
  readonly heartbeatMs: number | undefined;
  /** Milliseconds. */
  readonly retryMs: number | undefined;
}

export interface EventMember {
  /** The `event:` of the frame. */
  readonly name: string;
  readonly field: DescField;
  /** The stream ends after this event. */
  readonly terminal: boolean;
}

/** A header that a method takes. */
export interface Header {
  /** As declared; HTTP compares names without case. */
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "array";
  /** A format of JSON Schema's or OpenAPI's registry, such as `uuid`; undefined for none. */
  readonly format: string | undefined;
  readonly required: boolean;
  readonly description: string;
  readonly example: string | undefined;
  readonly deprecated: boolean;
}

/** The comment of a declaration, without linter directives and `(-- internal --)` parts. */
export interface Docs {
  /** The whole comment, with its line breaks; empty if there is no comment. */
  readonly text: string;
  /** The first paragraph, on one line; empty if there is no comment. */
  readonly summary: string;
  /** What follows, as written. */
  readonly description: string;
}

/** What API documents say of a service beyond its comment. */
export interface ServiceDocument {
  /** The names of the tags that group its methods; empty for one with the service's name. */
  readonly tags: readonly string[];
  /** Replaces the summary of the comment. */
  readonly summary: string | undefined;
  readonly externalDocs: ExternalDocs | undefined;
  /** Descriptions by the names of tags. */
  readonly tagDescriptions: Readonly<Record<string, string>>;
  /** The security schemes that it declares. */
  readonly schemes: readonly SecurityScheme[];
}

/** What API documents say of a method beyond its comment; what it does not set is that of its service. */
export interface MethodDocument {
  /** The names of its tags; empty for one with the service's name. */
  readonly tags: readonly string[];
  /** Replaces the summary of the comment. */
  readonly summary: string | undefined;
  readonly externalDocs: ExternalDocs | undefined;
  /** Any one of them is enough. Undefined if the protos do not say what a caller needs. */
  readonly security: readonly SecurityRequirement[] | undefined;
  /** The error responses, a status once. */
  readonly errors: readonly ErrorResponse[];
  readonly example: CallExample;
}

export interface ExternalDocs {
  readonly url: string;
  /** Empty if there is none. */
  readonly description: string;
}

/** The schemes that are needed together; none if everyone is allowed. */
export type SecurityRequirement = readonly {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Undefined if it is declared elsewhere than in the options of sse.v1. */
  readonly scheme: SecurityScheme | undefined;
}[];

/** How callers prove who they are. Texts are empty if they are not set. */
export interface SecurityScheme {
  readonly name: string;
  readonly description: string;
  readonly kind:
    | { readonly case: "http"; readonly scheme: string; readonly bearerFormat: string }
    | { readonly case: "apiKey"; readonly in: "header" | "query" | "cookie"; readonly name: string }
    | { readonly case: "oauth2"; readonly flows: readonly OAuthFlow[] }
    | { readonly case: "openIdConnect"; readonly url: string }
    | { readonly case: "mutualTls" };
  /** The service that declares it, and where. */
  readonly service: DescService;
  readonly place: Place;
}

export interface OAuthFlow {
  readonly name: "authorizationCode" | "clientCredentials" | "implicit" | "password";
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly refreshUrl: string;
  /** Descriptions by scope. */
  readonly scopes: Readonly<Record<string, string>>;
}

export interface ErrorResponse {
  /** `404`, `4XX` or `default`. */
  readonly status: string;
  /** Empty if the author gives none. */
  readonly description: string;
  /** The message whose JSON is the body; undefined for google.rpc.Status. */
  readonly schema: DescMessage | undefined;
}

/** An author's example of a call, as ProtoJSON. */
export interface CallExample {
  readonly request: JsonValue | undefined;
  /** One for a unary method; for a stream, its messages in order. */
  readonly responses: readonly JsonValue[];
}
