import type { Kinds } from "./request/method.js";
import type { RawEvent } from "./stream/decoder.js";
import type { EventStream } from "./stream/event-stream.js";
import type { EventPlace } from "./stream/stream-call.js";

/**
 * Wraps a call. It runs before the request and after the response, and may change both, respond instead of the server,
 * or call `next` again. It wraps every attempt, so also retries of a unary call and reconnections of a stream.
 *
 * ```ts
 * const auth: Interceptor = (next) => async (request) => {
 *   request.headers.set("authorization", `Bearer ${await token()}`);
 *   return next(request);
 * };
 * ```
 */
export type BaseInterceptor<K extends Kinds = Kinds> = (next: BaseNext<K>) => BaseNext<K>;

/** The rest of a call: the interceptors that follow, and the request itself. */
export type BaseNext<K extends Kinds = Kinds> = (request: BaseClientRequest<K>) => Promise<BaseClientResponse<K>>;

/** A call before it is sent. */
export type BaseClientRequest<K extends Kinds = Kinds> = BaseUnaryRequest<K> | BaseStreamRequest<K>;

/** The response of a call. */
export type BaseClientResponse<K extends Kinds = Kinds> = BaseUnaryResponse<K> | BaseStreamResponse<K>;

interface AnyRequest<K extends Kinds = Kinds> {
  readonly method: K["method"];
  /** The headers of the client and of the call. Headers that are set here are sent. */
  readonly headers: Headers;
  /** Aborted when the response is no longer needed. */
  readonly signal: AbortSignal;
  /** 1 for the first request. Each retry and each reconnection adds 1. */
  readonly attempt: number;
  readonly message: K["message"];
}

/** A call of a method that responds with one message. */
export interface BaseUnaryRequest<K extends Kinds = Kinds> extends AnyRequest<K> {
  readonly kind: "unary";
}

/** One attempt of a stream. */
export interface BaseStreamRequest<K extends Kinds = Kinds> extends AnyRequest<K> {
  readonly kind: "stream";
  /** The stream that the caller reads. Do not read its events here. */
  readonly stream: EventStream<unknown>;
  /** The value of `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
}

/** The response of a unary call. */
export interface BaseUnaryResponse<K extends Kinds = Kinds> {
  readonly kind: "unary";
  readonly status: number;
  readonly headers: Headers;
  readonly message: K["message"];
}

/** A stream that was opened. */
export interface BaseStreamResponse<K extends Kinds = Kinds> {
  readonly kind: "stream";
  /** Its body is the stream, and is still unread. */
  readonly response: Response;
  /**
   * Reads one event of this attempt when the caller asks for it; undefined skips the event. To count, log or change
   * events, return a response with a function that calls this one.
   */
  readonly decode: (event: RawEvent, place: EventPlace) => K["message"] | undefined;
}
