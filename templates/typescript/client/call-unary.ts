import { intercept, mergeOptions, sendMessage } from "./call.js";
import type { ClientOf } from "./client-options.js";
import type { BaseUnaryResponse } from "./interceptor.js";
import type { CallOptions } from "./request/call-options.js";
import { withDeadline } from "./request/deadline.js";
import type { ClientMethod, Kinds } from "./request/method.js";
import { readResponse } from "./request/read-response.js";
import { keepIdempotencyKey, type UnaryContext, withRetry } from "./request/retry.js";

/** Calls a method that responds with one message; called by generated code. */
export function callUnary<I, O extends K["message"], K extends Kinds>(
  client: ClientOf<K>,
  method: ClientMethod<I, O, K>,
  request: I,
  options: CallOptions = {},
): Promise<O> {
  const merged = mergeOptions(client, options);
  const context: UnaryContext = { phase: "open", attempt: 0 };
  return withDeadline(merged, context, (signal) =>
    withRetry(merged.retry ?? {}, signal, context, async () => {
      const start = { kind: "unary", signal, attempt: context.attempt } as const;
      const answer = await intercept(client, method, request, options, start, async (request) => {
        keepIdempotencyKey(request.headers, context);
        const { response, binding } = await sendMessage(method, request, merged, context);
        context.phase = "body";
        const { status, headers } = response;
        const message = await readResponse(response, binding, context, method.createDecoder(merged));
        return { kind: "unary", status, headers, message };
      });
      // Interceptors return a response of the same kind, with a message of the same type.
      return (answer as BaseUnaryResponse<K>).message as O;
    }),
  );
}
