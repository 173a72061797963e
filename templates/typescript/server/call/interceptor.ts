import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Tracked } from "../stream/event-id.js";
import type { StreamContext, UnaryContext } from "./context.js";
import type { Init } from "./service.js";

/** A call as an interceptor sees it: routed, and read from the HTTP request, but not validated yet. */
export type ServerRequest<C = unknown> = UnaryRequest<C> | StreamRequest<C>;

/** A call with one answer. */
export interface UnaryRequest<C = unknown> {
  readonly kind: "unary";
  /** The descriptor, with the options of the proto. */
  readonly method: DescMethod;
  readonly message: Message;
  readonly context: UnaryContext<C>;
}

/** A call that is answered with a stream. */
export interface StreamRequest<C = unknown> {
  readonly kind: "stream";
  /** The descriptor, with the options of the proto. */
  readonly method: DescMethod;
  readonly message: Message;
  readonly context: StreamContext<C>;
}

/** What a call is answered with. */
export type ServerResponse = UnaryResponse | StreamResponse;

/** One answer. */
export interface UnaryResponse {
  readonly kind: "unary";
  readonly message: Message;
}

/** A stream of answers. */
export interface StreamResponse {
  readonly kind: "stream";
  /**
   * The handler's stream, of which nothing was asked yet, whatever it is made of. Wrap it to see or change its events. When the
   * call is cancelled, what waits for the next event is rejected with the reason of `context.signal`.
   */
  readonly events: AsyncIterable<Init<Message> | Tracked<Init<Message>>>;
}

/** The rest of a call: the interceptors that follow, and the handler. Fails with a `StatusError` for what the client is to see. */
export type Next<C = unknown> = (request: ServerRequest<C>) => Promise<ServerResponse>;

/**
 * Wraps a call: runs before its handler and after it, may change request and response, or answer in
 * place of the handler. The first of the list is the outermost.
 *
 * ```ts
 * const auth: Interceptor = (next) => async (request) => {
 *   if (!request.context.request.headers.has("authorization")) {
 *     throw new StatusError(Code.Unauthenticated, "send a token");
 *   }
 *   return next(request);
 * };
 * ```
 */
export type Interceptor<C = unknown> = (next: Next<C>) => Next<C>;
