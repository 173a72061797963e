import { type DescField, type DescMessage, type DescMethod, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { isHttpBody } from "../../model/json-form.js";
import type { Binding, Method, QueryMessage, Stream, Variable } from "../../model/model.js";
import { type Literal, literal } from "../../print/literal.js";

/**
 * A method as the runtime reads it: `MethodHttp` of templates/typescript/shared/method.ts. Client and
 * server print the same table, so that they cannot differ. It will stand `margin` columns to the right.
 */
export function clientTable(method: Method, margin: number): string {
  return literal(methodTable(method), margin);
}

/** The table with what only a server looks at: the headers to check. */
export function serverTable(method: Method, margin: number): string {
  const headers = method.headers.map(({ name, type, format, required }) => ({
    name,
    type: type === "string" ? undefined : type,
    format,
    required: required || undefined,
  }));
  return literal({ ...methodTable(method), headers: headers.length === 0 ? undefined : headers }, margin);
}

function methodTable({ desc, bindings, answer }: Method) {
  return {
    bindings: bindings.map((binding) => bindingTable(binding, desc)),
    stream: answer.kind === "stream" ? streamTable(answer.stream) : undefined,
  };
}

function bindingTable(
  { verb, template, variables, body, query, responseBody }: Binding,
  { input, output }: DescMethod,
): Literal {
  return {
    verb,
    path: template.text,
    variables: variables.length === 0 ? undefined : variables.map(variableTable),
    body: body.kind === "message" ? "*" : body.kind === "field" ? { field: body.field.jsonName } : undefined,
    responseBody: responseBody?.jsonName,
    rawBody:
      isHttpBody(body.kind === "field" ? body.field.message : body.kind === "message" ? input : undefined) || undefined,
    rawResponse: isHttpBody(responseBody === undefined ? output : responseBody.message) || undefined,
    query: query === undefined ? undefined : queryTable(query),
  };
}

function variableTable({ fields }: Variable): Literal {
  const leaf = fields.at(-1);
  return { field: fields.map((f) => f.jsonName), implicit: leaf === undefined ? undefined : implicitText(leaf) };
}

/** The text of a value that ProtoJSON leaves out because it is the default. */
function implicitText(field: DescField): string | undefined {
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) return undefined;
  if (field.fieldKind === "enum") return field.enum.values.find((v) => v.number === 0)?.name;
  if (field.fieldKind !== "scalar") return undefined;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return undefined; // an empty segment is no segment
    case ScalarType.BOOL:
      return "false";
    default:
      return "0";
  }
}

/** The default of a string or bytes: a parameter can be empty, as a path cannot. */
function emptyText({ presence, scalar }: DescField): string | undefined {
  const isText = scalar === ScalarType.STRING || scalar === ScalarType.BYTES;
  return isText && presence === FeatureSet_FieldPresence.IMPLICIT ? "" : undefined;
}

/** The peculiarities of query parameters, by message; undefined when there are none. */
function queryTable(root: QueryMessage): Literal | undefined {
  // Messages recur: first all that can be reached, then those that have something to tell, or lead there.
  const reached = new Set<QueryMessage>();
  const reach = (message: QueryMessage): void => {
    if (reached.has(message)) return;
    reached.add(message);
    for (const field of message.fields) if (field.kind === "message") reach(field.message);
  };
  reach(root);
  const names = tableNames(root, reached);
  const telling = new Set<QueryMessage>();
  for (let before = -1; before !== telling.size; ) {
    before = telling.size;
    for (const message of reached) {
      if (
        message.fields.some(
          (f) =>
            f.name !== undefined || f.required || f.kind === "map" || (f.kind === "message" && telling.has(f.message)),
        )
      ) {
        telling.add(message);
      }
    }
  }
  if (!telling.has(root)) return undefined;
  return Object.fromEntries(
    [...reached]
      .filter((message) => telling.has(message))
      .map((message) => [
        names.get(message) ?? "",
        Object.fromEntries(
          message.fields.flatMap((f) => {
            const entry = {
              name: f.name,
              required: f.required || undefined,
              implicit: f.required ? (implicitText(f.field) ?? emptyText(f.field)) : undefined,
              map: f.kind === "map" || undefined,
              message: f.kind === "message" && telling.has(f.message) ? names.get(f.message) : undefined,
            };
            return Object.values(entry).some((v) => v !== undefined) ? [[f.field.jsonName, entry]] : [];
          }),
        ),
      ]),
  );
}

/** `""` for the request; else the message's full name, numbered where path variables make several of one. */
function tableNames(root: QueryMessage, reached: Iterable<QueryMessage>): Map<QueryMessage, string> {
  const names = new Map<QueryMessage, string>([[root, ""]]);
  const seen = new Map<DescMessage, number>();
  for (const message of reached) {
    if (message === root) continue;
    const count = (seen.get(message.desc) ?? 0) + 1;
    seen.set(message.desc, count);
    names.set(message, count === 1 ? message.desc.typeName : `${message.desc.typeName} ${count}`);
  }
  return names;
}

/** The type of the id in ProtoJSON, where it is no string. */
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

function streamTable(stream: Stream): Literal {
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
    terminalData: stream.terminalData,
    errorEvent: stream.errorEvent === "error" ? undefined : stream.errorEvent,
    heartbeatMs: stream.heartbeatMs,
    retryMs: stream.retryMs,
  };
}
