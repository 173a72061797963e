import { startTimer, stopTimer } from "../shared/timer.js";
import { isAbortError } from "./cancelled-error.js";
import type { CallInfo, ServerOptions, StreamCloseInfo, StreamInfo } from "./server-options.js";
import { StatusError } from "./status-error.js";

/** The hooks of a server. None of them throws, whatever the user's own do. */
export interface Hooks {
  error(error: unknown, info: CallInfo): void;
  /** Watches a handler whose call is over. `ended` resolves when it has ended, with what it still failed with. */
  watch(ended: Promise<readonly unknown[]>, info: CallInfo): void;
  streamOpen(info: StreamInfo): void;
  streamClose(info: StreamCloseInfo): void;
}

/** Calls the hooks of the options; one that throws is reported, and disturbs no call. */
export function createHooks<C>(options: ServerOptions<C>): Hooks {
  // Nothing is to be lost without a trace, only because nobody asked for it.
  const { onError = (error) => console.error(error), onLeak, onStreamOpen, onStreamClose, leakMs = 5000 } = options;
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
          if (!isAbortError(each) && !(each instanceof StatusError)) error(each, info);
        }
      });
    },
    streamOpen: (info) => call(() => onStreamOpen?.(info)),
    streamClose: (info) => call(() => onStreamClose?.(info)),
  };
}

/** Calls a hook at once. An async one may reject as well as throw: neither is the stream's business. */
function call(hook: () => unknown): void {
  (async () => hook())().catch(() => {});
}
