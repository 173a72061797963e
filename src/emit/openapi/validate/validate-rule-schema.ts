import type { Schema } from "../objects.js";

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
