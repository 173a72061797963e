import type { DescField } from "@bufbuild/protobuf";
import { Code } from "../shared/code.js";
import type { StreamRule } from "../shared/method.js";
import { type CallParts, onAbort, type ServerParts } from "./call-parts.js";
import { createContext } from "./context.js";
import { type CloseReason, EventBody } from "./event-body.js";
import type { EventEncoder } from "./event-encoder.js";
import { type Failure, toFailure } from "./failure.js";
import type { OpenCall } from "./open-calls.js";
import { toErrorResponse, toHeaders, varyByAccept } from "./responses.js";
import type { StreamInfo } from "./server-options.js";
import { toFrame } from "./shared-event.js";
import { StatusError } from "./status-error.js";

/** A call of a stream whose request is read. */
export interface StreamParts<C> extends CallParts<C> {
  readonly rule: StreamRule;
  readonly encoder: EventEncoder;
  readonly lastEventId: string | undefined;
  /** The field whose value is the id of an event. */
  readonly idField: DescField | undefined;
}

/** Answers a call with a stream. Never rejects. */
export async function answerStream<C>(server: ServerParts<C>, parts: StreamParts<C>): Promise<Response> {
  const { options, json, hooks, calls, handle } = server;
  const { request, method, message, value, rule, encoder, lastEventId, idField } = parts;
  const abort = new AbortController();
  const context = createContext({ signal: abort.signal, request, method, value }, lastEventId, idField);
  const info: StreamInfo = { request, method, contentType: encoder.contentType, lastEventId };
  let openedAt: number | undefined;

  function fail(error: unknown): Failure {
    const failure = toFailure(error, json);
    if (failure.unexpected) hooks.error(failure.error, info);
    return failure;
  }

  async function start(): Promise<unknown> {
    if (calls.draining) {
      throw new StatusError(Code.Unavailable, "the server is shutting down", { headers: { "Retry-After": "1" } });
    }
    const response = await handle({ kind: "stream", method, message, context });
    if (response.kind !== "stream") {
      throw new TypeError(`interceptor answered the stream ${method.name} with a message`);
    }
    return response.events;
  }

  function onClose(reason: CloseReason, ended: Promise<readonly unknown[]>): void {
    stopListening();
    if (openedAt !== undefined) {
      const { events, bytes } = body;
      hooks.streamClose({ ...info, reason, events, bytes, durationMs: Math.round(performance.now() - openedAt) });
    }
    hooks.watch(ended, info);
    ended.then(() => calls.remove(call));
  }

  const body = new EventBody({
    answer: start(),
    encoder,
    toFrame: (event) => toFrame(method.output, encoder, event),
    toFailure: (error) => encoder.failure(fail(error).json),
    retryMs: () => jitter(rule.retryMs ?? 2000),
    abort,
    maxDurationMs: options.maxDurationMs ?? Number.POSITIVE_INFINITY,
    unreadMs: options.slowConsumer === "disconnect" ? (options.slowConsumerMs ?? 10_000) : Number.POSITIVE_INFINITY,
    onClose,
  });
  const call: OpenCall = { resumable: rule.resumable ?? false, cancel: (reason) => body.cancel(reason) };
  calls.add(call);
  let stopListening = (): void => {};
  const opening = body.open(options.commitWindowMs ?? 25);
  stopListening = onAbort(request.signal, () => call.cancel("client"));

  const decision = await opening;
  varyByAccept(context.responseHeaders);
  if (decision.kind === "failed") {
    const failure = fail(decision.error);
    return toErrorResponse(
      isCursorLost(decision.error) ? { ...failure, status: 410 } : failure,
      context.responseHeaders,
      request.method,
    );
  }
  if (decision.kind === "empty" && lastEventId !== undefined) {
    // What EventSource takes as the end (WHATWG HTML 9.2.3); a body that just ends, it asks for again.
    body.discard();
    return new Response(null, {
      status: 204,
      headers: toHeaders(context.responseHeaders, { "Cache-Control": "no-store" }),
    });
  }
  const headers = toHeaders(context.responseHeaders, {
    "Content-Type": encoder.contentType,
    // Compression that does not know streams holds events back, but for `no-transform`.
    "Cache-Control": "no-cache, no-transform",
    // nginx holds the head until it has 4 KiB.
    "X-Accel-Buffering": "no",
  });
  if (request.method === "HEAD") {
    body.discard();
    return new Response(null, { headers });
  }
  openedAt = performance.now();
  hooks.streamOpen(info);
  return new Response(body.toReadableStream(), { headers });

  /** A server that cannot go on after the client's cursor says 410, in place of the 400 that is the code's own. */
  function isCursorLost(error: unknown): boolean {
    return lastEventId !== undefined && error instanceof StatusError && error.code === Code.OutOfRange && !error.status;
  }
}

/** Half to one and a half times as long, so that the clients of a server that ends do not come back all at once. */
function jitter(ms: number): number {
  return Math.round(ms * (0.5 + Math.random()));
}
