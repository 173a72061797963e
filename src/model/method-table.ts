import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isZeroUnset } from "./json-form.js";
import type { Binding, Header, Method, QueryMessage, Stream, Variable } from "./model.js";

/**
 * How HTTP carries a method, as plain data that every runtime reads: fields by their JSON names, no
 * descriptors. Emitters print it, so that all languages and both sides follow one decision.
 * Properties that are undefined are not printed. `templates/typescript/shared/method.ts` documents each property.
 */
export type MethodTable = {
  readonly bindings: readonly BindingTable[];
  readonly stream: StreamTable | undefined;
  /** The headers that a server checks; undefined for none. */
  readonly headers: readonly HeaderTable[] | undefined;
};

export type BindingTable = {
  readonly method: string;
  readonly path: string;
  readonly variables: readonly VariableTable[] | undefined;
  readonly body: "*" | { readonly field: string } | undefined;
  readonly bodyRequired: true | undefined;
  readonly responseBody: string | undefined;
  readonly rawBody: true | undefined;
  readonly rawResponse: true | undefined;
  readonly query: QueryTable | undefined;
};

export type VariableTable = { readonly field: readonly string[]; readonly implicit: string | undefined };

/** The query fields that the request's JSON does not fully describe: by message name, then by JSON name. */
export type QueryTable = { readonly [message: string]: { readonly [field: string]: QueryFieldTable } };

export type QueryFieldTable = {
  readonly name: string | undefined;
  readonly required: true | undefined;
  readonly implicit: string | undefined;
  readonly map: true | undefined;
  readonly message: string | undefined;
};

export type StreamTable = {
  readonly resumable: true | undefined;
  readonly id: string | undefined;
  readonly idType: "number" | "boolean" | undefined;
  readonly events:
    | { readonly [name: string]: { readonly field: string; readonly terminal: true | undefined } }
    | undefined;
  readonly eventName: string | undefined;
  readonly terminalData: string | undefined;
  readonly errorEvent: string | undefined;
  readonly heartbeatMs: number | undefined;
  readonly retryMs: number | undefined;
};

export type HeaderTable = {
  readonly name: string;
  /** Undefined for a string. */
  readonly type: "integer" | "number" | "boolean" | undefined;
  readonly format: string | undefined;
  readonly required: true | undefined;
};

export function methodTable({ bindings, answer, headers }: Method): MethodTable {
  return {
    bindings: bindings.map(bindingTable),
    stream: answer.kind === "stream" ? streamTable(answer.stream) : undefined,
    headers: headers.length === 0 ? undefined : headers.map(headerTable),
  };
}

function headerTable({ name, type, format, required }: Header): HeaderTable {
  // A list is not checked, and its format is that of the elements.
  if (type === "array") {
    return { name, type: undefined, format: undefined, required: required || undefined };
  }
  return { name, type: type === "string" ? undefined : type, format, required: required || undefined };
}

function bindingTable(binding: Binding): BindingTable {
  const { template, variables, body, query, responseBody } = binding;
  return {
    method: binding.method,
    path: template.text,
    variables: variables.length === 0 ? undefined : variables.map(variableTable),
    body: body.kind === "message" ? "*" : body.kind === "field" ? { field: body.field.jsonName } : undefined,
    bodyRequired: (body.kind !== "none" && body.required) || undefined,
    responseBody: responseBody?.jsonName,
    rawBody: binding.rawBody || undefined,
    rawResponse: binding.rawResponse || undefined,
    query: query === undefined ? undefined : queryTable(query),
  };
}

function variableTable({ fields }: Variable): VariableTable {
  const leaf = fields.at(-1);
  return { field: fields.map((f) => f.jsonName), implicit: leaf === undefined ? undefined : implicitText(leaf) };
}

/** The text of a value that ProtoJSON leaves out because it is the default. */
function implicitText(field: DescField): string | undefined {
  if (!isZeroUnset(field)) {
    return undefined;
  }
  if (field.fieldKind === "enum") {
    return field.enum.values.find((v) => v.number === 0)?.name;
  }
  if (field.fieldKind !== "scalar") {
    return undefined;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return undefined; // a path cannot have an empty segment
    case ScalarType.BOOL:
      return "false";
    default:
      return "0";
  }
}

