import type { CallOptions } from "./call-options.js";
import { type ErrorContext, TimeoutError } from "./errors.js";
import { createWaiter } from "./waiter.js";

/**
 * Runs a call until it ends, its signal is aborted or its time is up, whichever is first: also where what runs does
 * not heed the signal that it is given. That one is aborted by every failure, which lets go of a response.
 */
export async function withDeadline<T>(
  { signal, timeoutMs }: CallOptions,
  run: (signal: AbortSignal, context: { phase: ErrorContext["phase"] }) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const context: { phase: ErrorContext["phase"] } = { phase: "open" };
  const controller = new AbortController();
  const waiter = createWaiter();
  // Not AbortSignal.any: on Node it leaks on signals that outlive their calls.
  signal?.addEventListener("abort", waiter.interrupt);
  try {
    const late = () => new TimeoutError("deadline", Number(timeoutMs), context);
    return await waiter.wait(run(controller.signal, context), timeoutMs, late);
  } catch (error) {
    controller.abort(error);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", waiter.interrupt);
  }
}
