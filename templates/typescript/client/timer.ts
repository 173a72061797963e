/** The longest time that setTimeout takes, 24.8 days; it fires at once for more. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** Starts a timer; none for undefined, and for a time that no timer takes: that is no limit. */
export function startTimer(ms: number | undefined, expired: () => void): ReturnType<typeof setTimeout> | undefined {
  return ms !== undefined && ms <= maxTimerMs ? setTimeout(expired, ms) : undefined;
}
