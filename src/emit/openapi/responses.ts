import type { Binding, Method, Stream } from "../../model/model.js";
import type { Context } from "./context.js";
import { describe } from "./describe.js";
import { valueSchema } from "./field-schema.js";
import { jsonContent } from "./media-type.js";
import { messageSchema } from "./message-schema.js";
import type { OperationObject, ResponseObject } from "./objects.js";
import { statusSchema } from "./status-schema.js";
import { streamContent } from "./stream-content.js";

/** Every answer of an operation, OpenAPI 3.2.0, Responses Object. */
export function responses(context: Context, method: Method, binding: Binding): OperationObject["responses"] {
  const { answer } = method;
  const isResumable = answer.kind === "stream" && answer.stream.resumable;
  return {
    "200":
      answer.kind === "stream"
        ? streamResponse(context, method, answer.stream)
        : unaryResponse(context, method, binding),
    ...(isResumable ? { "204": { description: "The stream is finished; do not reconnect." } } : {}),
    default: context.components.response("Error", () => ({
      description: "Why the call failed.",
      content: { "application/json": { schema: statusSchema(context) } },
    })),
  };
}

function unaryResponse(context: Context, { desc: { output } }: Method, { responseBody }: Binding): ResponseObject {
  // The comments of Google's messages are about the messages.
  const told = responseBody ?? (output.typeName.startsWith("google.") ? undefined : output);
  return {
    description: (told && describe(told)) ?? "The answer.",
    content:
      responseBody === undefined
        ? jsonContent(output, () => messageSchema(context, output))
        : jsonContent(responseBody.message, () => valueSchema(context, responseBody)),
  };
}

/** Comments are no items, so that what they promise can only be told. */
function streamResponse(context: Context, method: Method, stream: Stream): ResponseObject {
  const seconds = heartbeatSeconds(stream);
  const sentences = [
    "A stream of events.",
    "It opens with the comment `:sse/1`, and a complete one ends with the comment `:end`.",
    seconds === 0 ? "" : `After ${seconds} s of silence comes an empty comment.`,
    `A failure is the event \`${stream.errorEvent}\`, and in JSON Lines the line \`{"@error":…}\`; the stream then ends.`,
  ];
  return {
    description: sentences.filter((sentence) => sentence !== "").join(" "),
    content: streamContent(context, method, stream),
  };
}

/** The longest silence; a server's default where the method says nothing. */
export function heartbeatSeconds({ heartbeatMs }: Stream): number {
  return (heartbeatMs ?? 15_000) / 1000;
}
