import {
  type DescMessage,
  type DescMethod,
  type DescService,
  fromJson,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { readMethodDocument, readServiceDocument } from "../annotations/document.js";
import {
  CallExampleSchema,
  ErrorResponseSchema,
  type ErrorResponse as ErrorRule,
  type ExternalDocs as ExternalDocsRule,
  ExternalDocsSchema,
  MethodDocumentSchema,
  ServiceDocumentSchema,
} from "../gen/sse/v1/annotations_pb.js";
import { didYouMean, type Place, type Problems } from "../problems.js";
import type {
  CallExample,
  ErrorResponse,
  ExternalDocs,
  MethodDocument,
  Service,
  ServiceDocument,
  Stream,
} from "./model.js";
import type { JsonValue } from "./rules.js";
import { buildSecurity, isUrl, type Schemes } from "./security.js";

/** What the options about documents can name. */
export interface DocumentScope {
  /** All messages of the files and their imports. */
  readonly registry: () => Registry;
  readonly schemes: Schemes;
  /** The names of security schemes that are not declared in options of sse.v1. */
  readonly otherSchemes: (desc: DescService) => ReadonlySet<string>;
  readonly problems: Problems;
}

/** The place of a value in an option, by its field numbers. */
type At = (...path: number[]) => Place;

/** `(sse.v1.service_document)` with what it says of each method. */
export interface InheritedDocument extends Pick<MethodDocument, "security" | "errors"> {
  readonly own: ServiceDocument;
}

export function buildServiceDocument(desc: DescService, scope: DocumentScope): InheritedDocument {
  const { rule, at = () => ({ desc }) } = readServiceDocument(desc) ?? {};
  const { field } = ServiceDocumentSchema;
  return {
    own: {
      ...buildLabels(rule, (key, ...path) => at(field[key].number, ...path), scope),
      tagDescriptions: rule?.tagDescriptions ?? {},
      schemes: (rule?.securitySchemes ?? []).flatMap(({ name }) => schemesOf(desc, scope).get(name) ?? []),
    },
    security: securityOf(desc, rule?.security, (...path) => at(field.security.number, ...path), scope),
    errors: buildErrors(desc, rule?.errors, (...path) => at(field.errors.number, ...path), scope),
  };
}

/** Reports descriptions of tags that neither the service nor a method of it has. */
export function checkTagDescriptions({ desc, document, methods }: Service, problems: Problems): void {
  const names = new Set([...document.tags, ...methods.flatMap((method) => method.document.tags), desc.name]);
  const place = readServiceDocument(desc)?.at(ServiceDocumentSchema.field.tagDescriptions.number) ?? { desc };
  for (const name of Object.keys(document.tagDescriptions).filter((tag) => !names.has(tag))) {
    problems.error(
      place,
      `tag_descriptions: no method has the tag "${name}"${didYouMean(name, names)}: use it, or remove its description`,
    );
  }
}

/** `(sse.v1.document)` with what the service says. `stream` is undefined for a unary method. */
export function buildMethodDocument(
  desc: DescMethod,
  service: InheritedDocument,
  stream: Stream | undefined,
  scope: DocumentScope,
): MethodDocument {
  const { rule, at = () => ({ desc }) } = readMethodDocument(desc) ?? {};
  const { field } = MethodDocumentSchema;
  const labels = buildLabels(rule, (key, ...path) => at(field[key].number, ...path), scope);
  const { number: security } = field.security;
  const errors = buildErrors(desc.parent, rule?.errors, (...path) => at(field.errors.number, ...path), scope);
  const inherited = service.errors.filter(({ status }) => errors.every((own) => own.status !== status));
  return {
    ...labels,
    tags: labels.tags.length > 0 ? labels.tags : service.own.tags,
    security: securityOf(desc.parent, rule?.security, (...path) => at(security, ...path), scope) ?? service.security,
    errors: [...inherited, ...errors],
    example: buildExample(desc, rule?.example, stream, (...path) => at(field.example.number, ...path), scope),
  };
}

/** A link to documentation; undefined if there is none, or none that is right. */
export function buildExternalDocs(
  written: ExternalDocsRule | undefined,
  at: At,
  problems: Problems,
): ExternalDocs | undefined {
  if (written !== undefined && !isUrl(written.url)) {
    const reason = written.url === "" ? "has no url: add it" : `"${written.url}" is not an absolute URL`;
    problems.error(at(ExternalDocsSchema.field.url.number), `external_docs: ${reason}`);
  }
  return written && { url: written.url, description: written.description };
}

interface Labels {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly externalDocs?: ExternalDocsRule | undefined;
}

function buildLabels(
  rule: Labels | undefined,
  at: (key: keyof Labels, ...path: number[]) => Place,
  { problems }: DocumentScope,
): Pick<MethodDocument, "tags" | "summary" | "externalDocs"> {
  const { tags = [], summary = "", externalDocs } = rule ?? {};
  tags.forEach((tag, i) => {
    if (tag.trim() === "") {
      problems.error(at("tags", i), "tags: a tag needs a name");
    } else if (tags.indexOf(tag) !== i) {
      problems.error(at("tags", i), `tags: "${tag}" is there twice: remove one`);
    }
  });
  return {
    tags,
    summary: summary || undefined,
    externalDocs: buildExternalDocs(externalDocs, (...path) => at("externalDocs", ...path), problems),
  };
}

function schemesOf({ file }: DescService, { schemes }: DocumentScope) {
  return schemes.get(file.proto.package) ?? new Map<string, never>();
}

function securityOf(
  desc: DescService,
  written: Parameters<typeof buildSecurity>[2] = [],
  at: At,
  scope: DocumentScope,
): MethodDocument["security"] {
  const elsewhere = written.length === 0 ? new Set<string>() : scope.otherSchemes(desc);
  return buildSecurity(schemesOf(desc, scope), elsewhere, written, at, scope.problems);
}

function buildErrors(
  service: DescService,
  written: readonly ErrorRule[] = [],
  at: At,
  { registry, problems }: DocumentScope,
): readonly ErrorResponse[] {
  const { field } = ErrorResponseSchema;
  const known = new Set<string>();
  return written.map(({ status, description, schema: name }, i) => {
    if (!/^(?:[45]\d\d|[45]XX|default)$/.test(status)) {
      problems.error(
        at(i, field.status.number),
        `errors: "${status}" is not the status of an error: use 400 to 599, 4XX, 5XX or default`,
      );
    } else if (known.has(status)) {
      problems.error(at(i, field.status.number), `errors: status ${status} is there twice: remove one`);
    }
    known.add(status);
    const schema = name === "" ? undefined : findMessage(name, service.file.proto.package, registry());
    if (name !== "" && schema === undefined) {
      problems.error(
        at(i, field.schema.number),
        `errors: there is no message "${name}"${didYouMean(name, messageNames(registry()))}: write its full name, and import its file`,
      );
    }
    return { status, description, schema };
  });
}

/** A message by its full name, or by its name in a package or in one around it, as in a proto file. */
function findMessage(name: string, pkg: string, registry: Registry): DescMessage | undefined {
  const parts = pkg === "" || name.startsWith(".") ? [] : pkg.split(".");
  const scopes = parts.map((_, i) => `${parts.slice(0, parts.length - i).join(".")}.`);
  return [...scopes, ""].map((scope) => registry.getMessage(scope + name.replace(/^\./, ""))).find((m) => m);
}

function messageNames(registry: Registry): readonly string[] {
  return [...registry].flatMap((type) => (type.kind === "message" ? [type.typeName, type.name] : []));
}

function buildExample(
  { input, output }: DescMethod,
  written: { readonly request: string; readonly responses: readonly string[] } | undefined,
  stream: Stream | undefined,
  at: At,
  scope: DocumentScope,
): CallExample {
  const { request = "", responses = [] } = written ?? {};
  const { field } = CallExampleSchema;
  if (stream === undefined && responses.length > 1) {
    scope.problems.error(at(field.responses.number, 1), "example: a unary method has one response: keep one");
  }
  const events = stream?.events.kind === "oneof" ? stream.events : undefined;
  return {
    request: request === "" ? undefined : readJson(input, request, at(field.request.number), scope),
    responses: responses.flatMap((text, i) => {
      const place = at(field.responses.number, i);
      const json = readJson(output, text, place, scope);
      if (json !== undefined && events?.members.every(({ field: { jsonName } }) => !has(json, jsonName))) {
        scope.problems.error(place, `example: no member of oneof "${events.oneof.name}" is set, so there is no event`);
      }
      return json === undefined ? [] : [json];
    }),
  };
}

/** The canonical ProtoJSON of a message; undefined, with a problem, if the text is not its JSON. */
function readJson(
  desc: DescMessage,
  text: string,
  place: Place,
  { registry: types, problems }: DocumentScope,
): JsonValue | undefined {
  const registry = types();
  try {
    return toJson(desc, fromJson(desc, JSON.parse(text), { registry }), { registry });
  } catch (error) {
    // The words of a SyntaxError depend on the version of Node.
    const reason = error instanceof SyntaxError || !(error instanceof Error) ? "it is not JSON" : error.message;
    problems.error(place, `example: not the JSON of ${desc.typeName}: ${reason}`);
    return undefined;
  }
}

function has(json: JsonValue, key: string): boolean {
  return typeof json === "object" && json !== null && Object.hasOwn(json, key);
}
