/** A path template in the grammar of google/api/http.proto, split into segments. */
export interface PathPattern {
  /** `*`, `**`, or a literal as in a URL, which may have percent escapes. Empty for the path `/`. */
  readonly segments: readonly string[];
  /** The text after the `:` at the end; empty if there is none. */
  readonly verb: string;
  /** In the order of the path. */
  readonly variables: readonly PatternVariable[];
}

/** The segments whose text is the value of one field. */
export interface PatternVariable {
  /** Index of its first segment. */
  readonly start: number;
  /** Index after its last segment. */
  readonly end: number;
  /** Whether its value may have several segments, so that a `/` in it is not escaped. */
  readonly multi: boolean;
}

/** Parses a template that the plugin has checked. The result for an invalid template is arbitrary. */
export function parsePathPattern(text: string): PathPattern {
  const [, path = "", verb = ""] = /^\/(.*?)(?::([^/:}]*))?$/.exec(text) ?? [];
  const variables: PatternVariable[] = [];
  let start = 0;
  const segments = (path === "" ? [] : path.split("/")).map((part, index) => {
    if (part.startsWith("{")) {
      start = index;
    }
    const segment = part.replace(/^\{[^=}]*=?|\}$/g, "") || "*";
    if (part.endsWith("}")) {
      variables.push({ start, end: index + 1, multi: index > start || segment === "**" });
    }
    return segment;
  });
  return { segments, verb, variables };
}
