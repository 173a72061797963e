import type { Schema } from "../objects.js";

/** Bounds of a type, and the keywords of rules that replace them. */
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

/** One schema that requires all of them. If two have the same keyword, one goes to `allOf`. */
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

/** The parts of a schema that rules turn into. */
export interface RuleSchema {
  /** Schemas that the value must all satisfy. */
  readonly keywords?: readonly Schema[] | undefined;
  /** Rules that no keyword expresses, as sentences. */
  readonly notes?: readonly string[] | undefined;
  /** Annotations, which apply to exempt values as well. */
  readonly extensions?: Schema | undefined;
}

/** Joins the parts, with empty lists for those that are undefined. */
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
