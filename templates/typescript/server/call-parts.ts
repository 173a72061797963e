import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { JsonOptions } from "./event-encoder.js";
import type { Hooks } from "./hooks.js";
import type { Next } from "./interceptor.js";
import type { OpenCalls } from "./open-calls.js";
import type { ServerOptions } from "./server-options.js";

/** What all calls of a server share. */
export interface ServerParts<C> {
  readonly options: ServerOptions<C>;
  readonly json: JsonOptions;
  readonly hooks: Hooks;
  readonly calls: OpenCalls;
  /** The interceptors, the validator, the handler. */
  readonly handle: Next<C>;
}

/** A call whose request is read. */
export interface CallParts<C> {
  readonly request: Request;
  readonly method: DescMethod;
  readonly message: Message;
  readonly value: C;
}

/** Calls `listener` once, when a signal is aborted or if it is already. Returns what stops listening: a signal may outlive many calls. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
  } else {
    signal.addEventListener("abort", listener, { once: true });
  }
  return () => signal.removeEventListener("abort", listener);
}
