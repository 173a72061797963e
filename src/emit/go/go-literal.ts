/** A composite literal of Go on one line. Fields that are undefined have their zero value, and are not printed. */
export type Fields = readonly (readonly [name: string, value: string | undefined])[];

/** A string literal: in backticks if that saves escapes. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escapeCharacter);
  const isRaw = /["\\]/.test(text) && !/[`\p{Cc}\u2028\u2029\ufeff]/u.test(text);
  return isRaw ? `\`${text}\`` : escaped;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `{Name: "a", Map: true}`, with its type in front unless Go knows it from where it stands. */
export function struct(type: string, fields: Fields): string {
  const printed = fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `${type}{${printed.join(", ")}}`;
}

/** The entry of a field that is not a zero value. */
export function text(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : quote(value);
}

export function flag(value: boolean | undefined): string | undefined {
  return value ? "true" : undefined;
}

/** A slice; undefined if it is empty. */
export function slice(type: string, items: readonly string[] | undefined): string | undefined {
  return items === undefined || items.length === 0 ? undefined : `[]${type}{${items.join(", ")}}`;
}

/** The entries of a map, in order; Go's formatter does not sort them. */
export function map(type: string, value: { readonly [key: string]: string }): string {
  const entries = Object.entries(value).map(([key, item]) => `${quote(key)}: ${item}`);
  return `${type}{${entries.join(", ")}}`;
}
