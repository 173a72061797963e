import type { Method, Stream } from "../../model/model.js";
import type { Context } from "./context.js";
import { dataSchemas, eventSchema } from "./event-schema.js";
import { messageSchema } from "./message-schema.js";
import type { Content } from "./objects.js";
import { dataExamples, streamExamples } from "./stream-examples.js";

/**
 * The two forms of a stream, OpenAPI 3.2.0, "Sequential Media Types" and "Special Considerations for
 * Server-Sent Events". 3.1 has no words for a stream: there the schema is that of a parsed `data`,
 * of which code generators make the right types, and the extension says the rest.
 */
export function streamContent(context: Context, method: Method, stream: Stream): Content {
  const itemSchema = eventSchema(context, method, stream);
  const line = messageSchema(context, method.desc.output);
  if (context.version === "3.1") {
    return {
      "text/event-stream": {
        schema: { title: context.title(`${method.desc.name} event data`), anyOf: dataSchemas(context, method, stream) },
        examples: dataExamples(context, method, stream),
        "x-itemSchema": itemSchema,
      },
      "application/jsonl": { schema: line, "x-itemSchema": line },
    };
  }
  return {
    "text/event-stream": { itemSchema, examples: streamExamples(context, method, stream) },
    "application/jsonl": { itemSchema: line },
  };
}
