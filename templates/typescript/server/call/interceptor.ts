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

/** The response of a call. */
export type ServerResponse = UnaryResponse | StreamResponse;

/** A single message. */
export interface UnaryResponse {
  readonly kind: "unary";
  readonly message: Message;
}

/** A stream of messages. */
export interface StreamResponse {
  readonly kind: "stream";
  /**
   * The events of the handler, not yet started. Wrap them to see or change them. When the call is cancelled, a pending
   * `next()` rejects with the reason of `context.signal`.
   */
  readonly events: AsyncIterable<Init<Message> | Tracked<Init<Message>>>;
}

/** The rest of a call: the next interceptors, and the handler. Rejects with a `StatusError` if the client is to see the error. */
export type Next<C = unknown> = (request: ServerRequest<C>) => Promise<ServerResponse>;

/**
 * Wraps a call: runs before its handler and after it, may change request and response, or answer
 * instead of the handler. The first of the list is the outermost.
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
