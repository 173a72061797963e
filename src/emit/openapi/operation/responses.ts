import type { Binding, Method, Stream } from "../../../model/model.js";
import type { Context } from "../context.js";
import { describe } from "../describe.js";
import type { OperationObject, ResponseObject } from "../objects.js";
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
    default: context.components.response("Error", () => ({
      description: "Error.",
      content: { "application/json": { schema: statusSchema(context) } },
    })),
  };
}

function unaryResponse(
  context: Context,
  { desc: { output } }: Method,
  { responseBody, rawResponse }: Binding,
): ResponseObject {
  // The comments of Google's messages are about the messages.
  const described = responseBody ?? (output.typeName.startsWith("google.") ? undefined : output);
  return {
    description: (described && describe(described)) ?? "OK.",
    content: bodyContent(rawResponse, () =>
      responseBody === undefined ? messageSchema(context, output) : valueSchema(context, responseBody),
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
