import type { Schema } from "../objects.js";

/** Bounds that a rule narrows: the narrower one replaces that of the type. */
const BOUNDS = { minimum: ["minimum", "exclusiveMinimum"], maximum: ["maximum", "exclusiveMaximum"] } as const;

/** Limits of which the strictest holds. */
const LIMITS: Readonly<Record<string, (...limits: number[]) => number>> = {
  minLength: Math.max,
  minItems: Math.max,
  minProperties: Math.max,
  maxLength: Math.min,
  maxItems: Math.min,
  maxProperties: Math.min,
};

/** One schema that asks for all of them: keywords that two of them have go to `allOf`. */
export function combine(base: Schema, ...parts: readonly Schema[]): Schema {
  const result: Record<string, unknown> = { ...base };
  const clashes: Schema[] = [];
  for (const [bound, narrower] of Object.entries(BOUNDS)) {
    if (parts.some((part) => narrower.some((key) => part[key] !== undefined))) {
      delete result[bound];
    }
  }
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      if (value === undefined) {
        continue;
      }
      const strictest = LIMITS[key];
      if (result[key] === undefined) {
        result[key] = value;
      } else if (strictest !== undefined) {
        result[key] = strictest(Number(result[key]), Number(value));
      } else if (JSON.stringify(result[key]) !== JSON.stringify(value)) {
        clashes.push({ [key]: value });
      }
    }
  }
  return clashes.length > 0 ? { ...result, allOf: [...(base.allOf ?? []), ...clashes] } : result;
}

/** What rules come to in a schema. */
export interface RuleSchema {
  /** What the value must satisfy, all of them. */
  readonly keywords?: readonly Schema[] | undefined;
  /** What no keyword says, as sentences. */
  readonly notes?: readonly string[] | undefined;
  /** Annotations: what is true of every value, and exempts none. */
  readonly extensions?: Schema | undefined;
}

/** All of them in one, with nothing undefined. */
export function joinRules(...parts: readonly RuleSchema[]): JoinedRules {
  return {
    keywords: parts.flatMap((part) => part.keywords ?? []).filter((schema) => Object.keys(schema).length > 0),
    notes: parts.flatMap((part) => part.notes ?? []),
    extensions: Object.assign({}, ...parts.map((part) => part.extensions ?? {})),
  };
}

export interface JoinedRules {
  readonly keywords: readonly Schema[];
  readonly notes: readonly string[];
  readonly extensions: Schema;
}
