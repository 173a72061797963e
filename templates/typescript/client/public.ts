/** What clients of every kind of messages export. */

export { Code } from "../shared/code.js";
export type { JsonObject, JsonValue } from "../shared/json.js";
export type { EventRule, HttpBinding, MethodHttp, PathVariable, QueryField, StreamRule } from "../shared/method.js";
export { callStream } from "./call-stream.js";
export { callUnary } from "./call-unary.js";
export type {
  CallOptions,
  Fetch,
  HeaderRecord,
  HeadersSource,
  RetryOptions,
  WithHeaders,
} from "./request/call-options.js";
export {
  ClientError,
  type ClientErrorCode,
  ContentTypeError,
  DecodeError,
  EventTooLargeError,
  NetworkError,
  ReconnectError,
  RequestError,
  StatusError,
  TimeoutError,
  TruncatedError,
} from "./request/errors.js";
export type { ClientMethod, MethodInfo } from "./request/method.js";
export type { ErrorFields, ReadError } from "./request/read-error.js";
export { retryAfterMs } from "./request/retry.js";
export type { RawEvent } from "./stream/decoder.js";
export type { EventMeta, EventStream } from "./stream/event-stream.js";
export type { Otherwise } from "./stream/handle-events.js";
export { openRawStream, type RawStreamOptions } from "./stream/raw-stream.js";
export type { EventPlace, StreamInfo, StreamState } from "./stream/stream-call.js";
export type { Reconnect, ReconnectOptions, StreamOptions } from "./stream/stream-options.js";
