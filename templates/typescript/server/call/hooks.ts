import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "../../shared/code.js";
import { startTimer, stopTimer } from "../../shared/timer.js";
import { type CancelReason, isAbortError } from "../errors/cancelled-error.js";
import { StatusError } from "../errors/status-error.js";

/** The call that a hook is called for. The `request` is the same object in all hooks of a call, and in its context. */
export interface CallInfo {
  readonly request: Request;
  /** Absent if no method matches the request. */
  readonly method: DescMethod | undefined;
  /** Whether the method is unary or a stream. Absent if no method matches the request. */
  readonly kind: "unary" | "stream" | undefined;
}

/** Why a call has ended: `end` for a complete response, `error` for an error, or why the call was cancelled. */
export type CallReason = "end" | CancelReason;

/** A call that has ended. */
export interface CallEndInfo extends CallInfo {
  /** The HTTP status of the response. */
  readonly status: number;
  /** The RPC code: 0 for success, or that of the error, including an error after the head of a stream. */
  readonly code: Code;
  readonly reason: CallReason;
  /** Milliseconds from the arrival of the request until the response body was read or cancelled. */
  readonly durationMs: number;
  /** Milliseconds from the arrival of the request to the first event of the handler. Absent if there was none. */
  readonly firstEventMs: number | undefined;
  /** The number of events from the handler; 0 for a unary call. */
  readonly events: number;
  /** The bytes of the body that were passed to the runtime, including the comments of a stream. */
  readonly bytes: number;
  /** Whether a terminal event was sent. Absent if the method has none, and for rejected requests. */
  readonly terminal: boolean | undefined;
}

/** The hooks of a server. None of them throws, whatever the user's own do. */
export interface Hooks {
  error(error: unknown, info: CallInfo): void;
  /**
   * Watches a handler whose call is over. `ended` resolves when the handler has ended, with the errors that it threw.
   */
  watch(ended: Promise<readonly unknown[]>, info: CallInfo): void;
  readonly callStart: ((info: CallInfo) => void) | undefined;
  readonly callEnd: ((info: CallEndInfo) => void) | undefined;
}

/** The options that observe calls. Hooks run synchronously. Errors that they throw are ignored. */
export interface HookOptions {
  /** Called with every error that is hidden from the client. Default: `console.error`. */
  readonly onError?: ((error: unknown, info: CallInfo) => void) | undefined;
  /** Called when a handler still runs `leakMs` after its call has ended. */
  readonly onLeak?: ((info: CallInfo) => void) | undefined;
  /** Milliseconds. Default: 5,000. */
  readonly leakMs?: number | undefined;
  /** Called for every request except CORS preflights, after routing and before the body is read. */
  readonly onCallStart?: ((info: CallInfo) => void) | undefined;
  /** Called once for each of these requests, when the response body has been read or cancelled. */
  readonly onCallEnd?: ((info: CallEndInfo) => void) | undefined;
}

/** Calls the hooks of the options; one that throws disturbs no call. */
export function createHooks(options: HookOptions): Hooks {
  // Without a hook, an error must still leave a trace.
  const { onError = (error) => console.error(error), onLeak, onCallStart, onCallEnd, leakMs = 5000 } = options;
  const error: Hooks["error"] = (cause, info) => call(() => onError(cause, info));
  return {
    error,
    watch(ended, info) {
      const timer = onLeak && startTimer(leakMs, () => call(() => onLeak(info)));
      // On Node a timer keeps the process: this one is not worth it. Elsewhere it is a number.
      (timer as { unref?: () => void } | undefined)?.unref?.();
      ended.then((errors) => {
        stopTimer(timer);
        for (const each of errors) {
          // A handler that was aborted may throw an abort, and a status is meant for the client.
          if (!isAbortError(each) && !(each instanceof StatusError)) {
            error(each, info);
          }
        }
      });
    },
    callStart: onCallStart && ((info) => call(() => onCallStart(info))),
    callEnd: onCallEnd && ((info) => call(() => onCallEnd(info))),
  };
}

/** Calls a hook at once. An async one may reject as well as throw: neither disturbs the call. */
function call(hook: () => unknown): void {
  (async () => hook())().catch(() => {});
}
