import { afterEach, beforeEach, expect } from "vitest";

/** Fails each test of a file after which a rejection is left that nobody handled. */
export function expectNoUnhandledRejections(): void {
  let unhandled: unknown[] = [];
  const listener = (reason: unknown): void => {
    unhandled.push(reason);
  };
  beforeEach(() => {
    unhandled = [];
    process.on("unhandledRejection", listener);
  });
  afterEach(async () => {
    // Node reports them after the microtasks of a turn of its loop.
    for (let turn = 0; turn < 3; turn++) {
      await new Promise(setImmediate);
    }
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });
}
