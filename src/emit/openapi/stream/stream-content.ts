import type { Method, Stream } from "../../../model/model.js";
import { type Context, isPlain } from "../context.js";
import type { Content, Schema } from "../objects.js";
import { messageSchema } from "../schema/message-schema.js";
import { statusSchema } from "../schema/well-known-schema.js";
import { dataSchemas, eventSchema } from "./event-schema.js";
import { dataExamples, streamExamples } from "./stream-examples.js";

/**
 * The two forms of a stream, OpenAPI 3.2.0, "Sequential Media Types" and "Special Considerations for
 * Server-Sent Events". 3.1 cannot describe a stream: there the schema is that of a parsed `data` or line, so that code
 * generators make the right types, and an extension has the rest.
 */
export function streamContent(context: Context, method: Method, stream: Stream): Content {
  const line = lineSchema(context, method);
  if (context.version === "3.2") {
    const itemSchema = eventSchema(context, method, stream);
    return {
      "text/event-stream": { itemSchema, examples: streamExamples(context, method, stream) },
      "application/jsonl": { itemSchema: line },
    };
  }
  const title = context.title(`${method.desc.name} event data`);
  const data: Schema = { title, anyOf: dataSchemas(context, method, stream) };
  if (isPlain(context)) {
    return { "text/event-stream": { schema: data }, "application/jsonl": { schema: line } };
  }
  return {
    "text/event-stream": {
      schema: data,
      examples: dataExamples(context, method, stream),
      "x-itemSchema": eventSchema(context, method, stream),
    },
    "application/jsonl": { schema: line, "x-itemSchema": line },
  };
}

/** A line of JSON Lines: the message; or the failure that ends the stream, which no field of a message looks like. */
function lineSchema(context: Context, { desc }: Method): Schema {
  const failure = context.components.schema({ package: "sse.v1", local: "JsonLinesError" }, () => ({
    title: context.title("JsonLinesError"),
    description: "The last line of a JSON Lines stream that fails.",
    type: "object",
    required: ["@error"],
    properties: { "@error": statusSchema(context) },
  }));
  return { anyOf: [messageSchema(context, desc.output), failure] };
}
