/**
 * The objects of an OpenAPI document, as far as they are emitted: OpenAPI 3.2.0, "Objects and Fields".
 * A field that is undefined is not written.
 */
export interface OpenApiObject {
  readonly openapi: string;
  readonly info: InfoObject;
  readonly servers?: readonly ServerObject[] | undefined;
  readonly tags?: readonly TagObject[] | undefined;
  readonly paths: PathsObject;
  readonly components: ComponentsObject;
}

export interface InfoObject {
  readonly title: string;
  readonly version: string;
}

export interface ServerObject {
  readonly url: string;
}

export interface TagObject {
  readonly name: string;
  /** These three are new in 3.2. */
  readonly summary?: string | undefined;
  readonly parent?: string | undefined;
  readonly kind?: string | undefined;
  readonly description?: string | undefined;
  readonly externalDocs?: ExternalDocsObject | undefined;
}

export interface ExternalDocsObject {
  readonly url: string;
  readonly description?: string | undefined;
}

export interface ComponentsObject {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly responses: Readonly<Record<string, ResponseObject>>;
  readonly securitySchemes?: Readonly<Record<string, SecuritySchemeObject>> | undefined;
}

export interface SecuritySchemeObject {
  readonly type: "http" | "apiKey" | "oauth2" | "openIdConnect" | "mutualTLS";
  readonly description?: string | undefined;
  readonly scheme?: string | undefined;
  readonly bearerFormat?: string | undefined;
  readonly name?: string | undefined;
  readonly in?: "header" | "query" | "cookie" | undefined;
  readonly flows?: Readonly<Record<string, OAuthFlowObject>> | undefined;
  readonly openIdConnectUrl?: string | undefined;
}

export interface OAuthFlowObject {
  readonly authorizationUrl?: string | undefined;
  readonly tokenUrl?: string | undefined;
  readonly refreshUrl?: string | undefined;
  readonly scopes: Readonly<Record<string, string>>;
}

/** Scopes by the name of a scheme. */
export type SecurityRequirementObject = Readonly<Record<string, readonly string[]>>;

export type PathsObject = Readonly<Record<string, PathItemObject>>;

/** Operations by HTTP method in lower case; in 3.2, other methods are in `additionalOperations`. */
export interface PathItemObject {
  [method: string]: OperationObject | Record<string, OperationObject> | undefined;
  additionalOperations?: Record<string, OperationObject>;
}

export interface OperationObject {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string | undefined;
  readonly externalDocs?: ExternalDocsObject | undefined;
  readonly operationId: string;
  readonly parameters?: readonly ParameterObject[] | undefined;
  readonly requestBody?: RequestBodyObject | undefined;
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>;
  readonly deprecated?: true | undefined;
  readonly security?: readonly SecurityRequirementObject[] | undefined;
  readonly [extension: `x-${string}`]: unknown;
}

export interface ParameterObject {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description?: string | undefined;
  readonly required?: true | undefined;
  readonly deprecated?: true | undefined;
  readonly style?: "form" | "deepObject" | undefined;
  readonly explode?: boolean | undefined;
  readonly allowReserved?: true | undefined;
  readonly schema: Schema;
  readonly example?: JsonValue | undefined;
  readonly [extension: `x-${string}`]: unknown;
}

export interface RequestBodyObject {
  readonly description?: string | undefined;
  /** False: a request without a body is the empty message. */
  readonly required: boolean;
  readonly content: Content;
}

export interface ResponseObject {
  readonly description: string;
  readonly content?: Content | undefined;
}

export type Content = Readonly<Record<string, MediaTypeObject>>;

export interface MediaTypeObject {
  readonly schema?: Schema | undefined;
  /** New in 3.2. */
  readonly itemSchema?: Schema | undefined;
  readonly example?: JsonValue | undefined;
  readonly examples?: Readonly<Record<string, ExampleObject>> | undefined;
  readonly [extension: `x-${string}`]: unknown;
}

export interface ExampleObject {
  readonly summary?: string | undefined;
  readonly value?: JsonValue | undefined;
  /** These two are new in 3.2. */
  readonly dataValue?: JsonValue | undefined;
  readonly serializedValue?: string | undefined;
}

/** Refers to a component. A type, not an interface, so that it is assignable to Schema. */
export type Reference = { readonly $ref: string };

/** A Schema Object: JSON Schema 2020-12, which lets keywords stand beside `$ref`. */
export interface Schema {
  readonly $ref?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly type?: "array" | "boolean" | "integer" | "null" | "number" | "object" | "string" | undefined;
  readonly format?: string | undefined;
  readonly const?: JsonValue | undefined;
  readonly enum?: readonly JsonValue[] | undefined;
  readonly default?: JsonValue | undefined;
  readonly examples?: readonly JsonValue[] | undefined;
  readonly externalDocs?: ExternalDocsObject | undefined;
  readonly deprecated?: true | undefined;
  readonly readOnly?: true | undefined;
  readonly writeOnly?: true | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly contentEncoding?: "base64" | undefined;
  readonly contentMediaType?: string | undefined;
  readonly contentSchema?: Schema | undefined;
  readonly items?: Schema | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly uniqueItems?: true | undefined;
  readonly required?: readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly minProperties?: number | undefined;
  readonly maxProperties?: number | undefined;
  readonly propertyNames?: Schema | undefined;
  readonly additionalProperties?: Schema | true | undefined;
  readonly dependentSchemas?: Readonly<Record<string, Schema>> | undefined;
  readonly allOf?: readonly Schema[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly not?: Schema | undefined;
  readonly discriminator?:
    | { readonly propertyName: string; readonly mapping: Readonly<Record<string, string>> }
    | undefined;
  readonly [extension: `x-${string}`]: unknown;
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
