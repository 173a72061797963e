/** What clients of every kind of messages export. */
export { Code } from "../shared/code.js";
export type { JsonObject, JsonValue } from "../shared/json.js";
export type { EventRule, HttpBinding, MethodHttp, PathVariable, QueryField, StreamRule } from "../shared/method.js";
export type { CallOptions, Fetch, HeaderRecord, HeadersSource, RetryOptions, WithHeaders } from "./call-options.js";
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
} from "./errors.js";
export type { EventMeta, EventStream, StreamInfo, StreamState } from "./event-stream.js";
export type { ClientMethod, MethodInfo } from "./method.js";
export type { RawEvent } from "./raw-event.js";
export { openRawStream, type RawStreamOptions } from "./raw-stream.js";
export type { ErrorFields, ReadError } from "./read-error.js";
export { retryAfterMs } from "./retry-delay.js";
export type { Reconnect, ReconnectOptions, StreamOptions } from "./stream-options.js";
export type { EventPlace } from "./stream-source.js";
