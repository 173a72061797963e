/** Translates a piece of RE2's syntax to ECMA-262; undefined if ECMA-262 has no equivalent. */
type Rule = readonly [piece: RegExp, translate: (match: RegExpExecArray) => string | undefined];

/**
 * Translates a regular expression of RE2 (github.com/google/re2/wiki/Syntax) to that of JSON Schema: ECMA-262 with the
 * flag `u`. Undefined if there is no equivalent, as for `(?i)`, which would need another flag.
 */
export function toEcmaPattern(re2: string): string | undefined {
  const pattern = translate(re2, outside);
  return pattern !== undefined && isPattern(pattern) ? pattern : undefined;
}

/** A pattern that matches only this text. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function translate(re2: string, rules: readonly Rule[]): string | undefined {
  let pattern = "";
  for (let index = 0; index < re2.length; ) {
    const [match, translated] = firstMatch(re2, index, rules) ?? [];
    if (match === undefined || translated === undefined) {
      return undefined;
    }
    pattern += translated;
    index += match[0].length;
  }
  return pattern;
}

function firstMatch(
  re2: string,
  index: number,
  rules: readonly Rule[],
): [RegExpExecArray, string | undefined] | undefined {
  for (const [piece, translateMatch] of rules) {
    piece.lastIndex = index; // it is sticky
    const match = piece.exec(re2);
    if (match !== null) {
      return [match, translateMatch(match)];
    }
  }
  return undefined;
}

function bracketed([, not, members = ""]: RegExpExecArray): string | undefined {
  const translated = translate(members, inClass);
  return translated === undefined ? undefined : `[${not}${translated}]`;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

const same = ([piece]: RegExpExecArray) => piece;

/** RE2's `\s` is ASCII, without `\v`. */
const SPACES = "\\t\\n\\f\\r ";

const POSIX: Record<string, string> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "\\w",
  xdigit: "0-9A-Fa-f",
};

/** Escapes that mean the same inside of brackets and outside. */
const escapes: readonly Rule[] = [
  [/\\(?:[dDwWfnrtv]|x[0-9A-Fa-f]{2})/uy, same],
  [/\\a/uy, () => "\\x07"],
  [/\\x\{([0-9A-Fa-f]+)\}/uy, ([, code]) => `\\u{${code}}`],
  [/\\([pP])(?:\{(\^?)(\w+)\}|(\w))/uy, property],
];

const outside: readonly Rule[] = [
  [/\\Q(.*?)(?:\\E|$)/suy, ([, text = ""]) => escapePattern(text)],
  [/\(\?P?<(\w+)>/uy, ([, name]) => `(?<${name}>`],
  [/\(\?:/uy, same],
  [/\(\?/uy, () => undefined], // flags; and lookaround, which RE2 has not
  [/\[(\^?)(\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]/suy, bracketed],
  [/\\A/uy, () => "^"],
  [/\\z/uy, () => "$"],
  [/\\[bB]/uy, same],
  [/\\s/uy, () => `[${SPACES}]`],
  [/\\S/uy, () => `[^${SPACES}]`],
  ...escapes,
  [/\\([^\p{L}\p{N}])/uy, ([, char = ""]) => escapePattern(char)],
  [/\\/uy, () => undefined], // octal numbers, `\C`, what RE2 has not
  [/\{\d+(?:,\d*)?\}/uy, same],
  [/\[/uy, () => undefined],
  [/[{}\]]/uy, ([char]) => `\\${char}`],
  [/./suy, same],
];

const inClass: readonly Rule[] = [
  [/\[:(\w+):\]/uy, ([, name = ""]) => POSIX[name]],
  [/\[:\^/uy, () => undefined],
  [/\\s/uy, () => SPACES],
  ...escapes,
  [/\\([^\p{L}\p{N}])/uy, ([, char = ""]) => char.replace(/[\\\][^-]/, "\\$&")],
  [/\\/uy, () => undefined],
  [/[[\]]/uy, ([char]) => `\\${char}`],
  [/./suy, same],
];

/** A general category has the same name; a script is a property there. */
function property([, p, not, name = "", letter]: RegExpExecArray): string | undefined {
  const value = letter ?? name;
  if (value === "C" || value === "") {
    return undefined; // has unassigned characters in ECMA-262
  }
  const negated = (p === "P") !== (not === "^");
  const isCategory = value === "Any" || /^[A-Z][a-z]?$/.test(value);
  return `\\${negated ? "P" : "p"}{${isCategory ? value : `Script=${value}`}}`;
}
