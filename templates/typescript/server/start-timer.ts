/** What `setTimeout` can wait for; beyond, it fires at once. */
const maxTimeout = 2 ** 31 - 1;

/** A timer that runs. */
export type Timer = ReturnType<typeof setTimeout>;

/** Calls a function after `ms` milliseconds; never beyond 2^31-1, `Infinity` included. */
export function startTimer(ms: number, onTime: () => void): Timer | undefined {
  return ms <= maxTimeout ? setTimeout(onTime, ms) : undefined;
}
