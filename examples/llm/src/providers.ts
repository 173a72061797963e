/** The same question to each API: how its request looks, and where the text and the usage are. */
import type { ReconnectOptions } from "../gen/sse/runtime/client.js";
import { Code, StatusError } from "../gen/sse/runtime/client.js";
import { createAnthropic } from "./anthropic.js";
import { createGemini } from "./gemini.js";
import { Answer, createOpenAi } from "./openai.js";

/** Where an API is, and the key for it. */
export interface ApiOptions {
  readonly apiKey: string;
  /** Default: the API itself. */
  readonly baseUrl?: string | undefined;
}

/** A question, and what is called while the answer arrives. */
export interface Question {
  readonly model: string;
  readonly text: string;
  readonly signal?: AbortSignal;
  onText(text: string): void;
}

/** In tokens. */
export interface Usage {
  readonly input: number;
  readonly output: number;
}

/** Asks again while the answer has not begun. Once it has, asking again would begin another answer. */
export const retryOpening: ReconnectOptions = {
  maxAttempts: 2,
  shouldReconnect: (error) =>
    error.phase === "open" &&
    (error.code === "network" ||
      (error instanceof StatusError &&
        (error.statusCode === Code.ResourceExhausted || error.statusCode === Code.Unavailable))),
};

export async function askOpenAi(api: ApiOptions, { model, text, signal, onText }: Question): Promise<Usage> {
  const chunks = createOpenAi(api).streamChatCompletion(
    { model, messages: [{ role: "user", content: text }], stream: true, streamOptions: { includeUsage: true } },
    { signal, reconnect: retryOpening },
  );
  const answer = new Answer();
  for await (const chunk of chunks) {
    onText(answer.add(chunk));
  }
  return answer.usage;
}

export async function askAnthropic(api: ApiOptions, { model, text, signal, onText }: Question): Promise<Usage> {
  const events = createAnthropic(api).streamMessage(
    { model, maxTokens: 1024, messages: [{ role: "user", content: [{ type: "text", text }] }], stream: true },
    { signal, reconnect: retryOpening },
  );
  let [input, output] = [0, 0];
  for await (const { event } of events) {
    switch (event.case) {
      case "messageStart":
        input = event.value.message?.usage?.inputTokens ?? 0;
        break;
      case "contentBlockDelta":
        onText(event.value.delta?.text ?? "");
        break;
      case "messageDelta":
        output = event.value.usage?.outputTokens ?? 0;
        break;
    }
  }
  return { input, output };
}

export async function askGemini(api: ApiOptions, { model, text, signal, onText }: Question): Promise<Usage> {
  const responses = createGemini(api).streamGenerateContent(
    { model: `models/${model}`, contents: [{ role: "user", parts: [{ data: { case: "text", value: text } }] }] },
    { signal, reconnect: retryOpening },
  );
  let [input, output] = [0, 0];
  for await (const { candidates, usageMetadata } of responses) {
    for (const { thought, data } of candidates[0]?.content?.parts ?? []) {
      if (data.case === "text" && !thought) {
        onText(data.value);
      }
    }
    if (usageMetadata) {
      [input, output] = [usageMetadata.promptTokenCount, usageMetadata.candidatesTokenCount];
    }
  }
  return { input, output };
}
