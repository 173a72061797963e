import { expect, test } from "vitest";
import { measure, table } from "../bench/harness.js";

/** A subject with given costs, and a log of who ran. */
function subject(name: string, costs: number[], log: string[]) {
  let run = 0;
  return () => {
    log.push(name);
    return { time: costs[run++] ?? Number.NaN };
  };
}

test("subjects run in turn, and the ratio is taken in each round", async () => {
  const log: string[] = [];
  const results = await measure({
    name: "work",
    figures: { time: { unit: "ns", ratio: { peer: 0.5 }, value: 9 } },
    rounds: 3,
    warmup: 1,
    // The machine is ten times slower in the last round.
    subjects: { ours: subject("ours", [1000, 10, 20, 100], log), peer: subject("peer", [1, 20, 50, 200], log) },
  });
  expect(log.length).toBe(8);
  for (let round = 0; round < 4; round++) {
    expect(log.slice(2 * round, 2 * round + 2).sort()).toEqual(["ours", "peer"]);
  }
  expect(results).toMatchObject([
    { ours: 20, target: "9 ns", reached: false },
    { peer: "peer", theirs: 50, ratio: { low: 0.45, median: 0.5, high: 0.5 }, target: "0.5 ×", reached: true },
  ]);
  expect(table(results).split("\n").slice(2)).toEqual([
    "| work | 20 ns |  |  |  | ≤ 9 ns | no |",
    "| work | 20 ns | peer | 50 ns | **0.50** (0.45–0.50) | ≤ 0.5 × | yes |",
  ]);
});
