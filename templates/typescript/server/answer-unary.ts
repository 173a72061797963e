import { type CallParts, onAbort, type ServerParts } from "./call-parts.js";
import { CancelledError, isAbortError } from "./cancelled-error.js";
import { createContext } from "./context.js";
import type { Endpoint } from "./endpoint.js";
import { toFailure } from "./failure.js";
import type { OpenCall } from "./open-calls.js";
import { toErrorResponse, toHeaders } from "./responses.js";
import { toUnaryBody } from "./unary-body.js";

/** Answers a unary call. Never rejects. */
export async function answerUnary<C>(
  { json, hooks, calls, handle }: ServerParts<C>,
  endpoint: Endpoint<C>,
  { request, method, message, value }: CallParts<C>,
): Promise<Response> {
  const abort = new AbortController();
  const context = createContext({ signal: abort.signal, request, method, value }, undefined);
  let end = (): void => {};
  const ended = new Promise<readonly unknown[]>((resolve) => {
    // What the handler fails with is the answer, so there is nothing left to report.
    end = () => resolve([]);
  });
  const call: OpenCall = {
    resumable: false,
    cancel(reason) {
      if (!abort.signal.aborted) {
        abort.abort(new CancelledError(reason));
        hooks.watch(ended, { request, method });
      }
    },
  };
  calls.add(call);
  const stopListening = onAbort(request.signal, () => call.cancel("client"));
  try {
    const response = await handle({ kind: "unary", method, message, context });
    if (response.kind !== "unary") {
      throw new TypeError(`interceptor answered the unary method ${method.name} with a stream`);
    }
    const { contentType, body } = toUnaryBody(method.output, response.message, endpoint.responseBody, json);
    const headers = toHeaders(context.responseHeaders, { "Content-Type": contentType });
    return new Response(request.method === "HEAD" ? null : body, { headers });
  } catch (error) {
    const cancelled = abort.signal.aborted && isAbortError(error);
    const failure = toFailure(cancelled ? abort.signal.reason : error, json);
    if (failure.unexpected) hooks.error(failure.error, { request, method });
    return toErrorResponse(failure, context.responseHeaders, request.method);
  } finally {
    stopListening();
    calls.remove(call);
    end();
  }
}
