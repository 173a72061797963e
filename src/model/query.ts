import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { readField } from "../annotations/read.js";
import type { Problems } from "../problems.js";
import { areOneofRivals } from "./bind.js";
import { hasOwnJson, isFreeJson, isScalarJson } from "./json-form.js";
import type { Body, QueryField, QueryMessage, Variable } from "./model.js";
import type { Route } from "./route.js";

/** The fields that the path and the body leave, and how each of them travels in the query string. */
export function buildQuery(
  input: DescMessage,
  variables: readonly Variable[],
  body: Body,
  route: Route,
  problems: Problems,
): QueryMessage {
  const bound: (readonly DescField[])[] = variables.map((variable) => variable.fields);
  if (body.kind === "field") {
    bound.push([body.field]);
  }
  /** Messages that nothing is bound in: they recur. */
  const known = new Map<DescMessage, QueryMessage>();

  if (hasOwnJson(input)) {
    problems.error(
      route.place(0),
      `the request is a ${input.typeName}, whose JSON has no separate fields: use body: "*"`,
    );
    return { desc: input, fields: [] };
  }
  return visit(input, []);

  function visit(desc: DescMessage, path: readonly DescField[]): QueryMessage {
    const isUntouched = !bound.some((fields) => startsWith(fields, path));
    const found = isUntouched ? known.get(desc) : undefined;
    if (found !== undefined) {
      return found;
    }
    const fields: QueryField[] = [];
    const message = { desc, fields };
    if (isUntouched) {
      known.set(desc, message);
    }
    for (const field of desc.fields) {
      const here = [...path, field];
      if (bound.some((other) => startsWith(here, other) || areOneofRivals(other, here))) {
        continue;
      }
      const built = buildField(field, here);
      if (built !== undefined) {
        fields.push(built);
      }
    }
    checkParameterNames(message, problems);
    return message;
  }

  function buildField(field: DescField, path: readonly DescField[]): QueryField | undefined {
    const annotation = readField(field).query?.rule;
    const common = {
      field,
      name: annotation?.name === "" ? undefined : annotation?.name,
      required: annotation?.required ?? false,
    };
    const reject = (what: string) => {
      const name = path.map((f) => f.name).join(".");
      problems.error(route.place(0), `field "${name}" cannot be a query parameter: it is ${what}; ${remedy()}`);
      return undefined;
    };
    switch (field.fieldKind) {
      case "map":
        return field.mapKind === "message" ? reject("a map of messages") : { ...common, kind: "map" };
      case "list":
        if (field.listKind === "message" && !isScalarJson(field.message)) {
          return reject(`a repeated ${field.message.typeName}`);
        }
        return { ...common, kind: "repeated" };
      case "message":
        if (isScalarJson(field.message)) {
          return { ...common, kind: "scalar" };
        }
        if (isFreeJson(field.message)) {
          return reject(`a ${field.message.typeName}`);
        }
        return { ...common, kind: "message", message: visit(field.message, path) };
      default:
        return { ...common, kind: "scalar" };
    }
  }

  function remedy(): string {
    return route.method === "GET" || route.method === "DELETE" || route.method === "HEAD"
      ? 'bind it in the path, or use post with body: "*"'
      : 'write body: "*"';
  }
}

function checkParameterNames({ fields }: QueryMessage, problems: Problems): void {
  const taken = new Map<string, DescField>();
  for (const { field, name } of fields) {
    const place = readField(field).query?.place ?? { desc: field };
    if (name !== undefined && /[.[\]\p{Cc}]/u.test(name)) {
      problems.error(
        place,
        `query name "${name}": must not contain ".", "[", "]" or control characters, which are reserved for nested fields`,
      );
    }
    for (const parameter of name === undefined ? new Set([field.jsonName, field.name]) : [name]) {
      const other = taken.get(parameter);
      if (other !== undefined) {
        problems.error(place, `query parameter "${parameter}" is already used by field "${other.name}": rename one`);
      }
      taken.set(parameter, field);
    }
  }
}

/** Whether the path begins with the prefix. */
function startsWith(path: readonly DescField[], prefix: readonly DescField[]): boolean {
  return prefix.length <= path.length && prefix.every((field, i) => path[i] === field);
}
