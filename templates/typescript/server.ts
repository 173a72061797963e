/**
 * The server's runtime: what generated code and its users import.
 */

export type { StreamContext, UnaryContext } from "./server/call/context.js";
export type { CallEndInfo, CallInfo, CallReason } from "./server/call/hooks.js";
export type {
  Interceptor,
  Next,
  ServerRequest,
  ServerResponse,
  StreamRequest,
  StreamResponse,
  UnaryRequest,
  UnaryResponse,
} from "./server/call/interceptor.js";
export type { ContextInit, ServerOptions } from "./server/call/server-options.js";
export {
  type Awaitable,
  defineService,
  type HeaderRule,
  type Init,
  type ServerMethodHttp,
  type Service,
  type ServiceMethod,
  type StreamSource,
} from "./server/call/service.js";
export { createServer, type RouteInfo, type Server } from "./server/create-server.js";
export { CancelledError, type CancelReason } from "./server/errors/cancelled-error.js";
export { type StatusDetail, StatusError, type StatusErrorOptions } from "./server/errors/status-error.js";
export type { CorsOptions } from "./server/request/cors.js";
export type { Tracked } from "./server/stream/event-id.js";
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
export type { LogSubscription } from "./server/topic/log-subscription.js";
export type { TailInfo } from "./server/topic/log-tail.js";
export { createLogTopic, type LogTopic, type LogTopicOptions } from "./server/topic/log-topic.js";
export {
  createMemoryEventLog,
  type MemoryEventLogOptions,
  type MemoryRetention,
} from "./server/topic/memory-event-log.js";
export { createTopic, type SubscribeOptions, type Topic, type TopicOptions } from "./server/topic/topic.js";
export { Code } from "./shared/code.js";
export type { JsonObject, JsonValue } from "./shared/json.js";
export type { ValidationResult, Validator, Violation } from "./shared/validator.js";
