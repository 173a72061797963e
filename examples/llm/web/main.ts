/** The chat page: it sends the conversation, and shows the answer while it arrives. */
import { AssistantServiceClient } from "../gen/web/assistant/v1/assistant_client.js";
import type { ChatMessageJson } from "../gen/web/assistant/v1/assistant_pb.js";
import { handleEvents, StatusError } from "../gen/web/sse/runtime/client-json.js";
import { addElement, getElement, isAtEnd } from "./elements.js";

const client = new AssistantServiceClient({ baseUrl: "" }); // the server of this page

const messages = getElement("messages", HTMLElement);
const usage = getElement("usage", HTMLElement);
const composer = getElement("composer", HTMLFormElement);
const question = getElement("question", HTMLTextAreaElement);
const send = getElement("send", HTMLButtonElement);
const stop = getElement("stop", HTMLButtonElement);

question.focus();

const conversation: ChatMessageJson[] = [];
const total = { input: 0, output: 0 };

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (text && !send.hidden) {
    question.value = "";
    getElement("greeting", HTMLElement).hidden = true;
    addElement(messages, "article", "user", text);
    conversation.push({ role: "ROLE_USER", text });
    void answer();
  }
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

/** Streams the answer to the conversation into an article of its own. */
async function answer(): Promise<void> {
  // An older answer cannot be asked for again, since the conversation has gone on.
  for (const retry of messages.querySelectorAll(".error button")) {
    retry.remove();
  }
  const article = addElement(messages, "article", "assistant streaming");
  const calls = new Map<string, HTMLElement>();
  let paragraph: HTMLElement | undefined;
  let text = "";
  const leaving = new AbortController();
  const cancel = (): void => leaving.abort();
  stop.addEventListener("click", cancel);
  setStreaming(true);
  try {
    await handleEvents(client.chat({ messages: conversation }, { signal: leaving.signal }), {
      delta({ text: piece = "" }) {
        text += piece;
        const follow = isAtEnd(messages);
        paragraph ??= addElement(article, "p");
        paragraph.append(piece);
        if (follow) {
          messages.scrollTop = messages.scrollHeight;
        }
      },
      toolCall({ id = "", name = "", arguments: json = "" }) {
        const call = addElement(article, "details", "tool running");
        addElement(call, "summary", "", name);
        addElement(call, "code", "", json);
        calls.set(id, call);
        paragraph = undefined; // the text after a tool is a paragraph of its own
      },
      toolResult({ id = "", output = "" }) {
        const call = calls.get(id);
        if (call) {
          call.classList.remove("running");
          addElement(call, "output", "", output);
        }
      },
      done({ usage: used }) {
        total.input += used?.inputTokens ?? 0;
        total.output += used?.outputTokens ?? 0;
        usage.textContent = `${total.input} tokens in, ${total.output} out`;
      },
    });
  } catch (error) {
    if (leaving.signal.aborted) {
      addElement(article, "p", "note", "Stopped");
    } else {
      showError(article, error);
      return;
    }
  } finally {
    article.classList.remove("streaming");
    stop.removeEventListener("click", cancel);
    setStreaming(false);
  }
  if (text) {
    conversation.push({ role: "ROLE_ASSISTANT", text });
  }
}

/** Shows a failure in place of the rest of an answer. To retry is to ask for the whole answer again. */
function showError(article: HTMLElement, error: unknown): void {
  const alert = addElement(article, "div", "error");
  alert.role = "alert";
  // The messages of our server are written for users. What else can fail is the connection.
  addElement(alert, "p", "", error instanceof StatusError ? error.message : "The connection was lost.");
  const retry = addElement(alert, "button", "", "Try again");
  retry.addEventListener("click", () => {
    article.remove();
    void answer();
  });
}

function setStreaming(streaming: boolean): void {
  send.hidden = streaming;
  stop.hidden = !streaming;
}
