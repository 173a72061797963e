import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { RuleAnnotation } from "../annotations/annotations.js";
import { didYouMean, type Problems } from "../problems.js";
import { hasOwnJson, isAlwaysWritten, isHttpBody } from "./json-form.js";
import type { Body, Variable } from "./model.js";
import type { PathTemplate, TemplateVariable } from "./path-template.js";
import { behaviorRules } from "./read-rules.js";
import type { Route } from "./route.js";

/** The fields that the variables of a path name. */
export function buildVariables(
  input: DescMessage,
  route: Route,
  problems: Problems,
): { variables: readonly Variable[]; isComplete: boolean } {
  const variables: Variable[] = [];
  const seen = new Set<DescField[]>();
  for (const variable of route.template.variables) {
    const name = `path variable {${variable.fieldPath.join(".")}}`;
    const error = (message: string) => problems.error(route.place(variable.offset), `${name}: ${message}`);
    const fields = resolve(input, variable.fieldPath);
    if (typeof fields === "string") {
      error(fields);
      continue;
    }
    const [leaf] = fields.slice(-1);
    const multiSegment = isMultiSegment(route.template, variable);
    const reason = leaf === undefined ? undefined : whyNotInPath(leaf, multiSegment);
    if (reason !== undefined) {
      error(reason);
    } else if ([...seen].some((other) => other.every((f, i) => f === fields[i]))) {
      error("is bound twice: remove one");
    } else {
      const rival = [...seen].find((other) => areOneofRivals(other, fields));
      if (rival !== undefined) {
        error(
          `is in the same oneof as {${rival.map((f) => f.name).join(".")}}, and only one of them can be set: remove one`,
        );
      }
      seen.add(fields);
      variables.push({ fields, multiSegment });
    }
  }
  return { variables, isComplete: variables.length === route.template.variables.length };
}

/** The body of the request. */
export function buildBody(
  input: DescMessage,
  { body, bodyPlace, pattern }: RuleAnnotation,
  variables: readonly Variable[],
  problems: Problems,
): Body {
  if (body === "") {
    return { kind: "none" };
  }
  const error = (message: string): Body => {
    problems.error(bodyPlace, `body "${body}": ${message}`);
    return { kind: "none" };
  };
  if (pattern?.method === "GET" || pattern?.method === "HEAD") {
    return error(`a ${pattern.method} request cannot have a body: use post, or remove the body`);
  }
  if (body === "*") {
    return { kind: "message", required: requiresFields(input, variables) };
  }
  const field = input.fields.find((f) => f.name === body);
  if (field === undefined) {
    return error(noField(input, body));
  }
  if (variables.some((v) => v.fields.length === 1 && v.fields[0] === field)) {
    return error("is already bound by the path: remove one of the two");
  }
  if (field.fieldKind === "list") {
    return error('is repeated: wrap it in a message, or use body: "*"');
  }
  if (field.fieldKind === "map") {
    return error('is a map: wrap it in a message, or use body: "*"');
  }
  return { kind: "field", field, required: isFieldRequired(field) };
}

/** Whether a field is required that the path does not bind. The rules of buf.validate are left to the validator. */
function requiresFields(input: DescMessage, variables: readonly Variable[]): boolean {
  if (hasOwnJson(input) || isHttpBody(input)) {
    return false;
  }
  return input.fields.some((field) => isFieldRequired(field) && !variables.some(({ fields }) => fields[0] === field));
}

function isFieldRequired(field: DescField): boolean {
  const { required, readOnly } = behaviorRules(field);
  return (required || isAlwaysWritten(field)) && !readOnly;
}

/** The response field whose value is the response's body. */
export function buildResponseBody(
  output: DescMessage,
  { responseBody, responseBodyPlace }: RuleAnnotation,
  problems: Problems,
): DescField | undefined {
  if (responseBody === "") {
    return undefined;
  }
  const field = output.fields.find((f) => f.name === responseBody);
  const reason =
    field === undefined
      ? noField(output, responseBody)
      : field.fieldKind === "list"
        ? "is repeated: wrap it in a message"
        : field.fieldKind === "map"
          ? "is a map: wrap it in a message"
          : undefined;
  if (reason !== undefined) {
    problems.error(responseBodyPlace, `response_body "${responseBody}": ${reason}`);
  }
  return field;
}

/** Whether setting both would set two members of one oneof. */
export function areOneofRivals(a: readonly DescField[], b: readonly DescField[]): boolean {
  const at = a.findIndex((field, i) => field !== b[i]);
  const oneof = a[at]?.oneof;
  return oneof !== undefined && oneof === b[at]?.oneof;
}

/** The fields that lead to the value, or the reason why there is no such field. */
function resolve(input: DescMessage, path: TemplateVariable["fieldPath"]): [DescField, ...DescField[]] | string {
  if (hasOwnJson(input)) {
    return `the request is a ${input.typeName}, whose JSON has no fields: remove it`;
  }
  const fields: DescField[] = [];
  let message: DescMessage | undefined = input;
  for (const name of path) {
    if (message === undefined) {
      return `"${fields.at(-1)?.name}" is not a message, so it has no field "${name}"`;
    }
    const field: DescField | undefined = message.fields.find((f) => f.name === name);
    if (field === undefined) {
      return noField(message, name);
    }
    fields.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
    const isLast = fields.length === path.length;
    if (!isLast && message !== undefined && hasOwnJson(message)) {
      return `"${name}" is a ${message.typeName}, whose JSON has no fields: send it in the query or the body`;
    }
    if (!isLast && (field.fieldKind === "list" || field.fieldKind === "map")) {
      return `"${name}" is ${field.fieldKind === "list" ? "repeated" : "a map"}: only singular message fields can lead to a path variable`;
    }
  }
  const [first, ...rest] = fields;
  return first === undefined ? "names no field" : [first, ...rest];
}

function whyNotInPath(field: DescField, multiSegment: boolean): string | undefined {
  if (multiSegment && field.scalar !== ScalarType.STRING && field.message === undefined) {
    return "only string fields can take a multi-segment pattern: write {name}";
  }
  switch (field.fieldKind) {
    case "list":
      return "is repeated, and a path variable has one value: send it in the query or the body";
    case "map":
      return "is a map, and a path variable has one value: send it in the query or the body";
    case "message":
      return `is a message: name one of its fields, as in {${field.name}.${field.message.fields[0]?.name ?? "field"}}`;
    default:
      return undefined;
  }
}

function noField(message: DescMessage, name: string): string {
  return `no field "${name}" in ${message.typeName}${didYouMean(
    name,
    message.fields.map((f) => f.name),
  )}`;
}

function isMultiSegment({ segments }: PathTemplate, { start, end }: TemplateVariable): boolean {
  return end - start !== 1 || segments[start]?.kind === "rest";
}
