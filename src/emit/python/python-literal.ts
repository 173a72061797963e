/** The width that formatters are told to keep. */
export const WIDTH = 100;

/** An expression of a table: source text, or what is printed on one line or on several. */
export type Expression =
  | string
  | { readonly call: string; readonly args: readonly (readonly [name: string, value: Expression | undefined])[] }
  | { readonly tuple: readonly Expression[] }
  | { readonly dict: readonly (readonly [key: string, value: Expression])[] };

/** An argument a line, each on one line where it has room. It stands at the margin. */
export function exploded(value: Exclude<Expression, string>): string {
  return explode(value, "");
}

/** The value, on one line if it ends before the width; `column` characters stand before it, and a comma follows. */
function fitted(value: Expression, indent: string, column: number): string {
  const line = inline(value);
  return typeof value === "string" || column + line.length + 1 <= WIDTH ? line : explode(value, indent);
}

function explode(value: Exclude<Expression, string>, indent: string): string {
  const [open, close, items] = parts(value);
  const inner = `${indent}    `;
  return [
    open,
    ...items.map(([name, item]) => `${inner}${name}${fitted(item, inner, inner.length + name.length)},`),
    `${indent}${close}`,
  ].join("\n");
}

function inline(value: Expression): string {
  if (typeof value === "string") {
    return value;
  }
  const [open, close, items] = parts(value);
  const comma = "tuple" in value && items.length === 1 ? "," : "";
  return `${open}${items.map(([name, item]) => name + inline(item)).join(", ")}${comma}${close}`;
}

/** What opens and closes the expression, and its items, each behind its name. */
function parts(value: Exclude<Expression, string>): [string, string, (readonly [string, Expression])[]] {
  if ("call" in value) {
    const args = value.args.flatMap(([name, item]) => (item === undefined ? [] : [[`${name}=`, item] as const]));
    return [`${value.call}(`, ")", args];
  }
  return "tuple" in value
    ? ["(", ")", value.tuple.map((item) => ["", item])]
    : ["{", "}", value.dict.map(([key, item]) => [`${quote(key)}: `, item])];
}

/** A string literal, with the quotes that need fewer escapes. */
export function quote(text: string): string {
  const mark = count(text, '"') > count(text, "'") ? "'" : '"';
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll(mark, `\\${mark}`)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => ESCAPES[char] ?? hex(char));
  return `${mark}${escaped}${mark}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function hex(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16);
  const [mark, length] = code.length <= 2 ? ["x", 2] : code.length <= 4 ? ["u", 4] : ["U", 8];
  return `\\${mark}${code.padStart(length, "0")}`;
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

/**
 * A call or the head of a function, as formatters break it: on one line; or all arguments on a line of their own;
 * or each of them. `margin` is the column where it will stand.
 */
export function wrapped(start: string, args: readonly string[], end: string, margin: number): string {
  const line = `${start}(${args.join(", ")})${end}`;
  if (margin + line.length <= WIDTH) {
    return line;
  }
  const inner = `    ${args.join(", ")}`;
  const lines = margin + inner.length <= WIDTH ? [inner] : args.map((arg) => `    ${arg},`);
  return [`${start}(`, ...lines, `)${end}`].join("\n");
}
