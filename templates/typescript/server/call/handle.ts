import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { Code } from "../../shared/code.js";
import type { Validator } from "../../shared/validator.js";
import { BindError } from "../errors/bind-error.js";
import { StatusError } from "../errors/status-error.js";
import { AbortableEvents } from "../stream/abortable-events.js";
import type { StreamContext } from "./context.js";
import type { CallInfo } from "./hooks.js";
import type { Next, ServerRequest, ServerResponse, StreamResponse } from "./interceptor.js";
import type { CallOptions } from "./server-options.js";
import { type ServiceMethod, toMessage } from "./service.js";

/**
 * Runs a call once its request is read: the interceptors, the validator, the handler. Calls `watch` with handlers that an
 * interceptor no longer waits for.
 */
export function createHandle<C>(
  { services, interceptors = [], validator }: CallOptions<C>,
  watch: (ended: Promise<readonly unknown[]>, info: CallInfo) => void,
): Next<C> {
  const methods = new Map<DescMethod, ServiceMethod<C>>(
    services.flatMap((service) => service.methods.map((method) => [method.desc, method])),
  );
  async function handle(request: ServerRequest<C>): Promise<ServerResponse> {
    const { kind, method, message } = request;
    if (interceptors.length > 0) {
      // An interceptor may have waited without listening to the signal.
      request.context.signal.throwIfAborted();
    }
    if (validator) {
      validate(validator, method.input, message);
      request.context.signal.throwIfAborted();
    }
    const handler = methods.get(method)?.handler;
    if (handler === undefined) {
      throw new StatusError(Code.Unimplemented, `${method.parent.typeName}.${method.name} is not implemented`);
    }
    // Every context has the parts of a stream's context. Only the type of a unary context hides them.
    const answer = await handler(message, request.context as StreamContext<C>);
    return kind === "unary"
      ? { kind, message: toMessage(method.output, answer) }
      : // Checked by its reader, event by event.
        { kind, events: answer as StreamResponse["events"] };
  }

  /** Gives an interceptor events that it stops waiting for when the call is cancelled. */
  function toAbortable(next: Next<C>): Next<C> {
    return async (request) => {
      const response = await next(request);
      if (response.kind === "unary" || response.events instanceof AbortableEvents) {
        return response;
      }
      const { method, context } = request;
      const info: CallInfo = { request: context.request, method, kind: "stream" };
      return {
        ...response,
        events: new AbortableEvents(response.events, context.signal, (ended) => watch(ended, info)),
      };
    };
  }

  if (interceptors.length === 0) {
    return handle;
  }
  const intercepted = interceptors.reduceRight<Next<C>>((next, interceptor) => interceptor(toAbortable(next)), handle);
  return async (request) => {
    const response = await intercepted(request);
    if (response.kind === "unary" || !(response.events instanceof AbortableEvents)) {
      return response;
    }
    return { ...response, events: response.events.release() as StreamResponse["events"] };
  };
}

/** Throws a `BindError` with the rules that a request breaks; errors of the validator itself are thrown unchanged. */
function validate(validator: Validator, schema: DescMessage, message: Message): void {
  const result = validator.validate(schema, message);
  if (result.kind === "invalid") {
    throw new BindError(
      result.violations.map(({ field, message, ruleId }) => ({
        field: pathToString(field),
        description: message || ruleId,
      })),
    );
  }
  if (result.kind === "error") {
    throw result.error;
  }
}
