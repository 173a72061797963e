/** A value of JSON, as `JSON.parse` returns it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** An object of JSON. */
export type JsonObject = { [key: string]: JsonValue };

/** Whether a value of JSON is an object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether an object has a property of its own. `Object.hasOwn` is part of ES2022, and some projects have an older `lib`. */
export function hasOwn(object: object, name: string): boolean {
  // biome-ignore lint/suspicious/noPrototypeBuiltins: see above.
  return Object.prototype.hasOwnProperty.call(object, name);
}

/** The entries of an object whose value is not undefined. */
export function withoutUndefined<T extends object>(entries: { readonly [K in keyof T]: T[K] | undefined }): T {
  // What is left has the types of `T`.
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as T;
}
