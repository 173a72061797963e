import { Code } from "../../shared/code.js";
import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";
import { CancelledError, type CancelReason, isAbortError } from "../errors/cancelled-error.js";
import { cancelCodes, type Failure, toFailure } from "../errors/failure.js";
import { utf8 } from "../stream/chunk.js";
import type { JsonOptions } from "../stream/event-encoder.js";
import { failuresOf } from "../stream/source-reader.js";
import type { CallInfo, CallReason, Hooks } from "./hooks.js";
import type { OpenCalls } from "./open-calls.js";
import { type BodyWriter, ResponseBody, toErrorHeaders, toHeaders } from "./response.js";
import { StoppableCall } from "./stoppable-call.js";

/** What the calls of a server share. */
export interface CallServer {
  readonly json: JsonOptions;
  readonly hooks: Hooks;
  readonly calls: OpenCalls;
  /** How long a client may leave a chunk unread; undefined for no limit. */
  readonly unreadMs: number | undefined;
}

/**
 * Adapters get a body up to this size as bytes. They write it in the turn in which they get the response, and `drain`
 * waits for that turn. A stream would report when it was read, but costs half as much as a short call.
 */
const maxHandedOver = 16 * 1024;

/**
 * A call. It begins when its request arrives, and ends when the body of its response was read to the end, or when nobody
 * will read it. It owns the handler's signal, the time limit and the data for the hooks. What only some calls need is
 * made at first use: signals and headers cost more than the rest of a short call.
 */
export class Call extends StoppableCall {
  code: Code = Code.Ok;
  /** The number of bytes that the runtime has taken from the response body. */
  bytes = 0;
  /** Whether a terminal event was sent; undefined where the method has none. */
  terminal: boolean | undefined;
  /** Whether its client can resume at another server without losing events. */
  resumable = false;
  /** Called when the call is stopped, and the end of the body is not written yet. */
  onStop: ((error: CancelledError) => void) | undefined;
  readonly #server: CallServer;
  readonly #arrivedAt: number = performance.now();
  #headers: Headers | undefined;
  #info: CallInfo | undefined;
  #status = 0;
  #reason: CallReason | undefined;
  #events = 0;
  #firstEventMs: number | undefined;
  #deadline: Timer | undefined;
  #body: ResponseBody | undefined;
  #clientGone = false;
  #over = false;

  constructor(server: CallServer, request: Request) {
    super(request);
    this.#server = server;
    server.calls.add(this);
    this.watchRequestSoon();
  }

  /** The headers that the handler sets. */
  get responseHeaders(): Headers {
    this.#headers ??= new Headers();
    return this.#headers;
  }

  /** Whether nobody will read the response. */
  get clientGone(): boolean {
    return this.#clientGone;
  }

  get info(): CallInfo {
    return this.#info ?? { request: this.request, method: undefined, kind: undefined };
  }

