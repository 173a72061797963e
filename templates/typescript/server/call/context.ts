import type { DescMethod } from "@bufbuild/protobuf";
import { Tracked } from "../stream/event-id.js";

/** What a handler of a unary method knows about its call, besides the request message. */
export interface UnaryContext<C = unknown> {
  /** Aborted if the call is cancelled before its handler has ended. Its `reason` is a `CancelledError`. */
  readonly signal: AbortSignal;
  /** The HTTP request. Its body is read already. */
  readonly request: Request;
  /** The method that is called, with its options. */
  readonly method: DescMethod;
  /** What the option `createContext` returned; without it, the second argument of `server.fetch`. */
  readonly value: C;
  /**
   * Headers of the response. For a stream, set them before its head is sent: with the first event, or after the commit
   * window.
   */
  readonly responseHeaders: Headers;
  /** Resolves after `ms` milliseconds. Rejects with the reason of `signal` as soon as that is aborted. */
  sleep(ms: number): Promise<void>;
}

/** What a handler of a stream knows about its call. */
export interface StreamContext<C = unknown> extends UnaryContext<C> {
  /** The id of the last event that the client finished with, when it resumes: of the header `Last-Event-ID`, else of the query parameter `last_event_id`. */
  readonly lastEventId: string | undefined;
  /**
   * A message whose event has this `id` instead of the value of its `event_id` field. Throws a `TypeError` if the id
   * has CR, LF or NUL, or is not a value of that field, since the server could not resume from it.
   */
  tracked<T>(id: string, message: T): Tracked<T>;
}

/** The parts of a call that its context shows. */
interface ContextCall {
  readonly request: Request;
  readonly signal: AbortSignal;
  readonly responseHeaders: Headers;
  sleep(ms: number): Promise<void>;
}

const callOf = Symbol("call");

interface HasCall {
  readonly [callOf]: ContextCall;
}

/**
 * Getters for what few handlers use and is expensive to make. They are properties of each context, so that a copy with
 * `{ ...context }` has the values, but the same functions, so that all contexts have one hidden class.
 */
const getters = {
  signal: {
    enumerable: true,
    get(this: HasCall): AbortSignal {
      return this[callOf].signal;
    },
  },
  responseHeaders: {
    enumerable: true,
    get(this: HasCall): Headers {
      return this[callOf].responseHeaders;
    },
  },
};

/**
 * Makes the context of a call. A unary method gets it as well; its type does not show the stream's part. `checkId` throws
 * for an id that is not a value of the `event_id` field.
 */
export function toContext<C>(
  call: ContextCall,
  method: DescMethod,
  value: C,
  lastEventId: string | undefined,
  checkId: (id: string) => string,
): StreamContext<C> {
  const context = {
    request: call.request,
    method,
    value,
    lastEventId,
    sleep: (ms: number) => call.sleep(ms),
    tracked: <T>(id: string, message: T) => new Tracked(checkId(id), message),
  };
  Object.defineProperty(context, callOf, { value: call });
  return Object.defineProperties(context, getters) as StreamContext<C>; // with the two that are defined here
}
