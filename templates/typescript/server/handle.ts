import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code } from "../shared/code.js";
import type { StreamContext } from "./context.js";
import type { Next, ServerRequest, ServerResponse } from "./interceptor.js";
import type { ServerOptions } from "./server-options.js";
import type { ServiceMethod, StreamSource } from "./service.js";
import { StatusError } from "./status-error.js";
import { toMessage } from "./to-message.js";
import { validate } from "./validate.js";

/** What answers a call once its request is read: the interceptors, the validator, the handler. */
export function createHandle<C>({ services, interceptors = [], validator }: ServerOptions<C>): Next<C> {
  const methods = new Map<DescMethod, ServiceMethod<C>>(
    services.flatMap((service) => service.methods.map((method) => [method.desc, method])),
  );
  async function handle(request: ServerRequest<C>): Promise<ServerResponse> {
    const { kind, method, message } = request;
    if (validator) {
      validate(validator, method.input, message);
    }
    const handler = methods.get(method)?.handler;
    if (handler === undefined) {
      throw new StatusError(Code.Unimplemented, `${method.parent.typeName}.${method.name} is not implemented`);
    }
    // A unary context is that of a stream to whom it was made for; the type just does not show it.
    const answer = await handler(message, request.context as StreamContext<C>);
    return kind === "unary"
      ? { kind, message: toMessage(method.output, answer) }
      : // Checked by its reader, event by event.
        { kind, events: answer as StreamSource<Message> };
  }
  return interceptors.reduceRight<Next<C>>((next, interceptor) => interceptor(next), handle);
}
