/**
 * Speaks the API of Gemini as its reference documents it. The question decides the answer.
 * https://ai.google.dev/api/generate-content
 */
import { type Answer, type FakeRequest, story, words } from "./server.js";

interface Body {
  readonly contents: readonly { readonly parts: readonly { readonly text?: string }[] }[];
  readonly tools?: readonly unknown[];
}

export function answerGemini({ url, headers, body }: FakeRequest): Answer {
  const request = body as Body;
  const question = request.contents[0]?.parts[0]?.text ?? "";
  const [, model, query] = /^\/v1beta\/models\/([^/]+):streamGenerateContent(.*)$/.exec(url) ?? [];
  if (!model) {
    return { status: 404, json: error(404, "NOT_FOUND", "Requested entity was not found.") };
  }
  if (headers["x-goog-api-key"] !== "test-key") {
    const reason = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" };
    return { status: 400, json: error(400, "INVALID_ARGUMENT", "API key not valid.", [reason]) };
  }
  if (question.includes("quota")) {
    const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "36s" };
    return { status: 429, json: error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", [retry]) };
  }
  if (query !== "?alt=sse") {
    return { status: 200, json: [response(model, [{ text: "Hello!" }])] };
  }
  return answerQuestion(question, model, request);
}

function* answerQuestion(question: string, model: string, { tools }: Body): Iterable<string> {
  yield data(response(model, [{ text: "The user says hello.", thought: true }]));
  for (const text of question.includes("story") ? story() : words("Hello! How can I help you today?")) {
    yield data(response(model, [{ text }]));
    if (question.includes("overloaded")) {
      yield data(error(503, "UNAVAILABLE", "The model is overloaded."));
      return;
    }
  }
  if (tools?.length) {
    const functionCall = { name: "get_weather", args: { location: "San Francisco, CA" } };
    yield data(response(model, [{ functionCall, thoughtSignature: "CtwFAVSoXO4s" }]));
  }
  // A part and a finish reason that were added after this client was written.
  yield data(response(model, [{ hologram: { url: "x" } }], "FINISHED_BY_HOLOGRAM"));
  yield data(response(model, [{ text: "" }], "STOP"));
}

function response(model: string, parts: readonly object[], finishReason?: string): object {
  return {
    candidates: [{ content: { parts, role: "model" }, ...(finishReason && { finishReason }), index: 0 }],
    usageMetadata: {
      promptTokenCount: 11,
      ...(finishReason && { candidatesTokenCount: 9 }),
      totalTokenCount: 20,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 11 }],
    },
    modelVersion: model,
    responseId: "tTCwacuEBMvnitYP06qsgQY",
  };
}

function data(json: object): string {
  return `data: ${JSON.stringify(json)}\r\n\r\n`;
}

function error(code: number, status: string, message: string, details?: readonly object[]): object {
  return { error: { code, message, status, ...(details && { details }) } };
}
