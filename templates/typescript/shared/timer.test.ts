import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { IdleTimer } from "./timer.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("runs out so long after the last touch, and once", () => {
  const onIdle = vi.fn();
  const timer = new IdleTimer(100, onIdle);
  timer.touch();
  vi.advanceTimersByTime(60);
  timer.touch();
  vi.advanceTimersByTime(99);
  expect(onIdle).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onIdle).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(1000);
  expect(onIdle).toHaveBeenCalledOnce();
  timer.touch();
  vi.advanceTimersByTime(100);
  expect(onIdle).toHaveBeenCalledTimes(2);
});

test("a clock that is set does not change the wait", () => {
  const onIdle = vi.fn();
  const timer = new IdleTimer(100, onIdle);
  timer.touch();
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(100);
  expect(onIdle).toHaveBeenCalledOnce();
});

test("stops", () => {
  const onIdle = vi.fn();
  const timer = new IdleTimer(100, onIdle);
  timer.touch();
  timer.stop();
  expect(vi.getTimerCount()).toBe(0);
});
