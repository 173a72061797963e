import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import type { MethodAnnotations, RuleAnnotation } from "../annotations/annotations.js";
import { readMethodDocument } from "../annotations/document.js";
import { ForeignOptions } from "../annotations/foreign-option.js";
import { readDetails } from "../annotations/native.js";
import { bindingOptions, GOOGLE, type ReadMethod, readService, takesStream } from "../annotations/read.js";
import type { Problems } from "../problems.js";
import { buildBody, buildResponseBody, buildVariables } from "./bind.js";
import { checkJsonNames, checkNames, checkRoutes } from "./clashes.js";
import { readDocs } from "./docs.js";
import {
  buildMethodDocument,
  buildServiceDocument,
  checkTagDescriptions,
  type DocumentScope,
  type InheritedDocument,
} from "./document.js";
import { buildStream, checkEventOptions } from "./events.js";
import { warnOfForeignOptions } from "./foreign-options.js";
import { buildHeaders } from "./headers.js";
import { isHttpBody } from "./json-form.js";
import type { Api, Binding, Header, Method, Service } from "./model.js";
import { buildQuery } from "./query.js";
import { readRules } from "./read-rules.js";
import { type BasePath, buildBasePath, buildRoute } from "./route.js";
import { buildSchemes, gnosticSchemes } from "./security.js";

/**
 * Builds the model of the services in the files. Mistakes in the protos go to `problems`. `schemes` are names of security
 * schemes that are declared outside the protos.
 */
export function buildApi(
  files: readonly DescFile[],
  readMethod: ReadMethod,
  problems: Problems,
  schemes: readonly string[] = [],
): Api {
  const options = new ForeignOptions(files);
  const scope: DocumentScope = {
    registry: () => options.registry,
    schemes: buildSchemes(files, problems),
    otherSchemes: ({ file }) => new Set([...schemes, ...gnosticSchemes(file, options)]),
    problems,
  };
  const services = files
    .flatMap((file) => file.services.map((desc) => buildService(desc, readMethod, scope)))
    .filter(({ methods }) => methods.length > 0);
  checkEventOptions(files, problems);
  warnOfForeignOptions(files, problems);
  for (const file of files) {
    warnOfNothingBound(file, readMethod, problems);
  }
  checkJsonNames(files, problems);
  checkNames(services, problems);
  checkRoutes(services, problems, (desc) => readMethod(desc)?.dialects.includes(GOOGLE) ?? false);
  return { services, rules: readRules(services, options, problems) };
}

/** Without this warning, a file without annotations, or with annotations of another dialect, would silently generate nothing. */
function warnOfNothingBound({ services }: DescFile, readMethod: ReadMethod, problems: Problems): void {
  const [first] = services;
  if (first === undefined || services.some(({ methods }) => methods.some(readMethod))) {
    return;
  }
  const which = services.length === 1 ? "of this service" : "of the services in this file";
  const options = bindingOptions.join(", ").replace(/, (?=[^,]*$)/, " or ");
  problems.warn(
    { desc: first },
    `no method ${which} has an HTTP annotation, so nothing is generated: add option ${options} to a method`,
  );
}

function buildService(desc: DescService, readMethod: ReadMethod, scope: DocumentScope): Service {
  const { problems } = scope;
  const document = buildServiceDocument(desc, scope);
  const annotations = readService(desc);
  const base = buildBasePath(annotations, problems);
  const headers = buildHeaders(
    [],
    annotations.flatMap((a) => a.headers),
    problems,
  );
  const methods = desc.methods.flatMap((method) => {
    const written = readMethod(method);
    if (written === undefined) {
      reportStray(method, problems);
    }
    return written === undefined ? [] : (buildMethod(method, written, { base, headers, document }, scope) ?? []);
  });
  const service: Service = {
    desc,
    methods,
    docs: readDocs(desc),
    document: document.own,
    deprecated: isDeprecated(desc) || isDeprecated(desc.file),
  };
  checkTagDescriptions(service, problems);
  return service;
}

