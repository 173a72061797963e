import { type BindingTable, methodTable, type QueryFieldTable, type StreamTable } from "../../model/method-table.js";
import type { Method } from "../../model/model.js";
import type { Module } from "./imports.js";
import { type Expression, quote } from "./python-literal.js";

/** How HTTP carries a method, as a call of `Method`; arguments that have their defaults are not printed. */
export function table(method: Method, { imports, runtime }: Module) {
  const { bindings, stream } = methodTable(method); // only a server checks headers
  return {
    call: runtime("Method"),
    args: [
      ["name", quote(`${method.desc.parent.typeName}.${method.desc.name}`)],
      ["request", imports.type(method.desc.input)],
      ["response", imports.type(method.desc.output)],
      ["bindings", { tuple: bindings.map((binding) => bindingTable(binding, runtime)) }],
      ["stream", stream && streamTable(stream, runtime)],
    ],
  } as const satisfies Expression;
}

type Runtime = Module["runtime"];

function bindingTable({ variables = [], body, query, ...binding }: BindingTable, runtime: Runtime): Expression {
  const texts = variables.map(({ implicit }) => text(implicit) ?? "None");
  return {
    call: runtime("Binding"),
    args: [
      ["verb", quote(binding.method)],
      ["path", quote(binding.path)],
      ["variables", tuple(variables.map(({ field }) => ({ tuple: field.map(quote) })))],
      ["implicit", texts.some((value) => value !== "None") ? { tuple: texts } : undefined],
      ["body", text(typeof body === "object" ? body.field : body)],
      ["body_required", flag(binding.bodyRequired)],
      ["response_body", text(binding.responseBody)],
      ["raw_body", flag(binding.rawBody)],
      ["raw_response", flag(binding.rawResponse)],
      ["query", query && dict(query, (fields) => dict(fields, (field) => queryField(field, runtime)))],
    ],
  };
}

function queryField({ name, required, implicit, map, message }: QueryFieldTable, runtime: Runtime): Expression {
  return {
    call: runtime("QueryField"),
    args: [
      ["name", text(name)],
      ["required", flag(required)],
      ["implicit", text(implicit)],
      ["map", flag(map)],
      ["message", text(message)],
    ],
  };
}

function streamTable(stream: StreamTable, runtime: Runtime): Expression {
  return {
    call: runtime("StreamRule"),
    args: [
      ["resumable", flag(stream.resumable)],
      ["id", text(stream.id)],
      ["id_type", text(stream.idType)],
      [
        "events",
        stream.events &&
          dict(stream.events, ({ field, terminal }) => ({
            call: runtime("Event"),
            args: [
              ["field", quote(field)],
              ["terminal", flag(terminal)],
            ],
          })),
      ],
      ["event_name", text(stream.eventName)],
      ["terminal_data", text(stream.terminalData)],
      ["error_event", text(stream.errorEvent)],
    ],
  };
}

function text(value: string | undefined): Expression | undefined {
  return value === undefined ? undefined : quote(value);
}

function flag(value: true | undefined): Expression | undefined {
  return value && "True";
}

function tuple(items: readonly Expression[]): Expression | undefined {
  return items.length === 0 ? undefined : { tuple: items };
}

function dict<T>(value: { readonly [key: string]: T }, print: (item: T) => Expression): Expression {
  return { dict: Object.entries(value).map(([key, item]) => [key, print(item)]) };
}
