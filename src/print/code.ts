import type { Printable } from "@bufbuild/protoplugin";

/**
 * A block of generated code, written the way it will read.
 *
 * The block is dedented to the margin of its first line, so that a template can stand indented among
 * the code that makes it. A placeholder alone on its line holds whole lines: they are indented to its
 * column, and the line goes away when the placeholder prints nothing.
 *
 * Placeholders are printables: an ImportSymbol still becomes an import.
 */
export function code(strings: TemplateStringsArray, ...values: Printable[]): Printable {
  const [first = "", ...rest] = dedent(strings);
  const block: Printable[] = [];
  let text = first;
  let atLineStart = true; // whether `text` begins a line
  rest.forEach((next, i) => {
    const value = values[i] ?? "";
    const column = (atLineStart ? /(?:^|\n)( *)$/ : /\n( *)$/).exec(text)?.[1];
    const isAlone = column !== undefined && /^(\n|$)/.test(next);
    const isDropped = isAlone && isEmpty(value);
    block.push(isDropped ? text.slice(0, text.length - column.length) : text);
    if (!isDropped) {
      block.push(isAlone ? indent(value, column) : value);
    }
    text = isDropped ? next.slice(1) : next;
    atLineStart = isDropped;
  });
  return [...block, text];
}

/** The items, separated by one blank line by default. */
export function join(items: readonly Printable[], separator = "\n\n"): Printable {
  return items.flatMap((item, i) => (i === 0 ? [item] : [separator, item]));
}

/** The text of a block without imports. */
export function toText(block: Printable): string {
  return flatten(block).join("");
}

/** The strings of a template without their common margin, the first newline and the last line. */
function dedent(strings: readonly string[]): string[] {
  const margin = /^\n( *)/.exec(strings[0] ?? "")?.[1] ?? "";
  const last = strings.length - 1;
  return strings
    .map((s) => s.replaceAll(`\n${margin}`, "\n"))
    .map((s, i) => (i === 0 ? s.replace(/^\n/, "") : s))
    .map((s, i) => (i === last ? s.replace(/\n *$/, "") : s));
}

/** Every line of the block but the first, which stands at the column already. */
function indent(block: Printable, column: string): Printable {
  let atLineStart = false;
  return flatten(block).map((item) => {
    if (item === "") {
      return item;
    }
    const isText = typeof item === "string";
    const pad = atLineStart && !(isText && item.startsWith("\n")) ? column : "";
    atLineStart = isText && item.endsWith("\n");
    return [pad, isText ? item.replace(/\n(?=[^\n])/g, `\n${column}`) : item];
  });
}

function flatten(block: Printable): Printable[] {
  return Array.isArray(block) ? block.flatMap(flatten) : [block];
}

function isEmpty(block: Printable): boolean {
  return Array.isArray(block) ? block.every(isEmpty) : block === "";
}
