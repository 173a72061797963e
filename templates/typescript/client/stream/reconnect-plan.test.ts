import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type ClientError, NetworkError, ReconnectError, StatusError } from "../request/errors.js";
import { createFailures } from "./reconnect-plan.js";
import type { ReconnectOptions } from "./stream-options.js";

const context = { phase: "body", attempt: 7, lastEventId: "41" } as const;
const network = new NetworkError("lost", context);

/** An error response with a `Retry-After`. */
function refused(retryAfter: string): StatusError {
  const response = new Response("", { status: 503, headers: { "retry-after": retryAfter } });
  return new StatusError(response, "", {}, context);
}

/** The delays of `count` failures in a row, all of them jittered alike. */
function delays(
  count: number,
  options: ReconnectOptions,
  retryMs?: number,
  random = 0,
  error: ClientError = network,
): number[] {
  const spy = vi.spyOn(Math, "random").mockReturnValue(random);
  onTestFinished(() => spy.mockRestore());
  const failures = createFailures(options);
  return Array.from({ length: count }, () => failures.add(error, retryMs, context));
}

describe("the delay", () => {
  test("doubles with each failure, up to its bound", () => {
    expect(delays(8, {})).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(delays(4, { initialDelayMs: 10, maxDelayMs: 35 })).toEqual([10, 20, 35, 35]);
  });

  test("is less by up to half of it, at random: clients do not all come back at once", () => {
    expect(delays(3, {}, undefined, 0.5)).toEqual([750, 1_500, 3_000]);
    expect(delays(1, {}, undefined, 0.999_999)[0]).toBeCloseTo(500, 0);
  });

  test("is the server's `retry:`, and up to half of it more: it is the same for every client", () => {
    expect(delays(3, {}, 300)).toEqual([300, 600, 1_200]);
    expect(delays(3, {}, 300, 0.5)).toEqual([375, 750, 1_500]);
    expect(delays(3, {}, 0)).toEqual([0, 0, 0]);
  });

  test("has jitter also where it has grown to its bound, and of a `Retry-After`", () => {
    expect(delays(9, {}, undefined, 0.5).at(-1)).toBe(22_500);
    expect(delays(9, {}, 3_000, 0.5).at(-1)).toBe(37_500);
    expect(delays(1, {}, undefined, 0.5, refused("8"))).toEqual([10_000]);
  });

  test("bounds a `retry:`, too", () => {
    expect(delays(1, { maxDelayMs: 200 }, 300)).toEqual([200]);
    expect(delays(1, {}, Number.POSITIVE_INFINITY)).toEqual([30_000]);
  });

  test("is at least `Retry-After`", () => {
    expect(delays(1, {}, undefined, 0, refused("7"))).toEqual([7_000]);
    expect(delays(1, {}, undefined, 0, refused("0"))).toEqual([1_000]);
    expect(delays(1, {}, undefined, 0, refused("120"))).toEqual([120_000]);
    expect(delays(1, {}, undefined, 0, refused("soon"))).toEqual([1_000]);
  });

  test("is never a `Retry-After` beyond its bound, five minutes by default: the stream fails with that error", () => {
    expect(delays(1, {}, undefined, 0, refused("300"))).toEqual([300_000]);
    const error = refused("301");
    expect(() => delays(1, {}, undefined, 0, error)).toThrow(error);
    expect(() => delays(1, { maxRetryAfterMs: 119_999 }, undefined, 0, refused("120"))).toThrow(StatusError);
  });

  test("is what a timer can count, however often it doubled", () => {
    const maxRetryAfterMs = Number.POSITIVE_INFINITY;
    expect(delays(1, { maxRetryAfterMs }, undefined, 0, refused("99999999999"))).toEqual([2 ** 31 - 1]);
    expect(delays(2_000, { maxAttempts: 2_000, maxDelayMs: Number.POSITIVE_INFINITY }).at(-1)).toBe(1_000 * 2 ** 16);
    expect(delays(2_000, { maxAttempts: 2_000 }, 0).at(-1)).toBe(0);
  });
});

describe("the attempts", () => {
  test("are ten by default", () => {
    expect(() => delays(10, {})).not.toThrow();
    expect(() => delays(11, {})).toThrow(ReconnectError);
  });

  test("leave an error with the last ten errors, and the count", () => {
    const errors = Array.from({ length: 100 }, (_, index) => new NetworkError(`${index}`, context));
    const failures = createFailures({ maxAttempts: 99 });
    const last = errors.pop();
    for (const error of errors) {
      failures.add(error, undefined, context);
    }
    let thrown: unknown;
    try {
      failures.add(last ?? network, undefined, context);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ReconnectError);
    expect(thrown).toMatchObject({ errors: [...errors.slice(-9), last], failures: 100, cause: last, ...context });
    expect(String(thrown)).toContain("gave up after 99 further requests: ");
  });

  test("may be none", () => {
    expect(() => delays(1, { maxAttempts: 0 })).toThrow(ReconnectError);
  });
});

describe("progress", () => {
  const event = (code: number) => new StatusError(new Response(), JSON.stringify({ code }), {}, context);
  const add = (failures: ReturnType<typeof createFailures>, error: ClientError) => () =>
    failures.add(error, undefined, context);

  test("is an event, and a heartbeat between failures of the connection", () => {
    const failures = createFailures({ maxAttempts: 1 });
    for (let i = 0; i < 5; i++) {
      add(failures, network)();
      failures.onHeartbeat();
      add(failures, event(14))();
      failures.onProgress();
    }
  });

  test("is no heartbeat between error events, though the connection breaks in between", () => {
    const failures = createFailures({ maxAttempts: 3 });
    for (const code of [13, 2, 14]) {
      add(failures, event(code))();
      failures.onHeartbeat();
      add(failures, network)();
      failures.onHeartbeat();
    }
    expect(add(failures, event(13))).toThrow(ReconnectError);
  });
});
