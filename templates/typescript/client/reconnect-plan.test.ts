import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ClientError, NetworkError, ReconnectError, StatusError } from "./errors.js";
import { planReconnect } from "./reconnect-plan.js";
import type { ReconnectOptions } from "./stream-options.js";

const context = { phase: "body", attempt: 7, lastEventId: "41" } as const;
const network = new NetworkError("lost", context);

/** A refusal with a `Retry-After`. */
function refused(retryAfter: string): StatusError {
  const response = new Response("", { status: 503, headers: { "retry-after": retryAfter } });
  return new StatusError(response, "", () => undefined, context);
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
  const errors: ClientError[] = [];
  return Array.from({ length: count }, () => planReconnect(error, errors, retryMs, options, context).delayMs);
}

describe("the delay", () => {
  it("doubles with each failure, up to its bound", () => {
    expect(delays(8, {})).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(delays(4, { initialDelayMs: 10, maxDelayMs: 35 })).toEqual([10, 20, 35, 35]);
  });

  it("is less by up to half of it, at random: clients do not all come back at once", () => {
    expect(delays(3, {}, undefined, 0.5)).toEqual([750, 1_500, 3_000]);
    expect(delays(1, {}, undefined, 0.999_999)[0]).toBeCloseTo(500, 0);
  });

  it("is the server's `retry:` as it stands, and then no less than that", () => {
    expect(delays(3, {}, 300, 0.999_999)).toEqual([300, expect.closeTo(300, 0), expect.closeTo(600, 0)]);
    expect(delays(3, {}, 0)).toEqual([0, 0, 0]);
  });

  it("bounds a `retry:`, too", () => {
    expect(delays(1, { maxDelayMs: 200 }, 300)).toEqual([200]);
    expect(delays(1, {}, Number.POSITIVE_INFINITY)).toEqual([30_000]);
  });

  it("is at least `Retry-After`", () => {
    expect(delays(1, {}, undefined, 0, refused("7"))).toEqual([7_000]);
    expect(delays(1, {}, undefined, 0, refused("0"))).toEqual([1_000]);
    expect(delays(1, {}, undefined, 0, refused("120"))).toEqual([120_000]);
    expect(delays(1, {}, undefined, 0, refused("soon"))).toEqual([1_000]);
  });

  it("is what a timer can count, however often it doubled", () => {
    expect(delays(1, {}, undefined, 0, refused("99999999999"))).toEqual([2 ** 31 - 1]);
    expect(delays(2_000, { maxAttempts: 2_000, maxDelayMs: Number.POSITIVE_INFINITY }).at(-1)).toBe(1_000 * 2 ** 16);
    expect(delays(2_000, { maxAttempts: 2_000 }, 0).at(-1)).toBe(0);
  });
});

describe("the attempts", () => {
  it("are ten by default", () => {
    expect(() => delays(10, {})).not.toThrow();
    expect(() => delays(11, {})).toThrow(ReconnectError);
  });

  it("leave an error with all the errors", () => {
    const errors: ClientError[] = [refused("1"), refused("2")];
    const plan = (): unknown => planReconnect(network, errors, undefined, { maxAttempts: 2 }, context);
    expect(plan).toThrow(
      expect.objectContaining({ errors: [errors[0], errors[1], network], cause: network, ...context }),
    );
  });

  it("may be none", () => {
    expect(() => delays(1, { maxAttempts: 0 })).toThrow(ReconnectError);
  });
});

it.each([new TypeError("not ours"), undefined, "text", { code: "network" }])("throws %o as it is", (error) => {
  let thrown: unknown = "nothing";
  try {
    planReconnect(error, [], undefined, {}, context);
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toBe(error);
});
