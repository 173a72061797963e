import type { Binding, Method, SecurityRequirement, Service, Stream } from "../../../model/model.js";
import { type Context, isPlain, tagsOf } from "../context.js";
import { externalDocs, paragraphs } from "../describe.js";
import { requestExample } from "../example.js";
import { omitAt, overridden, type Tree } from "../merge.js";
import type { OperationObject, SecurityRequirementObject } from "../objects.js";
import { heartbeatMsOf } from "../stream/stream-examples.js";
import type { PathSlot } from "./openapi-path.js";
import { headerParameters, pathParameters } from "./parameters.js";
import { queryParameters } from "./query-parameters.js";
import { requestBody } from "./request-body.js";
import { responses } from "./responses.js";

/** Where an operation stands among the paths. */
export interface OperationPlace {
  readonly path: string;
  readonly slots: readonly PathSlot[];
  /** What the path calls its slots. */
  readonly names: readonly string[];
}

/** One binding of a method, OpenAPI 3.2.0, Operation Object. `index` counts the bindings. */
export function operation(
  context: Context,
  service: Service,
  method: Method,
  index: number,
  binding: Binding,
  { path, slots, names }: OperationPlace,
): OperationObject {
  const { desc, docs, document, answer, deprecated } = method;
  const example = requestExample(context, method);
  const query = queryParameters(context, binding, example);
  const parameters = [
    ...pathParameters(context, slots, names, example),
    ...query.parameters,
    ...headerParameters(method),
  ];
  const object: OperationObject = {
    tags: tagsOf(context, service, document.tags),
    summary: document.summary ?? (docs.summary || desc.name),
    description: paragraphs(docs.description, recurringNote(query.recurring)),
    externalDocs: externalDocs(document.externalDocs),
    operationId: `${context.tagOf(service).replaceAll(".", "_")}_${desc.name}`,
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody: requestBody(context, method, binding, index, example),
    responses: responses(context, method, binding),
    deprecated: deprecated || undefined,
    security: document.security && securityRequirements(document.security),
    "x-google-http-template": binding.template.text === path ? undefined : binding.template.text,
    "x-sse": answer.kind === "stream" && !isPlain(context) ? streamExtension(answer.stream) : undefined,
  };
  const result = overridden(object, gnosticOperation(context, method));
  return { ...result, operationId: context.operationId(result.operationId) };
}

/** What an option of gnostic says, without what the options of sse.v1 say. */
function gnosticOperation({ rules }: Context, { desc, document }: Method): Tree | undefined {
  const override = rules.gnostic.get(desc);
  const { tags, summary, externalDocs, security, errors } = document;
  const said = Object.entries({ tags: tags[0], summary, externalDocs, security })
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
  const statuses = errors.map(({ status }) => status);
  return override && omitAt(omitAt(override, [], said), ["responses"], statuses);
}

/** OpenAPI 3.2.0, Security Requirement Object. An empty list is how an operation is open to everyone. */
function securityRequirements(security: readonly SecurityRequirement[]): readonly SecurityRequirementObject[] {
  const isOpen = security.every((schemes) => schemes.length === 0);
  return isOpen ? [] : security.map((all) => Object.fromEntries(all.map(({ name, scopes }) => [name, scopes])));
}

function recurringNote(names: readonly string[]): string | undefined {
  if (names.length === 0) {
    return undefined;
  }
  const list = names.map((name) => `\`${name}\``).join(", ");
  return `Further parameters: the members of ${list}, which are those of the message around each.`;
}

/** What our tools need to know about a stream in addition to its schema. Times are in seconds. */
function streamExtension(stream: Stream) {
  const { resumable, events, terminalData, retryMs } = stream;
  const terminal = events.kind === "oneof" ? events.members.filter((m) => m.terminal).map((m) => m.name) : [];
  return {
    heartbeat: heartbeatMsOf(stream) / 1000,
    resumable,
    terminal: terminal.length > 0 ? terminal : undefined,
    terminalData,
    retry: retryMs === undefined ? undefined : retryMs / 1000,
  };
}
