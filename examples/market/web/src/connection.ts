import { ClientError, type EventStream, type StreamOptions } from "../gen/sse/runtime/client-json";
import { fromTemplate, part, setText } from "./elements";

/** Shows the connection of a stream: its state, and when it tries again. */
export class Connection {
  readonly element: HTMLElement = fromTemplate("connection-template");
  readonly #state: HTMLElement = part(this.element, "state");
  readonly #wait: HTMLElement = part(this.element, "wait");
  readonly #problem: HTMLElement = part(this.element, "problem");
  #stream: EventStream<unknown> | undefined;
  #attempts = 1;
  #retryAt = 0;
  #message = "";

  /** The options for a stream that is shown here. */
  readonly options: StreamOptions = {
    // Without a limit, a browser waits for a connection as long as it takes.
    connectTimeoutMs: 5_000,
    // While the page is open, there is always a reason to try again.
    reconnect: { maxAttempts: Number.POSITIVE_INFINITY, initialDelayMs: 500, maxDelayMs: 5_000 },
    onResponse: () => {
      this.#message = "";
    },
    onReconnect: ({ attempt, delayMs, error }) => {
      this.#attempts = attempt;
      this.#retryAt = performance.now() + delayMs;
      this.#message = error.message;
    },
  };

  /** Requests that the stream has sent, or sends next. */
  get attempts(): number {
    return this.#attempts;
  }

  show(stream: EventStream<unknown>): void {
    this.#stream = stream;
    this.#attempts = 1;
    this.#message = "";
  }

  /** Call it with the error that ended the stream. */
  fail(error: unknown): void {
    this.#message = error instanceof ClientError ? `${error.name}: ${error.message}` : String(error);
  }

  /** Connects again now, if the stream waits for its next attempt. */
  retry(): void {
    if (this.#stream?.state === "waiting") {
      this.#stream.reconnect();
    }
  }

  render(): void {
    const state = this.#stream?.state ?? "idle";
    const seconds = Math.max(0, Math.ceil((this.#retryAt - performance.now()) / 1000));
    this.element.dataset["state"] = state;
    setText(this.#state, state);
    setText(this.#wait, state === "waiting" ? `attempt ${this.#attempts} in ${seconds} s` : "");
    setText(this.#problem, this.#message);
  }
}
