import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { retryAfterMs } from "./retry.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 20, 12) }));
afterEach(() => void vi.useRealTimers());

test.each([
  ["0", 0],
  ["120", 120_000],
  ["Fri, 20 Nov 2026 12:00:30 GMT", 30_000],
  ["Fri, 20 Nov 2026 11:00:00 GMT", 0],
])("%j", (value, ms) => {
  expect(retryAfterMs(new Headers({ "retry-after": value }))).toBe(ms);
});

test.each(["", "-1", "1.5", "soon", "soon GMT", "2026-11-20"])("%j is malformed", (value) => {
  expect(retryAfterMs(new Headers({ "retry-after": value }))).toBeUndefined();
});

test("is absent", () => {
  expect(retryAfterMs(new Headers())).toBeUndefined();
});
