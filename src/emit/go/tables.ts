import {
  type BindingTable,
  type HeaderTable,
  methodTable,
  type QueryTable,
  type StreamTable,
} from "../../model/method-table.js";
import type { Method } from "../../model/model.js";
import { flag, map, quote, slice, struct, text } from "./go-literal.js";

/** How HTTP carries a method, as a variable of the package. */
export function table(name: string, method: Method): string {
  const { bindings, stream, headers } = methodTable(method);
  const lines = (items: readonly string[]) => items.map((item) => `        ${item},\n`).join("");
  return [
    `var ${name} = sse.Method{\n`,
    `    Name: ${quote(`${method.desc.parent.typeName}.${method.desc.name}`)},\n`,
    `    Bindings: []sse.Binding{\n${lines(bindings.map(bindingTable))}    },\n`,
    stream === undefined ? "" : `    Stream: ${streamTable(stream)},\n`,
    headers === undefined ? "" : `    Headers: []sse.HeaderRule{\n${lines(headers.map(headerTable))}    },\n`,
    "}",
  ].join("");
}

function bindingTable({ variables = [], body, query, ...binding }: BindingTable): string {
  return struct("", [
    ["Method", quote(binding.method)],
    ["Path", quote(binding.path)],
    ["Variables", slice("sse.Variable", variables.map(variableTable))],
    ["Body", text(typeof body === "object" ? body.field : body)],
    ["BodyRequired", flag(binding.bodyRequired)],
    ["ResponseBody", text(binding.responseBody)],
    ["RawBody", flag(binding.rawBody)],
    ["RawResponse", flag(binding.rawResponse)],
    ["Query", query && queryTable(query)],
  ]);
}

function variableTable({ field, implicit }: NonNullable<BindingTable["variables"]>[number]): string {
  return struct("", [
    ["Field", slice("string", field.map(quote))],
    ["Implicit", text(implicit)],
  ]);
}

function queryTable(query: QueryTable): string {
  const fields = (table: QueryTable[string]) =>
    Object.fromEntries(
      Object.entries(table).map(([key, { name, required, implicit, map, message }]) => [
        key,
        struct("", [
          ["Name", text(name)],
          ["Required", flag(required)],
          ["Implicit", text(implicit)],
          ["Map", flag(map)],
          ["Message", text(message)],
        ]),
      ]),
    );
  const tables = Object.entries(query).map(([key, table]) => [key, map("", fields(table))] as const);
  return map("map[string]map[string]sse.QueryField", Object.fromEntries(tables));
}

/** With each event on a line, if there are any. */
function streamTable({ events, ...stream }: StreamTable): string {
  const members = Object.entries(events ?? {}).map(([name, { field, terminal }]) =>
    struct("", [
      ["Name", quote(name)],
      ["Field", quote(field)],
      ["Terminal", flag(terminal)],
    ]),
  );
  const rest = struct("&sse.StreamRule", [
    ["Resumable", flag(stream.resumable)],
    ["ID", text(stream.id)],
    ["EventName", text(stream.eventName)],
    ["TerminalData", text(stream.terminalData)],
    ["ErrorEvent", text(stream.errorEvent)],
    ["Heartbeat", milliseconds(stream.heartbeatMs)],
    ["Retry", milliseconds(stream.retryMs)],
  ]);
  if (members.length === 0) {
    return rest;
  }
  const inline = rest.slice("&sse.StreamRule{".length, -1);
  const list = members.map((member) => `        ${member},\n`).join("");
  return `&sse.StreamRule{${inline}${inline === "" ? "" : ", "}Events: []sse.EventRule{\n${list}    }}`;
}

function milliseconds(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `sse.Milliseconds(${value})`;
}

function headerTable({ name, type, format, required }: HeaderTable): string {
  return struct("", [
    ["Name", quote(name)],
    ["Type", text(type)],
    ["Format", text(format)],
    ["Required", flag(required)],
  ]);
}
