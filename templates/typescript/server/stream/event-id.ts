import { type DescField, isFieldSet, type Message } from "@bufbuild/protobuf";
import { expectedText, parseValue } from "../request/parse-value.js";
import { checkEventId } from "./tracked.js";

/** Reads the id of an event from its message; undefined where the field is not set, or is the empty string. */
export type IdReader = (message: Message) => string | undefined;

/** Creates the reader of an `event_id` field. Throws a `TypeError` for an id that no `id:` line can hold. */
export function createIdReader(field: DescField): IdReader {
  const { oneof, localName } = field;
  // google.protobuf.FeatureSet.FieldPresence.IMPLICIT: such a field has a value always, and 0 is an id like another.
  const isImplicit = field.presence === 2;
  return (message) => {
    if (!isImplicit && !isFieldSet(message, field)) {
      return undefined;
    }
    const holder: unknown = oneof ? Reflect.get(message, oneof.localName) : message;
    // A message, or a oneof that is set: objects both.
    const value: unknown = Reflect.get(holder as object, oneof ? "value" : localName);
    const text = field.fieldKind === "enum" ? nameOf(field, Number(value)) : String(value);
    // An empty id would reset the client's cursor (WHATWG HTML 9.2.6): it stands for none.
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
