import type { EventStream } from "./event-stream.js";
import type { Kinds } from "./method.js";
import type { RawEvent } from "./raw-event.js";
import type { EventPlace } from "./stream-source.js";

/**
 * Wraps a call: runs before its request and after its response, may change both, answer in place of the
 * server, or call `next` again. For a stream it wraps every attempt, reconnections included.
 *
 * ```ts
 * const auth: Interceptor = (next) => async (request) => {
 *   request.headers.set("authorization", `Bearer ${await token()}`);
 *   return next(request);
 * };
 * ```
 */
export type Interceptor<K extends Kinds> = (next: Next<K>) => Next<K>;

/** The rest of a call: the interceptors that follow, and the request itself. */
export type Next<K extends Kinds> = (request: ClientRequest<K>) => Promise<ClientResponse<K>>;

/** A call before it is sent. */
export type ClientRequest<K extends Kinds> = UnaryRequest<K> | StreamRequest<K>;

/** What a call is answered with. */
export type ClientResponse<K extends Kinds> = UnaryResponse<K> | StreamResponse<K>;

interface AnyRequest<K extends Kinds> {
  readonly method: K["method"];
  /** Of the client and of the call; what is set here is sent. */
  readonly headers: Headers;
  /** Aborted when nobody waits for the response any more. */
  readonly signal: AbortSignal;
  readonly message: K["message"];
}

/** A call with one answer. */
export interface UnaryRequest<K extends Kinds> extends AnyRequest<K> {
  readonly kind: "unary";
}

/** One attempt of a stream. */
export interface StreamRequest<K extends Kinds> extends AnyRequest<K> {
  readonly kind: "stream";
  /** The stream as its reader has it. Its events belong to that reader. */
  readonly stream: EventStream<unknown>;
  /** 1 is the first; each reconnection counts one more. */
  readonly attempt: number;
  /** What is sent as `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
}

/** The answer of a call, read. */
export interface UnaryResponse<K extends Kinds> {
  readonly kind: "unary";
  readonly status: number;
  readonly headers: Headers;
  readonly message: K["message"];
}

/** A stream that was opened. */
export interface StreamResponse<K extends Kinds> {
  readonly kind: "stream";
  /** The response whose head arrived; its body is the stream. */
  readonly response: Response;
  /**
   * Reads one event of this attempt as it reaches the caller; undefined leaves it out. To count, log or change
   * events, answer with a function that calls this one.
   */
  readonly decode: (event: RawEvent, place: EventPlace) => K["message"] | undefined;
}
