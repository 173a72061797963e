/** The client whose messages are those of protobuf-es. */
export { type EventHandlers, handleEvents } from "./client/es/handle-events.js";
export { defineMethod, type MessageSettings } from "./client/es/method.js";
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
} from "./client/es/transport.js";
export * from "./client/public.js";
export type { ValidationResult, Validator, Violation } from "./shared/validator.js";
