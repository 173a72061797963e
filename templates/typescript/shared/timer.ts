/** The longest time that setTimeout takes, 24.8 days; it fires at once for more. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** A timer that runs. */
export type Timer = ReturnType<typeof setTimeout>;

/** Starts a timer; none for undefined, and for a time that no timer takes, `Infinity` included: that is no limit. */
export function startTimer(ms: number | undefined, expired: () => void): Timer | undefined {
  return ms !== undefined && ms <= maxTimerMs ? setTimeout(expired, ms) : undefined;
}

/** Stops a timer, if there is one. */
export function stopTimer(timer: Timer | undefined): void {
  // The types of Workers do not let `clearTimeout` take undefined.
  if (timer !== undefined) {
    clearTimeout(timer);
  }
}
