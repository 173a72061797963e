import type { CallOptions } from "./call-options.js";
import { type ErrorContext, TimeoutError } from "./errors.js";
import { createWaiter, throwIfAborted } from "./waiter.js";

/**
 * Runs a call until it ends, its signal is aborted or its time is up, even if `run` ignores the signal that it gets.
 * Every failure aborts that signal, which cancels the response.
 */
export async function withDeadline<T>(
  { signal, timeoutMs }: CallOptions,
  context: ErrorContext,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const controller = new AbortController();
  const waiter = createWaiter();
  const onAbort = (): void => {
    controller.abort(signal?.reason);
    waiter.interrupt();
  };
  // Not AbortSignal.any: on Node it leaks on signals that outlive their calls.
  signal?.addEventListener("abort", onAbort);
  try {
    const late = () => new TimeoutError("deadline", Number(timeoutMs), context);
    return await waiter.wait(() => run(controller.signal), timeoutMs, late);
  } catch (error) {
    controller.abort(error);
    throwIfAborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
