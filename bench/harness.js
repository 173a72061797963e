// @ts-check
/**
 * Measures subjects side by side: in each round every subject runs once, one after the other, so that all of them see
 * the same state of the machine. The ratio is taken in each round; the table shows its median and its quartiles.
 */
import { cpus } from "node:os";

/**
 * A subject does a fixed piece of work once and returns what it cost: a value for each figure of its row.
 * @typedef {() => Record<string, number> | Promise<Record<string, number>>} Subject
 */

/**
 * What is read off a subject. Every figure is a cost: less is better.
 * @typedef {object} Figure
 * @property {string} unit `ns/event`
 * @property {Record<string, number>} [ratio] By the name of another subject: the target, our cost divided by its cost.
 * @property {number} [value] The target for our own value, in the unit.
 */

/**
 * One piece of work that several subjects do.
 * @typedef {object} Row
 * @property {string} name
 * @property {Record<string, Figure>} figures By the names that the subjects return. One row of the table for each.
 * @property {Record<string, Subject>} subjects The first is ours.
 * @property {number} [rounds] 11 by default. 1 for what does not vary, such as a number of bytes.
 * @property {number} [warmup] Rounds before them that do not count. 2 by default.
 * @property {() => unknown} [close] Runs after the last round.
 */

/**
 * A module of `rows/` exports this as its default.
 * @typedef {object} Bench
 * @property {string} title
 * @property {string[]} [packages] Installed packages whose versions are printed.
 * @property {string[]} [versions] What is printed instead of the version of Node.
 * @property {string} [missing] What is not installed: the bench is skipped, and its table stays.
 * @property {Row[] | Promise<Row[]>} rows
 * @property {(results: Result[]) => Goal[]} [goals] Targets over several rows: "0.7 or less in 9 of 13 rows".
 * @property {() => unknown} [close] Runs after the last row.
 */

/**
 * @typedef {object} Goal
 * @property {string} name
 * @property {boolean} reached
 */

/**
 * One figure of a row, beside one other subject.
 * @typedef {object} Result
 * @property {string} row
 * @property {string} figure
 * @property {string} unit
 * @property {number} ours
 * @property {string} [peer]
 * @property {number} [theirs]
 * @property {Spread} [ratio]
 * @property {string} target Empty if there is none.
 * @property {boolean} [reached]
 */

/** @typedef {{ median: number, low: number, high: number }} Spread The quartiles around the median. */

const ROUNDS = 11;
const WARMUP = 2;

/** Runs all rounds of a row. @param {Row} row @returns {Promise<Result[]>} */
export async function measure({ name, figures, subjects, rounds = ROUNDS, warmup = rounds === 1 ? 0 : WARMUP, close }) {
  const entries = Object.entries(subjects);
  const costs = new Map(entries.map(([subject]) => [subject, /** @type {Record<string, number>[]} */ ([])]));
  for (let round = -warmup; round < rounds; round++) {
    for (const [subject, run] of inTurn(entries, round)) {
      const cost = await run();
      if (round >= 0) {
        costs.get(subject)?.push(cost);
      }
    }
  }
  await close?.();
  const [[, own] = missing(name, "subject"), ...peers] = [...costs];
  return Object.entries(figures).flatMap(([figure, { unit, ratio: ratios = {}, value }]) => {
    const read = (/** @type {Record<string, number>} */ cost) => cost[figure] ?? missing(name, figure);
    const ours = spread(own.map(read)).median;
    const all = { row: name, figure, unit, ours };
    const beside = peers.map(([peer, theirs]) => {
      const ratio = spread(theirs.map((cost, round) => read(own[round] ?? {}) / read(cost)));
      const target = ratios[peer];
      return {
        ...{ ...all, peer, theirs: spread(theirs.map(read)).median, ratio },
        ...(target === undefined ? { target: "" } : { target: `${target} ×`, reached: ratio.median <= target }),
      };
    });
    if (value !== undefined) {
      return [{ ...all, target: `${print(value)} ${unit}`, reached: ours <= value }, ...beside];
    }
    return beside.length > 0 ? beside : [{ ...all, target: "" }];
  });
}

/** @param {string} row @param {string} what @returns {never} */
function missing(row, what) {
  throw new Error(`the row "${row}" has no ${what}`);
}

/** Another one begins in each round: what runs after a heavy neighbour finds a fuller heap. */
function inTurn(/** @type {[string, Subject][]} */ subjects, /** @type {number} */ round) {
  const from = (round + subjects.length * ROUNDS) % subjects.length;
  return [...subjects.slice(from), ...subjects.slice(0, from)];
}

/** @param {number[]} values @returns {Spread} */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ part) => {
    const position = (sorted.length - 1) * part;
    const [below = Number.NaN, above = below] = sorted.slice(Math.floor(position), Math.floor(position) + 2);
    return below + (above - below) * (position - Math.floor(position));
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** The machine, and the versions of what runs on it: first that of the language. @param {string[]} versions */
export function environment([language = "", ...packages]) {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
  return [language, machine, ...packages].join("; ");
}

/** @param {Result[]} results */
export function table(results) {
  const head = ["", "ours", "", "beside", "ratio (quartiles)", "target", "reached"];
  const lines = results.map(({ row, figure, unit, ours, peer, theirs, ratio, target, reached }) => [
    results.some((other) => other.row === row && other.figure !== figure) ? `${row}: ${figure}` : row,
    `${print(ours)} ${unit}`,
    peer ?? "",
    theirs === undefined ? "" : `${print(theirs)} ${unit}`,
    ratio === undefined ? "" : `${printRatio(ratio)}`,
    target === "" ? "" : `≤ ${target}`,
    reached === undefined ? "" : reached ? "yes" : "no",
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** @param {Spread} ratio */
function printRatio({ median, low, high }) {
  const text = median.toFixed(2);
  return low === high ? text : `**${text}** (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** Three digits, as more of them say nothing. @param {number} value */
function print(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
