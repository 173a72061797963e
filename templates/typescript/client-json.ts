/** The client whose messages are JSON: it needs nothing else at run time. */
export { type EventHandlers, handleEvents, type Otherwise } from "./client/json/handle-events.js";
export { defineMethod } from "./client/json/method.js";
export {
  type ClientOptions,
  type ClientRequest,
  type ClientResponse,
  type Interceptor,
  type Next,
  type StreamRequest,
  type StreamResponse,
  Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "./client/json/transport.js";
export * from "./client/public.js";
