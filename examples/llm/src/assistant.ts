/** The assistant: it answers with a model and its tools, and streams what happens. */
import { type ChatMessage, Role } from "../gen/assistant/v1/assistant_pb.js";
import type { AssistantServiceHandlers } from "../gen/assistant/v1/assistant_server.js";
import type { ChatServiceClient } from "../gen/openai/v1/chat_client.js";
import { StatusError as ModelError, NetworkError, ReconnectError } from "../gen/sse/runtime/client.js";
import { Code, StatusError } from "../gen/sse/runtime/server.js";
import { Answer } from "./openai.js";
import { retryOpening } from "./providers.js";
import { runTool, tools } from "./tools.js";

/** How often the model may call tools before it has to answer. */
const maxRounds = 5;

/** The handlers of the service, over a client of OpenAI or of a server that is compatible with it. */
export function createAssistant(openai: ChatServiceClient, model: string): AssistantServiceHandlers {
  return {
    async *chat(request, { signal }) {
      const messages = request.messages.map(toModelMessage);
      const usage = { inputTokens: 0, outputTokens: 0 };
      for (let round = 0; round < maxRounds; round++) {
        const answer = new Answer();
        const chunks = openai.streamChatCompletion(
          { model, messages, tools, stream: true, streamOptions: { includeUsage: true } },
          { signal, reconnect: retryOpening }, // the signal is aborted when the user leaves: then the model stops, too
        );
        try {
          for await (const chunk of chunks) {
            const text = answer.add(chunk);
            if (text) {
              yield { event: { case: "delta", value: { text } } };
            }
          }
        } catch (error) {
          throw toUserError(error);
        }
        usage.inputTokens += answer.usage.input;
        usage.outputTokens += answer.usage.output;
        if (answer.calls.length === 0) {
          yield { event: { case: "done", value: { usage } } };
          return;
        }
        messages.push(answer.toMessage());
        for (const { id, name, json } of answer.calls) {
          yield { event: { case: "toolCall", value: { id, name, arguments: json } } };
          const output = runTool(name, json);
          yield { event: { case: "toolResult", value: { id, output } } };
          messages.push({ role: "tool", toolCallId: id, content: output });
        }
      }
      throw new StatusError(Code.ResourceExhausted, `the model called tools ${maxRounds} times without an answer`);
    },
  };
}

function toModelMessage({ role, text }: ChatMessage): ReturnType<Answer["toMessage"]> {
  return { role: role === Role.ASSISTANT ? "assistant" : "user", content: text };
}

const busy: readonly Code[] = [Code.Unavailable, Code.ResourceExhausted];

/**
 * What the user is told about a failure of the model. Only that it is busy: any other failure, such as a wrong key, is
 * ours. The server hides it behind `internal error`, and reports it to `onError`.
 */
function toUserError(error: unknown): unknown {
  const cause = error instanceof ReconnectError ? error.cause : error;
  return cause instanceof NetworkError || (cause instanceof ModelError && busy.includes(cause.statusCode))
    ? new StatusError(Code.Unavailable, "The model is busy. Try again in a moment.", { cause })
    : error;
}
