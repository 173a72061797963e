/** The client of OpenAI, and of servers that are compatible with it. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ChatServiceClient } from "../gen/openai/v1/chat_client.js";
import type { ChatCompletionChunk, ChatMessageSchema } from "../gen/openai/v1/chat_pb.js";
import { Code, type ReadError } from "../gen/sse/runtime/client.js";
import type { ApiOptions } from "./providers.js";

export function createOpenAi({ apiKey, baseUrl = "https://api.openai.com/v1" }: ApiOptions): ChatServiceClient {
  return new ChatServiceClient({
    baseUrl,
    headers: { authorization: `Bearer ${apiKey}` },
    errorField: "error", // a failure inside a stream: `data: {"error": …}`
    requireEnd: true, // an answer without `[DONE]` was cut
    readError,
  });
}

/** Errors to which the HTTP status gives another code, or none: it is 200 inside a stream. */
const codes: Readonly<Record<string, Code>> = {
  insufficient_quota: Code.FailedPrecondition, // a 429, but it does not help to try again
  rate_limit_exceeded: Code.ResourceExhausted,
  server_error: Code.Unavailable,
};

/** https://platform.openai.com/docs/guides/error-codes */
const readError: ReadError = (body) => {
  const { error } = Object(body) as { error?: { message: string; type?: string; code?: string | number | null } };
  if (!error) {
    return undefined;
  }
  const { message, type = "", code } = error;
  return {
    message,
    statusCode: codes[String(code)] ?? codes[type],
    details: [{ "@type": "type.googleapis.com/openai.v1.Error", ...error, code: code == null ? null : String(code) }],
  };
};

/** An answer, put together from its chunks. */
export class Answer {
  text = "";
  /** The calls of tools, with their arguments as JSON. */
  readonly calls: { readonly id: string; name: string; json: string }[] = [];
  /** In tokens. */
  readonly usage = { input: 0, output: 0 };

  /** Adds a chunk, and returns the text that it appends. */
  add({ choices, usage }: ChatCompletionChunk): string {
    const { content = "", toolCalls = [] } = choices[0]?.delta ?? {};
    this.text += content;
    for (const { index, id, function: part } of toolCalls) {
      this.calls[index] ??= { id, name: "", json: "" };
      const call = this.calls[index];
      call.name += part?.name ?? "";
      call.json += part?.arguments ?? "";
    }
    if (usage) {
      this.usage.input = usage.promptTokens;
      this.usage.output = usage.completionTokens;
    }
    return content;
  }

  /** The message that continues the conversation. */
  toMessage(): MessageInitShape<typeof ChatMessageSchema> {
    return {
      role: "assistant",
      content: this.text,
      toolCalls: this.calls.map(({ id, name, json }) => ({
        id,
        type: "function",
        function: { name, arguments: json },
      })),
    };
  }
}
