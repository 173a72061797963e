import type {
  MediaTypeObject,
  OpenApiObject,
  OperationObject,
  PathItemObject,
  ResponseObject,
  Schema,
} from "../../src/emit/openapi/objects.js";

/** An operation as a document has it. */
export interface DocumentedOperation {
  readonly method: string;
  readonly path: string;
  /** The path in the grammar of google/api/http.proto. */
  readonly template: string;
  readonly operation: OperationObject;
}

export function documentedOperations(document: OpenApiObject): DocumentedOperation[] {
  return Object.entries(document.paths).flatMap(
    ([path, { additionalOperations = {}, ...item }]: [string, PathItemObject]) =>
      [...Object.entries(item), ...Object.entries(additionalOperations)].map(([method, value]) => {
        const operation = value as OperationObject; // no other key of a path item is emitted
        return {
          method: method.toUpperCase(),
          path,
          template: String(operation["x-google-http-template"] ?? path),
          operation,
        };
      }),
  );
}

/** The content of the answer 200. */
export function answerContent({ operation }: DocumentedOperation): Readonly<Record<string, MediaTypeObject>> {
  const response = operation.responses["200"] as ResponseObject; // emitted in place
  return response.content ?? {};
}

/** A value for all that an operation requires. */
export interface RequestValues {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly header: Readonly<Record<string, string>>;
  readonly body?: { readonly contentType: string; readonly value: unknown };
}

export function documentedValues(document: OpenApiObject, { operation }: DocumentedOperation): RequestValues {
  const required = (operation.parameters ?? []).filter((parameter) => parameter.required);
  const values = (place: string) =>
    Object.fromEntries(
      required.filter((p) => p.in === place).map((p) => [p.name, String(p.example ?? exampleText(document, p.schema))]),
    );
  const [body] = Object.entries(operation.requestBody?.content ?? {});
  return {
    path: values("path"),
    query: values("query"),
    header: values("header"),
    ...(body && { body: { contentType: body[0], value: exampleBody(document, body[1].schema ?? {}) } }),
  };
}

/** A request that follows from the document alone. */
export function documentedRequest(document: OpenApiObject, baseUrl: string, documented: DocumentedOperation): Request {
  const { path, query, header, body } = documentedValues(document, documented);
  const filled = documented.path.replace(/\{([^}]*)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
  const search = new URLSearchParams(query).toString();
  return new Request(`${baseUrl}${filled}${search === "" ? "" : `?${search}`}`, {
    method: documented.method,
    headers: { ...header, ...(body && { "Content-Type": body.contentType }) },
    ...(body && { body: JSON.stringify(body.value) }),
  });
}

function exampleBody(document: OpenApiObject, schema: Schema): unknown {
  const { type, format, examples: [example] = [] } = resolve(document, schema);
  if (example !== undefined) {
    return example;
  }
  if (type === "string") {
    return format === "date-time" ? "2026-01-01T00:00:00Z" : "x";
  }
  return type === "array" ? [] : {};
}

/** Of a list, one item. */
function exampleText(document: OpenApiObject, schema: Schema): string {
  const { enum: [first] = [], type, contentEncoding, format, items } = resolve(document, schema);
  if (items !== undefined) {
    return exampleText(document, items);
  }
  if (first !== undefined) {
    return String(first);
  }
  if (contentEncoding === "base64") {
    return "AAA=";
  }
  if (format === "int64" || format === "uint64") {
    return "1";
  }
  return { boolean: "true", integer: "1", number: "1.5" }[String(type)] ?? "x";
}

function resolve(document: OpenApiObject, schema: Schema): Schema {
  const name = schema.$ref?.replace("#/components/schemas/", "");
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
}
