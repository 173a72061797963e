import type { ValueRules } from "../../../model/rules.js";
import type { JsonValue, Schema } from "../objects.js";
import type { RuleSchema } from "./combine.js";

/** `gt`, `gte`, `lt` and `lte` of a type. A range whose ends are swapped is all that is outside of it. */
interface Range {
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
  readonly isInverted: boolean;
}

interface Bound {
  readonly value: JsonValue;
  readonly isExclusive: boolean;
}

/** Bounds of a number that JSON has as a number. */
export function numberBounds({ rules }: ValueRules): RuleSchema {
  const range = readRange(rules, (a, b) => Number(a) - Number(b));
  const { lower, upper, isInverted } = range;
  const ends = [lower, upper].filter((bound) => bound !== undefined);
  if (!ends.every(({ value }) => typeof value === "number")) {
    return { notes: rangeNotes(range) };
  }
  const above = lower === undefined ? {} : keyword("minimum", "exclusiveMinimum", lower);
  const below = upper === undefined ? {} : keyword("maximum", "exclusiveMaximum", upper);
  return { keywords: isInverted ? [{ anyOf: [below, above] }] : [{ ...above, ...below }] };
}

/** Bounds of a 64-bit integer, which is a string in JSON. No keyword applies to it, so they are extensions. */
export function int64Bounds({ rules }: ValueRules): RuleSchema {
  const range = readRange(rules, (a, b) => Number(BigInt(String(a)) - BigInt(String(b))));
  const { lower, upper, isInverted } = range;
  const inclusive = ({ value, isExclusive }: Bound, inward: bigint) =>
    String(BigInt(String(value)) + (isExclusive ? inward : 0n));
  return {
    notes: rangeNotes(range),
    extensions: isInverted
      ? {}
      : {
          ...(lower === undefined ? {} : { "x-minimum": inclusive(lower, 1n) }),
          ...(upper === undefined ? {} : { "x-maximum": inclusive(upper, -1n) }),
        },
  };
}

/** Bounds of a duration or a time, as sentences, because no keyword compares them. */
export function timeBounds({ type, rules }: ValueRules): readonly string[] {
  const toNumber = (value: JsonValue) =>
    type === "duration" ? Number.parseFloat(String(value)) : Date.parse(String(value));
  return [
    ...rangeNotes(readRange(rules, (a, b) => toNumber(a) - toNumber(b))),
    ...(rules["lt_now"] === true ? ["In the past."] : []),
    ...(rules["gt_now"] === true ? ["In the future."] : []),
    ...(rules["within"] === undefined ? [] : [`At most \`${rules["within"]}\` from now.`]),
  ];
}

function readRange(rules: ValueRules["rules"], compare: (a: JsonValue, b: JsonValue) => number): Range {
  const end = (exclusive: string, inclusive: string): Bound | undefined => {
    const name = rules[exclusive] === undefined ? inclusive : exclusive;
    const value = rules[name];
    return value === undefined ? undefined : { value, isExclusive: name === exclusive };
  };
  const lower = end("gt", "gte");
  const upper = end("lt", "lte");
  const isInverted = lower !== undefined && upper !== undefined && compare(upper.value, lower.value) < 0;
  return { lower, upper, isInverted };
}

function keyword(
  inclusive: "minimum" | "maximum",
  exclusive: "exclusiveMinimum" | "exclusiveMaximum",
  { value, isExclusive }: Bound,
): Schema {
  return { [isExclusive ? exclusive : inclusive]: Number(value) };
}

function rangeNotes({ lower, upper, isInverted }: Range): readonly string[] {
  const above = lower && `${lower.isExclusive ? "greater than" : "at least"} \`${lower.value}\``;
  const below = upper && `${upper.isExclusive ? "less than" : "at most"} \`${upper.value}\``;
  const text = [above, below].filter((part) => part !== undefined).join(isInverted ? " or " : " and ");
  return text === "" ? [] : [`${text[0]?.toUpperCase()}${text.slice(1)}.`];
}
