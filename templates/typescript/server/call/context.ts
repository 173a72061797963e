import type { DescMethod } from "@bufbuild/protobuf";
import { startTimer, stopTimer } from "../../shared/timer.js";
import { Tracked } from "../stream/tracked.js";

/** What a handler of a unary method knows about its call, besides the request message. */
export interface UnaryContext<C = unknown> {
  /** Aborted when the call is cancelled before its handler ended; its `reason` is a `CancelledError`. */
  readonly signal: AbortSignal;
  /** The HTTP request. Its body is read already. */
  readonly request: Request;
  /** The method that is called, with its options. */
  readonly method: DescMethod;
  /** What the option `createContext` returned; without it, the second argument of `server.fetch`. */
  readonly value: C;
  /** Headers of the answer. Of a stream, those that are set before its head is sent: with the first event, or after the commit window. */
  readonly responseHeaders: Headers;
  /** Resolves after `ms` milliseconds. Rejects with the reason of `signal` as soon as that is aborted. */
  sleep(ms: number): Promise<void>;
}

/** What a handler of a stream knows about its call. */
export interface StreamContext<C = unknown> extends UnaryContext<C> {
  /** The id of the last event that the client finished with, when it resumes: of the header `Last-Event-ID`, else of the query parameter `last_event_id`. */
  readonly lastEventId: string | undefined;
  /**
   * A message whose event has this `id`, in place of its `event_id` field. Throws a `TypeError` for an id with CR, LF or
   * NUL, and for one that is not a value of that field, as the server refuses to resume from it.
   */
  tracked<T>(id: string, message: T): Tracked<T>;
}

/** The parts of a call that its context shows. */
interface ContextCall {
  readonly request: Request;
  readonly signal: AbortSignal;
  readonly responseHeaders: Headers;
}

/**
 * Makes the context of a call. A unary method gets it as well; its type does not show the stream's part. `checkId` throws
 * for an id that is not a value of the `event_id` field. Interceptors copy a context with `{ ...context }`, so that its
 * getters are its own.
 */
export function toContext<C>(
  call: ContextCall,
  method: DescMethod,
  value: C,
  lastEventId?: string,
  checkId: (id: string) => string = (id) => id,
): StreamContext<C> {
  return {
    get signal() {
      return call.signal;
    },
    request: call.request,
    method,
    value,
    lastEventId,
    get responseHeaders() {
      return call.responseHeaders;
    },
    sleep: (ms) => sleep(ms, call.signal),
    tracked: (id, message) => new Tracked(checkId(id), message),
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      stopTimer(timer);
      reject(signal.reason);
    };
    const timer = startTimer(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
