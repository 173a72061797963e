import { type EventStream, openRawStream, type RawEvent } from "protoc-gen-sse/client-json";

/** What the harness wants of a stream: the body of `POST /`, as far as it is used. */
export interface StreamParameters {
  readonly streamUrl: string;
  /** Messages go to this URL and their number behind it. */
  readonly callbackUrl: string;
  readonly initialDelayMs?: number;
  readonly readTimeoutMs?: number;
  readonly lastEventId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: string;
}

/** A report to the harness. */
type Message =
  | { readonly kind: "event"; readonly event: { type: string; data: string; id: string | undefined } }
  | { readonly kind: "comment"; readonly comment: string }
  | { readonly kind: "error"; readonly error: string; readonly comment: string };

/** A stream that the harness asked for: the client reads it, and reports what it reads to the harness. */
export class Stream {
  readonly #parameters: StreamParameters;
  #events: EventStream<RawEvent>;
  /** Settles when the stream is over and everything was reported. */
  #over: Promise<void>;
  #reports = 0;
  #reporting: Promise<void> = Promise.resolve();

  constructor(parameters: StreamParameters) {
    this.#parameters = parameters;
    this.#events = this.#open(parameters.lastEventId);
    this.#over = this.#read(this.#events);
  }

  /** Drops the connection and makes another, which goes on where the first one was. */
  async restart(): Promise<void> {
    await this.close();
    this.#events = this.#open(this.#events.lastEventId);
    this.#over = this.#read(this.#events);
  }

  async close(): Promise<void> {
    await this.#events.return();
    await this.#over;
  }

  #open(lastEventId: string | undefined): EventStream<RawEvent> {
    const { streamUrl, initialDelayMs, readTimeoutMs, headers, method, body } = this.#parameters;
    return openRawStream(streamUrl, {
      method,
      headers,
      body,
      lastEventId,
      idleTimeoutMs: readTimeoutMs,
      // The harness expects what EventSource does: to reconnect also after an end in good order, for ever.
      reconnect: { afterEnd: true, maxAttempts: Number.POSITIVE_INFINITY, initialDelayMs },
      onReconnect: ({ error }) => void this.#reportError(error),
      onComment: (comment) => void this.#report({ kind: "comment", comment }),
    });
  }

  async #read(events: EventStream<RawEvent>): Promise<void> {
    try {
      for await (const { event: type, data, id } of events) {
        await this.#report({ kind: "event", event: { type, data, id } });
      }
    } catch (error) {
      await this.#reportError(error);
    }
  }

  #reportError(error: unknown): Promise<void> {
    const text = String(error);
    // The harness reads `error`; its documentation says `comment`.
    return this.#report({ kind: "error", error: text, comment: text });
  }

  /** Tells one message after the other. Never rejects: where the harness is gone, the stream is let go of. */
  #report(message: Message): Promise<void> {
    const url = `${this.#parameters.callbackUrl}/${++this.#reports}`;
    this.#reporting = this.#reporting.then(() => post(url, message)).catch(() => void this.#events.return());
    return this.#reporting;
  }
}

async function post(url: string, message: Message): Promise<void> {
  const headers = { "content-type": "application/json" };
  await fetch(url, { method: "POST", headers, body: JSON.stringify(message) });
}
