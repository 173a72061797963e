import { Code } from "../../shared/code.js";
import { startTimer, stopTimer, type Timer } from "../../shared/timer.js";
import { CancelledError, type CancelReason, isAbortError, onAbort } from "../errors/cancelled-error.js";
import { cancelCodes, type Failure, toFailure } from "../errors/failure.js";
import { utf8 } from "../stream/chunk.js";
import type { JsonOptions } from "../stream/event-encoder.js";
import { ResponseBody } from "../stream/response-body.js";
import { failuresOf } from "../stream/source-reader.js";
import type { CallInfo, CallReason, Hooks } from "./hooks.js";
import type { OpenCalls } from "./open-calls.js";
import { toErrorHeaders } from "./response-headers.js";

/** What the calls of a server share. */
export interface CallServer {
  readonly json: JsonOptions;
  readonly hooks: Hooks;
  readonly calls: OpenCalls;
  /** How long a client may leave a chunk unread; undefined where it is waited for. */
  readonly unreadMs: number | undefined;
}

/**
 * A call. It begins when its request arrives, and ends when the body of its response was read to the end, or when nobody
 * will read it. It owns the handler's signal, the time limit and the data for the hooks.
 */
export class Call {
  readonly request: Request;
  code: Code = Code.Ok;
  /** The number of body bytes that the runtime took. */
  bytes = 0;
  /** Whether a terminal event was sent; undefined where the method has none. */
  terminal: boolean | undefined;
  /** Whether its client goes on elsewhere without a loss when it is cut. */
  resumable = false;
  /** Called when the handler's signal was aborted, and the end of the body is not written yet. */
  onStop: ((error: CancelledError) => void) | undefined;
  readonly #server: CallServer;
  readonly #arrivedAt: number = performance.now();
  readonly #abort: AbortController = new AbortController();
  readonly #stopped: Promise<never>;
  readonly #stopListening: () => void;
  #rejectStopped: (error: CancelledError) => void = () => {};
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
    this.#server = server;
    this.request = request;
    this.#stopped = new Promise((_resolve, reject) => {
      this.#rejectStopped = reject;
    });
    this.#stopped.catch(() => {}); // It has no other handler while no part of the call runs.
    server.calls.add(this);
    this.#stopListening = onAbort(request.signal, () => this.cancel("client"));
  }

  /** The signal of the handler. */
  get signal(): AbortSignal {
    return this.#abort.signal;
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
    this.#server.hooks.callStart(this.#info);
    const message = kind === "unary" ? "the call reached its time limit" : undefined;
    this.#deadline = startTimer(maxMs, () => {
      // The limit is for the handler, not for a client that reads what it gave.
      if (!this.#body?.ended) {
        this.stop(new CancelledError("deadline", { message }));
      }
    });
  }

  /** Runs a part of the call. When the call is stopped it rejects with the signal's reason, and does not wait for the part. */
  async run<T>(part: () => T | Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const result = (async () => part())();
    this.onStop = () => this.watch(failuresOf([result]));
    try {
      return await Promise.race([result, this.#stopped]);
    } finally {
      this.onStop = undefined;
    }
  }

  /** Watches a handler that the call no longer waits for. `ended` resolves when it has ended, with what it failed with. */
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

  /** The response of a call that failed. `status` is used in place of that of the error. */
  fail(thrown: unknown, own: Headers = new Headers(), status?: number): Response {
    if (this.#info === undefined) {
      this.start({ method: undefined, kind: undefined });
    }
    // `fetch` and timers reject with an error of their own when the handler's signal is aborted.
    const failure = this.describe(this.signal.aborted && isAbortError(thrown) ? this.signal.reason : thrown);
    this.#reason ??= "error";
    const bytes = utf8.encode(JSON.stringify(failure.json));
    return this.respond(status ?? failure.status, toErrorHeaders(failure.headers, own), bytes);
  }

  /** The response with these bytes. The call ends when they are read. */
  respond(status: number, headers: Headers, bytes?: Uint8Array): Response {
    if (bytes !== undefined) {
      headers.set("Content-Length", String(bytes.byteLength));
    }
    this.#status = status;
    stopTimer(this.#deadline);
    // A runtime does not always cancel the body of a response whose client has gone.
    if (bytes === undefined || bytes.byteLength === 0 || this.request.method === "HEAD" || this.#clientGone) {
      this.end();
      return new Response(null, { status, headers });
    }
    const body = this.open(status, () => {});
    body.end(bytes);
    return new Response(withLength(body.stream, bytes.byteLength), { status, headers });
  }

  /** The body of a response that is written bit by bit. `onWanted` is called whenever a chunk is asked for. */
  open(status: number, onWanted: () => void): ResponseBody {
    this.#status = status;
    this.#body = new ResponseBody(this, this.#server.unreadMs, onWanted);
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
    if (this.#over || this.signal.aborted) {
      return;
    }
    this.#reason ??= reason;
    this.#rejectStopped(error);
    this.#abort.abort(error);
    this.onStop?.(error);
  }

  /** Ends the call without the rest of its body. */
  abandon(error: CancelledError): void {
    // A client that still reads must not take what it has for the whole. Of one that has gone, Deno would log the error.
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
    this.#stopListening();
    const reason = this.#reason ?? "end";
    if (this.#info) {
      this.#server.hooks.callEnd({
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

/** Workers take the length of a body from its stream, and ignore the header. */
function withLength(stream: ReadableStream<Uint8Array>, length: number): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as {
    readonly FixedLengthStream?: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
  };
  return FixedLengthStream ? stream.pipeThrough(new FixedLengthStream(length)) : stream;
}
