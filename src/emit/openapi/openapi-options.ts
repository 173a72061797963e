/** What a user can say about the OpenAPI documents; every field has its plugin option of the same meaning. */
export interface OpenApiOptions {
  /** Versions of the specification, a document each. The newest has the plain name. */
  readonly versions: readonly OpenApiVersion[];
  readonly formats: readonly ("yaml" | "json")[];
  /** One document a service, a proto file, or for all of them: `openapi.yaml` at the output root. */
  readonly output: "service" | "file" | "merged";
  /** `info.title`; undefined for the package. */
  readonly title: string | undefined;
  /** `info.version`; undefined for `0.0.0`. */
  readonly apiVersion: string | undefined;
  /** URLs. */
  readonly servers: readonly string[];
  /** Names fields as the proto does, for servers that write JSON so. */
  readonly protoNames: boolean;
  /** Enums as names; as names or the numbers of values that the proto does not know; or as numbers. */
  readonly enums: "string" | "open" | "integer";
  /** A oneof as members that exclude each other, of which none need be set; or as a union of which one is set. */
  readonly oneofs: "exclusive" | "union";
  /** Rules of buf.validate as keywords. */
  readonly validate: boolean;
  /** What the document of 3.1 says of a stream: all of it, or its data alone, for tools that know no streams. */
  readonly streams: "full" | "plain";
  /** Names of components: with their package, or without it where that is unique. */
  readonly names: "full" | "short";
  /** A document under ours: it says what a proto cannot, such as the security schemes. */
  readonly base: Readonly<Record<string, unknown>> | undefined;
}

export type OpenApiVersion = "3.1" | "3.2";

/** The options of a user who says nothing. */
export const openApiDefaults: OpenApiOptions = {
  versions: ["3.2"],
  formats: ["yaml"],
  output: "service",
  title: undefined,
  apiVersion: undefined,
  servers: [],
  protoNames: false,
  enums: "string",
  oneofs: "exclusive",
  validate: true,
  streams: "full",
  names: "full",
  base: undefined,
};
