import { type DescEnum, type DescField, type DescMessage, type DescOneof, ScalarType } from "@bufbuild/protobuf";
import type { Printable } from "@bufbuild/protoplugin";
import type { Service } from "../../model/model.js";
import { code, join } from "../../print/code.js";
import { docstring } from "./docstring.js";
import type { Module } from "./imports.js";
import { isKeyword, snakeCase, uniqueName } from "./names.js";
import { quote, wrapped } from "./python-literal.js";

/** A response message whose oneof is the events of a stream. */
export interface EventMessage {
  readonly desc: DescMessage;
  readonly oneof: DescOneof;
  readonly members: readonly DescField[];
}

/** The responses of the services that are a oneof of events, each once. */
export function eventMessages(services: readonly Service[]): EventMessage[] {
  const found = new Map<DescMessage, EventMessage>();
  for (const { desc, answer } of services.flatMap(({ methods }) => methods)) {
    if (answer.kind === "stream" && answer.stream.events.kind === "oneof") {
      const { oneof, members } = answer.stream.events;
      found.set(desc.output, { desc: desc.output, oneof, members: members.map(({ field }) => field) });
    }
  }
  return [...found.values()];
}

/** The messages and enums that the modules of the services name. */
export function usedTypes(services: readonly Service[]): (DescMessage | DescEnum)[] {
  const methods = services.flatMap((service) => service.methods);
  const members = eventMessages(services).flatMap((message) => message.members);
  return [
    ...methods.flatMap(({ desc }) => [desc.input, desc.output]),
    ...members.flatMap(({ message, enum: desc }) => message ?? desc ?? []),
  ];
}

/** A function that calls the handler of an event. Type checkers do not narrow a oneof of every library. */
export function eventHandler({ desc, oneof, members }: EventMessage, module: Module): Printable {
  const { imports, messages } = module;
  const callable = imports.name("collections.abc", "Callable");
  const parameters = members.map(
    (field) => `${parameter(field, members)}: ${callable}[[${typeOf(field, module)}], R] | None = None`,
  );
  const isPattern = messages.oneofs === "values";
  return code`
    ${wrapped(`def handle_${handlerName(desc, module.services)}`, [`event: ${imports.type(desc)}`, "*", ...parameters], " -> R | None:", 0)}
        ${docstring([
          "Call the handler of the member that is set, and return what it returns.",
          "Return `None` if that member has no handler.",
        ])}
        match ${isPattern ? `event.${messages.attribute(oneof.name)}` : `event.WhichOneof(${quote(oneof.name)})`}:
            ${join(
              members.map((field) => (isPattern ? matchValue(field, members, module) : matchName(field, members))),
              "\n",
            )}
            case _:
                return None
  `;
}

/** Of a message that knows the name of the member that is set. */
function matchName(field: DescField, members: readonly DescField[]): Printable {
  const { name } = field;
  const handler = parameter(field, members);
  return code`
    case ${quote(name)} if ${handler} is not None:
        return ${handler}(${isKeyword(name) ? `getattr(event, ${quote(name)})` : `event.${name}`})
  `;
}

/** Of a message that has the member as an object with its name and its value. mypy narrows only by the type of the value. */
function matchValue(field: DescField, members: readonly DescField[], module: Module): Printable {
  const handler = parameter(field, members);
  const type = typeOf(field, module);
  const value = type === "float" ? "float() | int()" : `${type}()`; // a float may be set to an int
  return code`
    case ${module.imports.name("protobuf", "Oneof")}(${quote(field.name)}, ${value} as value) if ${handler} is not None:
        return ${handler}(value)
  `;
}

/** `AskEvent` → `ask_event`, or the full name if the file has two of them. */
export function handlerName({ name, typeName }: DescMessage, services: readonly Service[]): string {
  const names = eventMessages(services).map(({ desc }) => snakeCase(desc.name));
  return uniqueName(snakeCase(name), snakeCase(typeName.replaceAll(".", "_")), names);
}

/** What the body of the function uses itself. */
const USED = ["event", "value", "bool", "bytes", "float", "int", "str"];

function parameter({ name }: DescField, members: readonly DescField[]): string {
  const isTaken = (text: string) => text !== name && members.some((member) => member.name === text);
  let parameter = name;
  while (isKeyword(parameter) || USED.includes(parameter) || isTaken(parameter)) {
    parameter += "_";
  }
  return parameter;
}

function typeOf(field: DescField, { imports }: Module): string {
  const desc = field.message ?? field.enum;
  return desc === undefined ? scalarType(field.scalar) : imports.type(desc);
}

function scalarType(type: ScalarType | undefined): string {
  switch (type) {
    case ScalarType.STRING:
      return "str";
    case ScalarType.BYTES:
      return "bytes";
    case ScalarType.BOOL:
      return "bool";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return "float";
    default:
      return "int";
  }
}
