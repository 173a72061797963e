import { type DescField, isFieldSet, type Message } from "@bufbuild/protobuf";
import { expectedText, parseValue } from "../request/parse-value.js";

/**
 * A message with the id of its event, made by `context.tracked`. A class, and not a shape, since a
 * message may itself have the fields `id` and `message`.
 */
export class Tracked<T> {
  readonly #message: T;
  readonly id: string;

  constructor(id: string, message: T) {
    this.id = checkEventId(id);
    this.#message = message;
  }

  get message(): T {
    return this.#message;
  }
}

/**
 * Returns an event id that can stand in an `id:` line. CR and LF would begin a field or event of the
 * handler's data, and a client ignores an id with NUL (WHATWG HTML 9.2.6), so that it would resume
 * from an older one. Throws a `TypeError`.
 */
export function checkEventId(id: string): string {
  if (typeof id !== "string") {
    throw new TypeError(`event id of type ${typeof id}: make it a string`);
  }
  if (id === "") {
    throw new TypeError("event id is empty, which would make a client forget its place: leave it out");
  }
  if (/[\r\n\0]/.test(id)) {
    throw new TypeError(`event id ${JSON.stringify(id)} has a line break or NUL: use an id without`);
  }
  return id;
}

/** Reads the id of an event from its message; undefined where the field is not set, or is the empty string. */
export type IdReader = (message: Message) => string | undefined;

/** Creates the reader of an `event_id` field. Throws a `TypeError` for an id that no `id:` line can hold. */
export function createIdReader(field: DescField): IdReader {
  const { oneof, localName } = field;
  // google.protobuf.FeatureSet.FieldPresence.IMPLICIT: such a field always has a value, and 0 is a valid id.
  const isImplicit = field.presence === 2;
  return (message) => {
    if (!isImplicit && !isFieldSet(message, field)) {
      return undefined;
    }
    const holder: unknown = oneof ? Reflect.get(message, oneof.localName) : message;
    // An object: the message, or a oneof that is set.
    const value: unknown = Reflect.get(holder as object, oneof ? "value" : localName);
    const text = field.fieldKind === "enum" ? nameOf(field, Number(value)) : String(value);
    // An empty id would reset the client's cursor (WHATWG HTML 9.2.6), so it means no id.
    return text === "" ? undefined : checkEventId(text);
  };
}

function nameOf({ enum: type }: DescField & { fieldKind: "enum" }, number: number): string {
  return type.value[number]?.name ?? String(number);
}

/** Returns an event id that is also a value of the `event_id` field, if there is one. Throws a `TypeError` for another. */
export function checkIdOfField(field: DescField | undefined, id: string): string {
  if (field && parseValue(field, checkEventId(id)) === undefined) {
    throw new TypeError(`event id ${JSON.stringify(id)} is not ${expectedText(field)}, as ${field} has event_id`);
  }
  return id;
}
