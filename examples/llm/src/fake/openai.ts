/**
 * Speaks the API of OpenAI as its reference documents it. The question decides the answer: see `answerQuestion`.
 * https://platform.openai.com/docs/api-reference/chat-streaming
 */
import { type Answer, type FakeRequest, story, words } from "./server.js";

interface Body {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly tools?: readonly unknown[];
  readonly messages: readonly { readonly role: string; readonly content?: string }[];
}

export function answerOpenAi({ url, headers, body }: FakeRequest): Answer {
  const { stream, ...request } = body as Body;
  if (url !== "/v1/chat/completions") {
    return failure(404, `Invalid URL (POST ${url})`, "invalid_request_error");
  }
  if (headers["authorization"] !== "Bearer test-key") {
    return failure(401, "Incorrect API key provided: wrong.", "invalid_request_error", "invalid_api_key");
  }
  const question = request.messages.findLast(({ role }) => role === "user")?.content ?? "";
  if (question.includes("quota")) {
    return failure(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota");
  }
  if (!stream) {
    const message = { role: "assistant", content: "Hello!", refusal: null };
    return {
      status: 200,
      json: { object: "chat.completion", choices: [{ index: 0, message, finish_reason: "stop" }] },
    };
  }
  return answerQuestion(question, request);
}

function* answerQuestion(
  question: string,
  { model, messages, tools, stream_options: options }: Body,
): Iterable<string> {
  const chunk = (choices: readonly object[], usage: object | null = null): string =>
    `data: ${JSON.stringify({
      id: "chatcmpl-CVFjOTBIgA3kuQLnIXXxtg7Ge7hbs",
      object: "chat.completion.chunk",
      created: 1761564674,
      model,
      service_tier: "default",
      system_fingerprint: null,
      choices,
      ...(options?.include_usage && { usage }),
      obfuscation: "e8E",
    })}\n\n`;
  const delta = (delta: object, finish_reason: string | null = null): string =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason }]);

  yield delta({ role: "assistant", content: "", refusal: null });
  const last = messages[messages.length - 1];
  let finishReason = "stop";
  if (tools?.length && question.includes("time") && last?.role !== "tool") {
    finishReason = "tool_calls";
    yield* callTool(question).map((part) => delta({ tool_calls: [{ index: 0, ...part }] }));
  } else if (question.includes("story")) {
    for (const content of story()) {
      yield delta({ content });
    }
  } else {
    const text =
      last?.role === "tool"
        ? `It is ${last.content} there.`
        : `You said “${question}”. This is a fake model: a small server that speaks the API of OpenAI. ` +
          "Ask it for the time in Tokyo, or for a story that you have to stop.";
    for (const content of words(text)) {
      yield delta({ content });
      if (question.includes("overloaded")) {
        yield `data: ${JSON.stringify(error("The server is overloaded.", "server_error"))}\n\n`;
        return;
      }
      if (question.includes("cut")) {
        return; // without `[DONE]`, as a proxy ends it
      }
    }
  }
  yield delta({}, finishReason);
  if (options?.include_usage) {
    const details = { cached_tokens: 0, audio_tokens: 0 };
    yield chunk([], { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29, prompt_tokens_details: details });
  }
  yield "data: [DONE]\n\n";
}

/** A call of `current_time`, in parts. */
function callTool(question: string): object[] {
  const [, zone] = Object.entries(zones).find(([city]) => question.includes(city)) ?? ["", "UTC"];
  const start = {
    id: "call_Vb0LqGkGRRiGhZTOhVGZCGQM",
    type: "function",
    function: { name: "current_time", arguments: "" },
  };
  const parts = ['{"time', '_zone":"', zone, '"}'];
  return [start, ...parts.map((part) => ({ function: { arguments: part } }))];
}

const zones = { Tokyo: "Asia/Tokyo", Berlin: "Europe/Berlin", "New York": "America/New_York" };

function failure(status: number, message: string, type: string, code?: string): Answer {
  return { status, json: error(message, type, code) };
}

function error(message: string, type: string, code: string | null = null): object {
  return { error: { message, type, param: null, code } };
}
