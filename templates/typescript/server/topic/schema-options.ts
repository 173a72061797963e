/**
 * The options of sse/v1/annotations.proto that a topic needs. A topic knows only its schema: no method, and so no table
 * of generated code. This is the only place of the runtime that reads options.
 */
import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";

/** The field of a message with the option `(sse.v1.event_id)`. */
export function findIdField(schema: DescMessage): DescField | undefined {
  return schema.fields.find(({ proto }) => hasFlag(proto.options, 50131));
}

/** Throws a `TypeError` for a message with a oneof that has the option `(sse.v1.events)`, if no member of it is set. */
export function checkEventIsSet(schema: DescMessage, message: Message): void {
  for (const { proto, localName, name } of schema.oneofs) {
    if (hasFlag(proto.options, 50120) && Reflect.get(Reflect.get(message, localName), "case") === undefined) {
      throw new TypeError(`${schema.typeName} without an event: set a member of its oneof "${name}"`);
    }
  }
}

/** Whether an option that is a bool is true. It is an extension, which protobuf-es does not know; `true` is the one byte 1. */
function hasFlag(options: Pick<Message, "$unknown"> | undefined, number: number): boolean {
  return options?.$unknown?.some(({ no, data }) => no === number && data[0] === 1) ?? false;
}
