import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "../../shared/code.js";
import { startTimer, stopTimer } from "../../shared/timer.js";
import { type CancelReason, isAbortError } from "../errors/cancelled-error.js";
import { StatusError } from "../errors/status-error.js";

/** The call that a hook is called for. The `request` is the same object in all hooks of a call, and in its context. */
export interface CallInfo {
  readonly request: Request;
  /** Absent where no method takes the request. */
  readonly method: DescMethod | undefined;
  /** How the method answers; absent where no method takes the request. */
  readonly kind: "unary" | "stream" | undefined;
}

/** Why a call is over: `end` for one that was answered completely, otherwise why it was cancelled, or `error` where it failed. */
export type CallReason = "end" | CancelReason;

/** A call that is over. */
export interface CallEndInfo extends CallInfo {
  /** The HTTP status of the response. */
  readonly status: number;
  /** The code of the outcome: 0 for success, otherwise that of the error, also where it came after the head of a stream. */
  readonly code: Code;
  readonly reason: CallReason;
  /** Milliseconds from the arrival of the request until the body of the response was read, or nobody will read it. */
  readonly durationMs: number;
  /** Milliseconds from the arrival of the request until the handler gave its first event; absent where there was none. */
  readonly firstEventMs: number | undefined;
  /** How many events the handler gave; 0 for a unary call. */
  readonly events: number;
  /** The number of body bytes that the runtime took, including the comments of a stream. */
  readonly bytes: number;
  /** Whether a terminal event was sent, for a stream whose oneof of events has one; absent for other calls, and for refused ones. */
  readonly terminal: boolean | undefined;
}

/** The hooks of a server. None of them throws, whatever the user's own do. */
export interface Hooks {
  error(error: unknown, info: CallInfo): void;
  /** Watches a handler whose call is over. `ended` resolves when it has ended, with what it still failed with. */
  watch(ended: Promise<readonly unknown[]>, info: CallInfo): void;
  readonly callStart: ((info: CallInfo) => void) | undefined;
  readonly callEnd: ((info: CallEndInfo) => void) | undefined;
}

/** The options that observe calls. Hooks run at once; what they throw is ignored. */
export interface HookOptions {
  /** Called with every error that is masked for the client. Default: `console.error`. */
  readonly onError?: ((error: unknown, info: CallInfo) => void) | undefined;
  /** Called when a handler has not ended `leakMs` after its call was over or cancelled. */
  readonly onLeak?: ((info: CallInfo) => void) | undefined;
  /** Default: 5,000. */
  readonly leakMs?: number | undefined;
  /** Called for every request but CORS preflights, as soon as its method is known and before anything of it is read. */
  readonly onCallStart?: ((info: CallInfo) => void) | undefined;
  /** Called once for every call that `onCallStart` was called for, when the body of its response was read or nobody will read it. */
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
          // That it was aborted is what was asked of it, and a status is for a client.
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