/** What a service says of its methods. */
interface Inherited {
  readonly base: BasePath;
  readonly headers: readonly Header[];
  readonly document: InheritedDocument;
}

function buildMethod(
  desc: DescMethod,
  written: MethodAnnotations,
  { base, headers, document }: Inherited,
  scope: DocumentScope,
): Method | undefined {
  const { problems } = scope;
  const [rule, ...additional] = written.rules;
  if (written.dialects.length > 1) {
    problems.error(
      rule.place,
      `has HTTP annotations of several dialects, ${written.dialects.join(" and ")}: keep one of them`,
    );
  }
  if (takesStream(desc)) {
    const reason = "client streaming is not supported over HTTP";
    // google.api.http may be meant for other tools, so the rest of the service is generated.
    if (written.dialects.includes(GOOGLE)) {
      problems.warn(rule.place, `${reason}: the method is skipped`);
    } else {
      problems.error(rule.place, `${reason}: remove the annotation`);
    }
    return undefined;
  }
  for (const { stream, place } of additional) {
    if (stream) {
      problems.error(place, "stream: true has no effect in an additional binding: set it on the main binding");
    }
  }
  const isStream = rule.stream || desc.methodKind === "server_streaming";
  const stream = isStream ? buildStream(desc, written, problems) : undefined;
  if (!isStream && written.stream !== undefined) {
    problems.error(
      written.stream.place,
      "has stream options but does not stream: set stream: true in its http option, or remove them",
    );
  }
  if (isStream && written.rules.some((r) => r.responseBody !== "")) {
    problems.error(
      rule.responseBodyPlace,
      "response_body: not supported on a stream, because each event is the whole message: remove it",
    );
  }
  const first = buildBinding(desc, rule, base, problems);
  const others = additional.map((r) => buildBinding(desc, r, base, problems));
  if (first === undefined) {
    return undefined;
  }
  return {
    desc,
    bindings: [first, ...others.filter((b) => b !== undefined)],
    answer: stream === undefined ? { kind: "unary" } : { kind: "stream", stream },
    headers: buildHeaders(headers, written.headers, problems),
    docs: readDocs(desc),
    document: buildMethodDocument(desc, document, stream, scope),
    deprecated: isDeprecated(desc) || isDeprecated(desc.parent) || isDeprecated(desc.parent.file),
  };
}

/** undefined if path and fields do not match; the mistake goes to `problems`. */
function buildBinding(desc: DescMethod, rule: RuleAnnotation, base: BasePath, problems: Problems): Binding | undefined {
  if (rule.hasNestedRules) {
    problems.error(rule.place, "additional_bindings cannot be nested: move them one level up");
  }
  const route = buildRoute(rule, base, problems);
  if (route === undefined) {
    return undefined;
  }
  const { variables, isComplete } = buildVariables(desc.input, route, problems);
  const body = buildBody(desc.input, rule, variables, problems);
  if (!isComplete) {
    return undefined; // what it leaves to the query is not known
  }
  const responseBody = buildResponseBody(desc.output, rule, problems);
  const content = body.kind === "field" ? body.field.message : body.kind === "message" ? desc.input : undefined;
  return {
    method: route.method,
    template: route.template,
    variables,
    body,
    query: body.kind === "message" ? undefined : buildQuery(desc.input, variables, body, route, problems),
    responseBody,
    rawBody: isHttpBody(content),
    rawResponse: isHttpBody(responseBody === undefined ? desc.output : responseBody.message),
    place: rule.place,
  };
}

/** Reports options that have no effect because the method has no HTTP annotation. */
function reportStray(desc: DescMethod, problems: Problems): void {
  const { stream, headers } = readDetails(desc);
  const document = readMethodDocument(desc);
  const places = [stream?.place, document?.at(), ...headers.map((header) => header.place)];
  for (const place of places.filter((p) => p !== undefined)) {
    problems.error(
      place,
      "the method has no HTTP annotation: add option (sse.v1.http) or (google.api.http), or remove this option",
    );
  }
}

function isDeprecated(desc: DescFile | DescService | DescMethod): boolean {
  return desc.proto.options?.deprecated === true;
}
