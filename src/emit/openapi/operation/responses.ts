import { STATUS_CODES } from "node:http";
import { isHttpBody } from "../../../model/json-form.js";
import type { Binding, Method, Stream } from "../../../model/model.js";
import { type Context, writtenJson } from "../context.js";
import { describe } from "../describe.js";
import { exampleAt } from "../example.js";
import type { OperationObject, Reference, ResponseObject } from "../objects.js";
import { valueSchema } from "../schema/field-schema.js";
import { messageSchema } from "../schema/message-schema.js";
import { statusSchema } from "../schema/well-known-schema.js";
import { streamContent } from "../stream/stream-content.js";
import { heartbeatMsOf } from "../stream/stream-examples.js";
import { bodyContent } from "./request-body.js";

/** Every answer of an operation, OpenAPI 3.2.0, Responses Object. */
export function responses(context: Context, method: Method, binding: Binding): OperationObject["responses"] {
  const { answer } = method;
  const isResumable = answer.kind === "stream" && answer.stream.resumable;
  return {
    "200":
      answer.kind === "stream"
        ? streamResponse(context, method, answer.stream)
        : unaryResponse(context, method, binding),
    ...(isResumable ? { "204": { description: "The stream has ended. Do not reconnect." } } : {}),
    ...errorResponses(context, method),
  };
}

/** The error responses by status: those that the author declares, and a default. */
function errorResponses(context: Context, { document }: Method): OperationObject["responses"] {
  const responses: [string, ResponseObject | Reference][] = document.errors.map(({ status, description, schema }) => [
    status,
    {
      description: description || ((schema && describe(schema)) ?? statusText(status)),
      content: bodyContent(isHttpBody(schema), () =>
        schema === undefined ? statusSchema(context) : messageSchema(context, schema),
      ),
    },
  ]);
  if (document.errors.every(({ status }) => status !== "default")) {
    responses.push(["default", defaultError(context)]);
  }
  return Object.fromEntries(responses);
}

/** What a generated server answers for every error. */
function defaultError(context: Context): Reference {
  return context.components.response("Error", () => ({
    description: "Error.",
    content: { "application/json": { schema: statusSchema(context) } },
  }));
}

/** The name of a status, RFC 9110 section 15. */
function statusText(status: string): string {
  const ranges: Readonly<Record<string, string>> = { "4XX": "Client error", "5XX": "Server error", default: "Error" };
  return `${ranges[status] ?? STATUS_CODES[status] ?? `Error ${status}`}.`;
}

function unaryResponse(
  context: Context,
  { desc: { output }, document }: Method,
  { responseBody, rawResponse }: Binding,
): ResponseObject {
  const [example] = document.example.responses;
  const response = example === undefined ? undefined : writtenJson(context, output, example);
  // The comments of Google's messages are about the messages.
  const described = responseBody ?? (output.typeName.startsWith("google.") ? undefined : output);
  return {
    description: (described && describe(described)) ?? "OK.",
    content: bodyContent(
      rawResponse,
      () => (responseBody === undefined ? messageSchema(context, output) : valueSchema(context, responseBody)),
      exampleAt(context, response, responseBody === undefined ? [] : [responseBody]),
    ),
  };
}

/** The response of a stream. Its description explains the comments, which are not items of the stream. */
function streamResponse(context: Context, method: Method, stream: Stream): ResponseObject {
  const seconds = heartbeatMsOf(stream) / 1000;
  const sentences = [
    "A stream of events.",
    "A stream starts with the comment `:sse/1`. A complete stream ends with the comment `:end`.",
    seconds === 0 ? "" : `An empty comment is sent after ${seconds} s without data.`,
    `An error is sent as the event \`${stream.errorEvent}\` (in JSON Lines, as the line \`{"@error":…}\`) and ends the stream.`,
  ];
  return {
    description: sentences.filter((sentence) => sentence !== "").join(" "),
    content: streamContent(context, method, stream),
  };
}
