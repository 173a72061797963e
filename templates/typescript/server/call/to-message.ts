import { create, type DescMessage, isMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";

/** What a message is made of: the message itself, or an object with the fields to set. */
export type Init<T extends Message> = MessageInitShape<GenMessage<T>>;

/**
 * The message that a handler returned or yielded, made from its init shape if it is not a message yet.
 * `create` accepts any value and leaves the fields that it does not find unset, so a wrong value would
 * be sent as an empty message. Throws a `TypeError` for such a value.
 */
export function toMessage(schema: DescMessage, value: unknown): Message {
  if (isMessage(value, schema)) {
    return value;
  }
  if (!isInit(schema, value)) {
    throw new TypeError(
      `handler gave ${describeValue(value)}: give a ${schema.typeName}, or an object with its fields`,
    );
  }
  return create(schema, value);
}

function isInit(schema: DescMessage, value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isMessage(value)) {
    return false;
  }
  const keys = Object.keys(value);
  if (keys.length === 0) {
    // An Error, a Promise, a Date and a Map have no keys either, but a prototype.
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || prototype === Object.prototype;
  }
  // Further properties are fine, as in a row of a database; no field at all is a mistake.
  return keys.some((key) => schema.members.some((member) => member.localName === key));
}

function describeValue(value: unknown): string {
  if (value === null || typeof value !== "object") {
    return value === null || value === undefined ? String(value) : `a ${typeof value}`;
  }
  if (isMessage(value)) {
    return `a ${value.$typeName}`;
  }
  const keys = Object.keys(value).slice(0, 3);
  return `${Array.isArray(value) ? "an array" : "an object"}${keys.length > 0 ? ` with ${keys.map((key) => JSON.stringify(key)).join(", ")}` : ""}`;
}
