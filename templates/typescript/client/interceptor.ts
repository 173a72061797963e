import type { Kinds } from "./request/method.js";
import type { EventStream } from "./stream/event-stream.js";
import type { RawEvent } from "./stream/raw-event.js";
import type { EventPlace } from "./stream/stream-source.js";

/**
 * Wraps a call: runs before its request and after its response, may change both, answer in place of the
 * server, or call `next` again. It wraps every attempt: repetitions of a unary call, and reconnections, included.
 *
 * ```ts
 * const auth: Interceptor = (next) => async (request) => {
 *   request.headers.set("authorization", `Bearer ${await token()}`);
 *   return next(request);
 * };
 * ```
 */
export type BaseInterceptor<K extends Kinds> = (next: BaseNext<K>) => BaseNext<K>;

/** The rest of a call: the interceptors that follow, and the request itself. */
export type BaseNext<K extends Kinds> = (request: BaseClientRequest<K>) => Promise<BaseClientResponse<K>>;

/** A call before it is sent. */
export type BaseClientRequest<K extends Kinds> = BaseUnaryRequest<K> | BaseStreamRequest<K>;

/** What a call is answered with. */
export type BaseClientResponse<K extends Kinds> = BaseUnaryResponse<K> | BaseStreamResponse<K>;

interface AnyRequest<K extends Kinds> {
  readonly method: K["method"];
  /** Of the client and of the call; what is set here is sent. */
  readonly headers: Headers;
  /** Aborted when nobody waits for the response any more. */
  readonly signal: AbortSignal;
  /** 1 is the first request; each repetition of a unary call, and each reconnection, counts one more. */
  readonly attempt: number;
  readonly message: K["message"];
}

/** A call with one answer. */
export interface BaseUnaryRequest<K extends Kinds> extends AnyRequest<K> {
  readonly kind: "unary";
}

/** One attempt of a stream. */
export interface BaseStreamRequest<K extends Kinds> extends AnyRequest<K> {
  readonly kind: "stream";
  /** The stream as its reader has it. Its events belong to that reader. */
  readonly stream: EventStream<unknown>;
  /** What is sent as `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
}

/** The answer of a call, read. */
export interface BaseUnaryResponse<K extends Kinds> {
  readonly kind: "unary";
  readonly status: number;
  readonly headers: Headers;
  readonly message: K["message"];
}

/** A stream that was opened. */
export interface BaseStreamResponse<K extends Kinds> {
  readonly kind: "stream";
  /** The response whose head arrived; its body is the stream. */
  readonly response: Response;
  /**
   * Reads one event of this attempt as it reaches the caller; undefined leaves it out. To count, log or change
   * events, answer with a function that calls this one.
   */
  readonly decode: (event: RawEvent, place: EventPlace) => K["message"] | undefined;
}
