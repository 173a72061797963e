/** A value of JSON, as `JSON.parse` returns it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** An object of JSON. */
export type JsonObject = { [key: string]: JsonValue };

/** Whether a value of JSON is an object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether an object has a property of its own. `Object.hasOwn` is part of ES2022, which not every project's `lib` has. */
export function hasOwn(object: object, name: string): boolean {
  return Object.getOwnPropertyDescriptor(object, name) !== undefined;
}
