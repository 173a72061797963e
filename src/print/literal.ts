/** A value that prints as an expression; properties that are undefined are left out. */
export type Literal = string | number | boolean | readonly Literal[] | { readonly [key: string]: Literal | undefined };

/** The width that formatters of TypeScript are commonly set to at the most. */
const WIDTH = 120;

/** An object as a TypeScript expression, a line for each property. It will stand `margin` columns to the right. */
export function literal(value: { readonly [key: string]: Literal | undefined }, margin: number): string {
  return block(value, WIDTH - margin, "");
}

/** The value, on one line where `width` has room for it behind `column` characters. */
function fitted(value: Literal, width: number, indent: string, column: number): string {
  const line = inline(value);
  return typeof value !== "object" || column + line.length < width ? line : block(value, width, indent);
}

function block(value: object & Literal, width: number, indent: string): string {
  const inner = `${indent}  `;
  const item = (name: string, of: Literal) => `${inner}${name}${fitted(of, width, inner, inner.length + name.length)},`;
  const [open, close, items] = isList(value)
    ? ["[", "]", value.map((of) => item("", of))]
    : ["{", "}", entries(value).map(([key, of]) => item(`${property(key)}: `, of))];
  return [open, ...items, `${indent}${close}`].join("\n");
}

function inline(value: Literal): string {
  if (typeof value !== "object") {
    return JSON.stringify(value);
  }
  if (isList(value)) {
    return `[${value.map(inline).join(", ")}]`;
  }
  const properties = entries(value).map(([key, item]) => `${property(key)}: ${inline(item)}`);
  return properties.length === 0 ? "{}" : `{ ${properties.join(", ")} }`;
}

function entries(value: { readonly [key: string]: Literal | undefined }): [string, Literal][] {
  return Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, item]]));
}

/** A name as a property of an object literal. `__proto__: …` would set the prototype of the object. */
export function property(key: string): string {
  if (key === "__proto__") {
    return '["__proto__"]';
  }
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

function isList(value: object): value is readonly Literal[] {
  return Array.isArray(value);
}
