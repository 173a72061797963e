/**
 * The server's runtime: what generated code and its users import.
 */

export { CancelledError, type CancelReason } from "./server/cancelled-error.js";
export type { HeaderRule } from "./server/check-headers.js";
export type { StreamContext, UnaryContext } from "./server/context.js";
export type { CorsOptions } from "./server/cors.js";
export { createServer, type RouteInfo, type Server } from "./server/create-server.js";
export type { CallEndInfo, CallInfo, CallReason } from "./server/hooks.js";
export type {
  Interceptor,
  Next,
  ServerRequest,
  ServerResponse,
  StreamRequest,
  StreamResponse,
  UnaryRequest,
  UnaryResponse,
} from "./server/interceptor.js";
export type { ContextInit, ServerOptions } from "./server/server-options.js";
export {
  type Awaitable,
  defineService,
  type Init,
  type ServerMethodHttp,
  type Service,
  type ServiceMethod,
  type StreamSource,
} from "./server/service.js";
export { type StatusDetail, StatusError, type StatusErrorOptions } from "./server/status-error.js";
export {
  type AppendOptions,
  type Cursor,
  CursorError,
  type Entry,
  type EventLog,
  type GapReason,
  type Retention,
  type TailListener,
} from "./server/topic/event-log.js";
export { createTopic, type SubscribeOptions, type Topic, type TopicOptions } from "./server/topic.js";
export type { Tracked } from "./server/tracked.js";
export { Code } from "./shared/code.js";
export type { JsonObject, JsonValue } from "./shared/json.js";
export type { ValidationResult, Validator, Violation } from "./shared/validator.js";
