/** A path template in the grammar of google/api/http.proto, cut into what a URL's path is made of. */
export interface PathPattern {
  /** `*`, `**`, or a literal as it stands in a URL, which may hold percent escapes. None for the path `/`. */
  readonly segments: readonly string[];
  /** What follows the `:` at the end; empty for none. */
  readonly verb: string;
  /** In the order in which they stand. */
  readonly variables: readonly PatternVariable[];
}

/** The segments whose text is the value of one field. */
export interface PatternVariable {
  /** Index of its first segment. */
  readonly start: number;
  /** Index after its last segment. */
  readonly end: number;
  /** Whether its value may span segments, so that a `/` in it stands for itself. */
  readonly multi: boolean;
}

/** Cuts a template that the plugin has checked: whatever breaks the grammar gives an arbitrary result. */
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

/**
 * The value of a variable from its text in a URL, as google/api/http.proto has it: every escape of a
 * single segment is decoded; a `%2F` of a variable that may span segments stays as it is.
 * Throws URIError for an escape without two hexadecimal digits, and for bytes that are not UTF-8.
 */
export function decodeVariable(text: string, multi: boolean): string {
  return multi
    ? text
        .split(/(%2F)/i)
        .map((part, index) => (index % 2 ? part : decodeURIComponent(part)))
        .join("")
    : decodeURIComponent(text);
}