/** The default of a string or bytes. Unlike a path segment, a query parameter can be empty. */
function emptyText(field: DescField): string | undefined {
  const isText = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
  return isText && isZeroUnset(field) ? "" : undefined;
}

/** The query fields that need an entry; undefined when the JSON of the request describes them all. */
function queryTable(root: QueryMessage): QueryTable | undefined {
  const messages = reachableFrom(root);
  const names = tableNames(root, messages);
  const described = messagesWithEntries(messages);
  if (!described.has(root)) {
    return undefined;
  }
  const fieldTable = (field: QueryMessage["fields"][number]): QueryFieldTable => ({
    name: field.name,
    required: field.required || undefined,
    implicit: field.required ? (implicitText(field.field) ?? emptyText(field.field)) : undefined,
    map: field.kind === "map" || undefined,
    message: field.kind === "message" && described.has(field.message) ? names.get(field.message) : undefined,
  });
  const messageTable = (message: QueryMessage) =>
    Object.fromEntries(
      message.fields
        .map((field) => [field.field.jsonName, fieldTable(field)] as const)
        .filter(([, table]) => Object.values(table).some((value) => value !== undefined)),
    );
  return Object.fromEntries(
    messages
      .filter((message) => described.has(message))
      .map((message) => [names.get(message) ?? "", messageTable(message)]),
  );
}

/** A message and all messages within it, each once: messages can be recursive. */
function reachableFrom(root: QueryMessage): readonly QueryMessage[] {
  const found = new Set([root]);
  for (const { fields } of found) {
    for (const field of fields) {
      if (field.kind === "message") {
        found.add(field.message);
      }
    }
  }
  return [...found];
}

/** The messages with a field that needs an entry, or with a field that leads to such a message. */
function messagesWithEntries(messages: readonly QueryMessage[]): ReadonlySet<QueryMessage> {
  const described = new Set<QueryMessage>();
  const needsEntry = (field: QueryMessage["fields"][number]) =>
    field.name !== undefined ||
    field.required ||
    field.kind === "map" ||
    (field.kind === "message" && described.has(field.message));
  // Messages can be recursive, so this repeats until a round finds no more.
  for (let size = -1; size !== described.size; ) {
    size = described.size;
    for (const message of messages) {
      if (message.fields.some(needsEntry)) {
        described.add(message);
      }
    }
  }
  return described;
}

/** `""` for the request; else the message's full name, numbered where path variables make several of one. */
function tableNames(root: QueryMessage, messages: readonly QueryMessage[]): Map<QueryMessage, string> {
  const names = new Map<QueryMessage, string>([[root, ""]]);
  const seen = new Map<DescMessage, number>();
  for (const message of messages) {
    if (message === root) {
      continue;
    }
    const count = (seen.get(message.desc) ?? 0) + 1;
    seen.set(message.desc, count);
    names.set(message, count === 1 ? message.desc.typeName : `${message.desc.typeName} ${count}`);
  }
  return names;
}

/** The type of the id in ProtoJSON; undefined for a string. */
function idType(field: DescField): "number" | "boolean" | undefined {
  switch (field.scalar) {
    case ScalarType.BOOL:
      return "boolean";
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return "number";
    default:
      return undefined;
  }
}

function streamTable(stream: Stream): StreamTable {
  return {
    resumable: stream.resumable || undefined,
    id: stream.id?.jsonName,
    idType: stream.id === undefined || stream.events.kind === "message" ? undefined : idType(stream.id),
    events:
      stream.events.kind === "message"
        ? undefined
        : Object.fromEntries(
            stream.events.members.map(({ name, field, terminal }) => [
              name,
              { field: field.jsonName, terminal: terminal || undefined },
            ]),
          ),
    eventName: stream.events.kind === "message" ? stream.events.name : undefined,
    terminalData: stream.terminalData,
    errorEvent: stream.errorEvent === "error" ? undefined : stream.errorEvent,
    heartbeatMs: stream.heartbeatMs,
    retryMs: stream.retryMs,
  };
}
