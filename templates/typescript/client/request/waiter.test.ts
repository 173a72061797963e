import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";
import { createWaiter, interrupted } from "./waiter.js";

expectNoUnhandledRejections();
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

describe("a wait", () => {
  test("settles as the work does, and leaves no timer", async () => {
    const waiter = createWaiter();
    expect(await waiter.wait(async () => 1, 1_000)).toBe(1);
    await expect(waiter.wait(() => Promise.reject("no"), 1_000)).rejects.toBe("no");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("rejects with what is made of its limit", async () => {
    const waiter = createWaiter();
    const late = vi.fn(() => "late");
    const wait = waiter.wait(never, 1_000, late);
    vi.advanceTimersByTime(999);
    expect(late).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    await expect(wait).rejects.toBe("late");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ignores what the work does when it is late", async () => {
    const waiter = createWaiter();
    let reject: (error: unknown) => void = () => {};
    const work = new Promise((_, fail) => {
      reject = fail;
    });
    const wait = waiter.wait(
      () => work,
      1_000,
      () => "late",
    );
    vi.advanceTimersByTime(1_000);
    await expect(wait).rejects.toBe("late");
    reject("too late");
  });

  test.each([undefined, 2 ** 31, Number.POSITIVE_INFINITY, Number.NaN])(
    "has no timer for a limit of %s",
    async (ms) => {
      const waiter = createWaiter();
      const wait = waiter.wait(never, ms);
      expect(vi.getTimerCount()).toBe(0);
      waiter.interrupt();
      await expect(wait).rejects.toBe(interrupted);
    },
  );

  test("is interrupted at once, and leaves no timer", async () => {
    const waiter = createWaiter();
    const wait = waiter.wait(never, 1_000);
    expect(vi.getTimerCount()).toBe(1);
    waiter.interrupt();
    expect(vi.getTimerCount()).toBe(0);
    await expect(wait).rejects.toBe(interrupted);
  });

  test("is interrupted by its own work, and leaves no timer", async () => {
    const waiter = createWaiter();
    const wait = waiter.wait(() => {
      waiter.interrupt();
      return never();
    }, 1_000);
    expect(vi.getTimerCount()).toBe(0);
    await expect(wait).rejects.toBe(interrupted);
  });

  test("of a sleep ends by itself, or is interrupted", async () => {
    const waiter = createWaiter();
    const sleep = waiter.sleep(1_000);
    vi.advanceTimersByTime(1_000);
    await sleep;
    const other = waiter.sleep(1_000);
    waiter.interrupt();
    await expect(other).rejects.toBe(interrupted);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is not touched by an interruption when it is over, nor by one before", async () => {
    const waiter = createWaiter();
    waiter.interrupt();
    const wait = waiter.wait(async () => 1);
    expect(await wait).toBe(1);
    waiter.interrupt();
    expect(await wait).toBe(1);
  });
});
