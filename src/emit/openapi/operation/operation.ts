import type { Binding, Method, Service, Stream } from "../../../model/model.js";
import { type Context, isPlain } from "../context.js";
import { paragraphs } from "../describe.js";
import { overridden } from "../merge.js";
import type { OperationObject } from "../objects.js";
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
  const { desc, docs, answer, deprecated } = method;
  const tag = context.tagOf(service);
  const query = queryParameters(context, binding);
  const parameters = [...pathParameters(context, slots, names), ...query.parameters, ...headerParameters(method)];
  const object: OperationObject = {
    tags: [tag],
    summary: docs.summary || desc.name,
    description: paragraphs(docs.description, recurringNote(query.recurring)),
    operationId: `${tag.replaceAll(".", "_")}_${desc.name}`,
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody: requestBody(context, method, binding, index),
    responses: responses(context, method, binding),
    deprecated: deprecated || undefined,
    "x-google-http-template": binding.template.text === path ? undefined : binding.template.text,
    "x-sse": answer.kind === "stream" && !isPlain(context) ? streamExtension(answer.stream) : undefined,
  };
  const result = overridden(object, context.rules.gnostic.get(desc));
  return { ...result, operationId: context.operationId(result.operationId) };
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
