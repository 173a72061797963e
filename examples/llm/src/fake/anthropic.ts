/**
 * Speaks the API of Anthropic as its documentation shows it. The question decides the answer.
 * https://platform.claude.com/docs/en/build-with-claude/streaming
 */
import { type Answer, type FakeRequest, story, words } from "./server.js";

interface Body {
  readonly model: string;
  readonly tools?: readonly unknown[];
  readonly messages: readonly { readonly content: readonly { readonly text?: string }[] }[];
}

export function answerAnthropic({ url, headers, body }: FakeRequest): Answer {
  const request = body as Body;
  const question = request.messages[0]?.content[0]?.text ?? "";
  if (headers["x-api-key"] !== "test-key") {
    return { status: 401, json: error("authentication_error", "invalid x-api-key") };
  }
  if (headers["anthropic-version"] !== "2023-06-01" || url !== "/v1/messages") {
    return { status: 404, json: error("not_found_error", "Not Found") };
  }
  if (question.includes("busy")) {
    return { status: 529, json: error("overloaded_error", "Overloaded") };
  }
  return answerQuestion(question, request);
}

function* answerQuestion(question: string, { model, tools }: Body): Iterable<string> {
  yield event("message_start", {
    message: {
      id: "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY",
      type: "message",
      role: "assistant",
      content: [],
      model,
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 25, cache_creation_input_tokens: 0, output_tokens: 1, service_tier: "standard" },
    },
  });
  yield event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "", signature: "" } });
  yield event("ping", {});
  yield delta(0, { type: "thinking_delta", thinking: "The user says hello." });
  yield delta(0, { type: "signature_delta", signature: "EqQBCgIYAhIM1gbcDa9GJwZA2b3h" });
  yield event("content_block_stop", { index: 0 });
  yield event("content_block_start", { index: 1, content_block: { type: "text", text: "" } });
  for (const text of question.includes("story") ? story() : words("Hello! How can I help you today?")) {
    yield delta(1, { type: "text_delta", text });
    if (question.includes("overloaded")) {
      yield `event: error\ndata: ${JSON.stringify(error("overloaded_error", "Overloaded"))}\n\n`;
      return;
    }
    if (question.includes("cut")) {
      return; // without `message_stop`, as a proxy ends it
    }
  }
  yield event("content_block_stop", { index: 1 });
  // A kind of event that was added after this client was written.
  yield event("message_annotation", { index: 1, annotation: { confidence: 0.9 } });
  if (tools?.length) {
    const tool = { type: "tool_use", id: "toolu_01T1x1fJ34qAmk2tNTrN7Up6", name: "get_weather", input: {} };
    yield event("content_block_start", { index: 2, content_block: tool });
    for (const partial_json of ["", '{"location":', ' "San', ' Francisco, CA"}']) {
      yield delta(2, { type: "input_json_delta", partial_json });
    }
    yield event("content_block_stop", { index: 2 });
  }
  const stop_reason = tools?.length ? "tool_use" : "end_turn";
  yield event("message_delta", { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 15 } });
  yield event("message_stop", {});
}

function delta(index: number, delta: object): string {
  return event("content_block_delta", { index, delta });
}

/** The API pads its JSON with spaces. */
function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}      \n\n`;
}

function error(type: string, message: string): object {
  return { type: "error", error: { type, message }, request_id: "req_011CSHoEeqs5C35K2UUqR7Fy" };
}
