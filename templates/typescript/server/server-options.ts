import type { DescMethod, JsonReadOptions, JsonWriteOptions, Registry } from "@bufbuild/protobuf";
import type { Validator } from "../shared/validator.js";
import type { CorsOptions } from "./cors.js";
import type { CloseReason } from "./event-body.js";
import type { Interceptor } from "./interceptor.js";
import type { Service } from "./service.js";

/** The call that a hook is told about. */
export interface CallInfo {
  /** Absent where no method takes the request. */
  readonly method: DescMethod | undefined;
  readonly request: Request;
}

/** A stream whose head is sent. */
export interface StreamInfo {
  readonly method: DescMethod;
  readonly request: Request;
  /** The content type of the answer. */
  readonly contentType: string;
  readonly lastEventId: string | undefined;
}

/** A stream that is over. */
export interface StreamCloseInfo extends StreamInfo {
  /** `end` for a complete one. */
  readonly reason: CloseReason;
  /** How many events were taken from the handler. */
  readonly events: number;
  /** How many bytes were given to the runtime, comments included. */
  readonly bytes: number;
  /** Milliseconds from head to end. */
  readonly durationMs: number;
}

/** Options of `createServer`. Times are in milliseconds; `Infinity` is no limit. */
export interface ServerOptions<C = unknown> {
  readonly services: readonly Service<C>[];
  /** Wrap every call, the first outermost. */
  readonly interceptors?: readonly Interceptor<C>[] | undefined;
  /** Checks every request before its handler is called. That of `@bufbuild/protovalidate` fits. */
  readonly validator?: Validator | undefined;
  /** The largest body of a request. Default: 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** What becomes of a query parameter that no field has. Default: `"ignore"`. */
  readonly unknownQuery?: "ignore" | "reject" | undefined;
  /** How long the head of a stream waits for the first event, so that an early failure is an HTTP status. Default: 25. */
  readonly commitWindowMs?: number | undefined;
  /** The longest silence of a stream whose method does not say it; 0 for no heartbeat. Default: 15,000, and 5,000 on Bun and Workers. */
  readonly heartbeatMs?: number | undefined;
  /** How long a stream may last; then it ends with code 4. Default: no limit. */
  readonly maxDurationMs?: number | undefined;
  /** What becomes of a client that does not read: it is waited for, or cut off after `slowConsumerMs`. Default: `"block"`. */
  readonly slowConsumer?: "block" | "disconnect" | undefined;
  /** How long a client may leave a chunk unread with `slowConsumer: "disconnect"`. Default: 10,000. */
  readonly slowConsumerMs?: number | undefined;
  /** Answers pages of other origins. Default: off. */
  readonly cors?: CorsOptions | undefined;
  /** How messages are read and written. Unknown fields are ignored unless they say otherwise. */
  readonly jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions> | undefined;
  /** The types of Any and extensions. */
  readonly registry?: Registry | undefined;
  /** Told of every error that the client is not told of. Default: `console.error`. */
  readonly onError?: ((error: unknown, info: CallInfo) => void) | undefined;
  /** Told of a handler that has not ended `leakMs` after its call did. */
  readonly onLeak?: ((info: CallInfo) => void) | undefined;
  /** Default: 5,000. */
  readonly leakMs?: number | undefined;
  readonly onStreamOpen?: ((info: StreamInfo) => void) | undefined;
  readonly onStreamClose?: ((info: StreamCloseInfo) => void) | undefined;
}
