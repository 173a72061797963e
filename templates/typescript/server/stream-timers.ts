import { startTimer, stopTimer, type Timer } from "../shared/timer.js";
import { IdleTimer } from "./idle-timer.js";

/** The limits of a stream in milliseconds, and what happens at each. */
export interface StreamLimits {
  /** The longest silence before a heartbeat; 0 for none. */
  readonly heartbeatMs: number;
  /** How long a chunk may stay unread. */
  readonly unreadMs: number;
  readonly maxDurationMs: number;
  onSilence(): void;
  onUnread(): void;
  onDeadline(): void;
}

/** The timers of one stream; they run from the start. */
export class StreamTimers {
  readonly #silence: IdleTimer | undefined;
  readonly #unread: IdleTimer;
  readonly #deadline: Timer | undefined;

  constructor(limits: StreamLimits) {
    if (limits.heartbeatMs > 0) {
      this.#silence = new IdleTimer(limits.heartbeatMs, () => limits.onSilence());
    }
    this.#unread = new IdleTimer(limits.unreadMs, () => limits.onUnread());
    this.#deadline = startTimer(limits.maxDurationMs, () => limits.onDeadline());
    this.onWrite();
  }

  /** Counts silence, and the time that a chunk stays unread, from now on. */
  onWrite(): void {
    this.#silence?.touch();
    this.#unread.touch();
  }

  stop(): void {
    this.#silence?.stop();
    this.#unread.stop();
    stopTimer(this.#deadline);
  }
}
