/** A promise to schedule microtasks with. */
export const settled: Promise<void> = Promise.resolve();

/**
 * How many microtasks the next event of a handler may take to join a chunk. An async generator that has its event takes
 * three, and each generator around it three more.
 */
const maxTicks = 9;

/** Who waits, and until which tick. All wait equally long, so the first one is due first. */
const queue: { readonly until: number; readonly call: () => void }[] = [];
let currentTick = 0;
let isTicking = false;

/**
 * Calls a function when an event that is ready would have arrived. It must not throw. All streams share the microtasks: with
 * promises of their own, an event that goes to many clients would take ten for each of them.
 */
export function afterTicks(call: () => void): void {
  queue.push({ until: currentTick + maxTicks, call });
  if (!isTicking) {
    isTicking = true;
    settled.then(tick);
  }
}

function tick(): void {
  currentTick++;
  const later = queue.findIndex(({ until }) => until > currentTick);
  for (const { call } of queue.splice(0, later < 0 ? queue.length : later)) {
    call();
  }
  isTicking = queue.length > 0;
  if (isTicking) {
    settled.then(tick);
  }
}