  /** Calls the hooks, once the method is known. `maxMs` limits the time from here to the end of the handler. */
  start({ method, kind }: Omit<CallInfo, "request">, maxMs?: number): void {
    this.#info = { request: this.request, method, kind };
    this.#server.hooks.callStart?.(this.#info);
    if (maxMs === undefined) {
      return;
    }
    const message = kind === "unary" ? "the call reached its time limit" : undefined;
    this.#deadline = startTimer(maxMs, () => {
      // The limit applies to the handler, not to a client that reads the response.
      if (!this.#body?.ended) {
        this.stop(new CancelledError("deadline", { message }));
      }
    });
  }

  /** Runs a part of the call. When the call is stopped it rejects with the reason, and does not wait for the part. */
  async run<T>(part: () => T | Promise<T>): Promise<T> {
    this.throwIfStopped();
    const result = part();
    if (!isPromise(result)) {
      return result;
    }
    if (this.stopped) {
      this.watch(failuresOf([result]));
      throw this.stopped;
    }
    return new Promise<T>((resolve, reject) => {
      this.onStop = (error) => {
        reject(error);
        this.watch(failuresOf([result]));
      };
      result.then(
        (value) => {
          this.onStop = undefined;
          resolve(value);
        },
        (error) => {
          this.onStop = undefined;
          reject(error);
        },
      );
    });
  }

  /**
   * Watches a handler that the call no longer waits for. `ended` resolves when the handler has ended, with its errors.
   */
  watch(ended: Promise<readonly unknown[]>): void {
    this.#server.calls.waitFor(ended);
    this.#server.hooks.watch(ended, this.info);
  }

  get events(): number {
    return this.#events;
  }

  countEvent(): void {
    this.#firstEventMs ??= performance.now() - this.#arrivedAt;
    this.#events++;
  }

  /** How an error is reported to the client. An error that is masked goes to `onError`. */
  describe(error: unknown): Failure {
    const failure = toFailure(error, this.#server.json);
    if (failure.unexpected) {
      this.#server.hooks.error(failure.error, this.info);
    }
    this.code = failure.code;
    return failure;
  }

  /** The response of a call that failed. `status` replaces that of the error; `headers` are added to it. */
  fail(thrown: unknown, status?: number, headers: Record<string, string> = {}): Response {
    if (this.#info === undefined) {
      this.start({ method: undefined, kind: undefined });
    }
    // `fetch` and timers reject with an error of their own when the handler's signal is aborted.
    const failure = this.describe(this.stopped && isAbortError(thrown) ? this.stopped : thrown);
    this.#reason ??= "error";
    const bytes = utf8.encode(JSON.stringify(failure.json));
    this.#headers = toErrorHeaders(failure.headers, this.#headers);
    return this.respond(status ?? failure.status, { ...headers, "Content-Type": "application/json" }, bytes);
  }

  /** The response with these bytes, and with headers besides those of the handler. The call ends when the bytes are read. */
  respond(status: number, headers: Record<string, string>, bytes?: Uint8Array): Response {
    const length: Record<string, string> = bytes === undefined ? {} : { "Content-Length": String(bytes.byteLength) };
    const init = { status, headers: toHeaders(this.#headers, { ...headers, ...length }) };
    this.#status = status;
    stopTimer(this.#deadline);
    // A runtime does not always cancel the body of a response whose client has gone.
    if (bytes === undefined || bytes.byteLength === 0 || this.request.method === "HEAD" || this.#clientGone) {
      this.end();
      return new Response(null, init);
    }
    if (this.isOfAdapter && bytes.byteLength <= maxHandedOver && this.#server.unreadMs === undefined) {
      this.bytes = bytes.byteLength;
      this.end();
      return new Response(bytes as ConstructorParameters<typeof Response>[0], init);
    }
    const body = this.open(status);
    body.end(bytes);
    return new Response(body.streamOf(bytes.byteLength), init);
  }

  /** The response with a stream. */
  respondWithStream(stream: ReadableStream<Uint8Array>, headers: Record<string, string>): Response {
    return new Response(stream, { headers: toHeaders(this.#headers, headers) });
  }

  /** The body of a response that is written bit by bit. Calls `writer` whenever a chunk is asked for. */
  open(status: number, writer?: BodyWriter): ResponseBody {
    this.#status = status;
    this.#body = new ResponseBody(this, this.#server.unreadMs, writer);
    return this.#body;
  }

  /** Cancels the call from outside. */
  cancel(reason: CancelReason): void {
    const body = this.#body;
    if (reason === "client") {
      this.#clientGone = true;
    }
    if (!body?.ended) {
      this.stop(new CancelledError(reason));
    } else if (!this.#over && reason !== "shutdown") {
      // The answer is complete, and its reader has gone.
      if (reason !== "client" || !body.isTaken) {
        this.#reason ??= reason;
      }
      this.abandon(new CancelledError(reason));
    }
  }

  /** Aborts the handler's signal. `reason` goes to the hooks. */
  stop(error: CancelledError, reason: CallReason = error.reason): void {
    if (this.#over || this.stopped) {
      return;
    }
    this.#reason ??= reason;
    this.abort(error);
    this.onStop?.(error);
  }

  /** Ends the call without the rest of its body. */
  abandon(error: CancelledError): void {
    // A client that still reads must not mistake a part of the body for all of it. After a disconnect, Deno would log
    // the error.
    this.#body?.close(error.reason === "client" ? undefined : error);
    this.end();
  }

  /** The body was read to the end, or nobody reads it. */
  end(): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    stopTimer(this.#deadline);
    this.unwatchRequest();
    const reason = this.#reason ?? "end";
    const { callEnd } = this.#server.hooks;
    if (this.#info && callEnd) {
      callEnd({
        ...this.#info,
        status: this.#status,
        code: this.code || (reason === "end" ? Code.Ok : cancelCodes[reason]),
        reason,
        durationMs: performance.now() - this.#arrivedAt,
        firstEventMs: this.#firstEventMs,
        events: this.#events,
        bytes: this.bytes,
        terminal: this.terminal,
      });
    }
    this.#server.calls.remove(this);
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}
