/** The client whose messages are JSON: it needs nothing else at run time. */

export type { BaseClientOptions as ClientOptions } from "./client/client-options.js";
export type {
  BaseClientRequest as ClientRequest,
  BaseClientResponse as ClientResponse,
  BaseInterceptor as Interceptor,
  BaseNext as Next,
  BaseStreamRequest as StreamRequest,
  BaseStreamResponse as StreamResponse,
  BaseUnaryRequest as UnaryRequest,
  BaseUnaryResponse as UnaryResponse,
} from "./client/interceptor.js";
export { type EventHandlers, handleEvents } from "./client/json/handle-events.js";
export { defineMethod } from "./client/json/method.js";
export * from "./client/public.js";
export { BaseTransport as Transport } from "./client/transport.js";
