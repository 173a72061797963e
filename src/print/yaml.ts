/** A value that JSON has a form for; properties that are undefined are left out. */
export type YamlValue =
  | string
  | number
  | boolean
  | null
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue | undefined };

/**
 * A value as a YAML document that readers of YAML 1.1, YAML 1.2 and JSON take for the same.
 *
 * Strings are plain where no reader takes them for something else, literal blocks where they have several lines, and
 * quoted otherwise. Documents of large APIs have millions of lines, so the text is made at once, without a tree of nodes.
 */
export function printYaml(value: YamlValue): string {
  const text = `${isCollection(value) ? collection(value, "") : scalar(value, "")}\n`;
  text.charCodeAt(0); // V8 joins the pieces that the text was made of when it is read, and frees them
  return text;
}

/** The lines of a list or an object; the first of them without its indent. */
function collection(value: object & YamlValue, indent: string): string {
  const inner = `${indent}  `;
  let text = "";
  if (isList(value)) {
    for (const item of value) {
      const printed = isCollection(item) ? collection(item, inner) : scalar(item, inner);
      text += text === "" ? `- ${printed}` : `\n${indent}- ${printed}`;
    }
    return text === "" ? "[]" : text;
  }
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) {
      continue;
    }
    const start = text === "" ? key(name, indent) : `\n${indent}${key(name, indent)}`;
    if (isCollection(item)) {
      const printed = collection(item, inner);
      text += printed === "[]" || printed === "{}" ? `${start}: ${printed}` : `${start}:\n${inner}${printed}`;
    } else {
      text += `${start}: ${scalar(item, inner)}`;
    }
  }
  return text === "" ? "{}" : text;
}

/** The longest key that may stand without a `?` in front (YAML 1.2.2, section 8.2.2). */
const LONGEST_KEY = 1024;

function key(name: string, indent: string): string {
  const printed = line(name, indent === "");
  return printed.length > LONGEST_KEY ? `? ${printed}\n${indent}` : printed;
}

function scalar(value: string | number | boolean | null, indent: string): string {
  if (typeof value !== "string") {
    return JSON.stringify(value);
  }
  return value.includes("\n") && !NEEDS_ESCAPES.test(value) ? block(value, indent) : line(value, indent === "");
}

/**
 * Control characters, line breaks of YAML 1.1, byte order marks, halves of surrogate pairs, and what a block would
 * lose: a last line of nothing but spaces, and a text of nothing else.
 */
const NEEDS_ESCAPES = /(?![\t\n])[\p{Cc}\p{Cs}\u2028\u2029\ufeff]|\n[\t ]+$|^[\t\n ]+$/u;

/** A literal block (section 8.1.2): its header says which space at its start and its end belongs to the text. */
function block(value: string, indent: string): string {
  const margin = indent === "" ? "  " : indent;
  const end = /[\t\n ]*$/.exec(value)?.[0] ?? "";
  const newline = end.indexOf("\n");
  const chomping = newline === -1 ? "-" : newline === end.length - 1 ? "" : "+";
  const indentation = /^\n* /.test(value) ? "2" : "";
  const text = end.endsWith("\n") ? value.slice(0, -1) : value;
  return `|${indentation}${chomping}\n${margin}${text.replace(/\n+(?!\n|$)/g, `$&${margin}`)}`;
}

/** The strings that were printed lately: most of a document are the same few. */
const printed = new Map<string, string>();

/** A string on one line. */
function line(value: string, isTopLevel: boolean): string {
  if (isTopLevel && /^(?:%|---|\.\.\.)/.test(value)) {
    return quoted(value); // else it would end the document
  }
  let text = printed.get(value);
  if (text === undefined) {
    text = isPlain(value) ? value : quoted(value);
    if (printed.size >= 10_000) {
      printed.clear();
    }
    printed.set(value, text);
  }
  return text;
}

/** Whether a string is text to every reader without quotes: no indicator of YAML, and no number, date or word of it. */
function isPlain(value: string): boolean {
  return !INDICATOR.test(value) && !OTHER_TYPE.test(value) && (/^[ -~]*$/.test(value) || !NEEDS_ESCAPES.test(value));
}

/** Section 7.3.3: what starts a plain scalar, and what ends it. */
const INDICATOR = /^[\t ,[\]{}#&*!|>'"%@`]|^[?-]$|^[?-][ \t]|\n|:[ \t]|[\t ]#|[\t :]$/;

/** What the schemas of YAML 1.1 and YAML 1.2 take for another type than text. */
const OTHER_TYPE = new RegExp(
  `^(?:${[
    "~|[Nn]ull|NULL|<<|=|",
    "[YyNn]|[Yy]es|YES|[Nn]o|NO|[Tt]rue|TRUE|[Ff]alse|FALSE|[Oo]n|ON|[Oo]ff|OFF",
    "[-+]?(?:[0-9][0-9_]*|0b[01_]+|0x[0-9a-fA-F_]+)|0o[0-7]+",
    "[-+]?\\.(?:inf|Inf|INF)|\\.nan|\\.NaN|\\.NAN",
    "[-+]?(?:[0-9][0-9_]*)?(?:\\.[0-9_]*)?(?:[eE][-+]?[0-9]+)",
    "[-+]?(?:[0-9][0-9_]*)?\\.[0-9_]*",
    "[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\\.[0-9_]*)?",
    "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[tT]|[ \\t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\\.[0-9]+)?(?:[ \\t]*(?:Z|[-+][012]?[0-9](?::[0-9]{2})?))?)?",
  ].join("|")})$`,
);

function quoted(value: string): string {
  const isSingle = value.includes('"') && !value.includes("'") && !value.includes("\n") && !NEEDS_ESCAPES.test(value);
  return isSingle ? `'${value}'` : JSON.stringify(value).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, escaped);
}

/** What YAML has to escape, and JSON does not. */
function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function isCollection(value: YamlValue): value is object & YamlValue {
  return typeof value === "object" && value !== null;
}

function isList(value: object): value is readonly YamlValue[] {
  return Array.isArray(value);
}
