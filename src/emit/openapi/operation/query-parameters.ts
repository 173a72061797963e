import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Binding, QueryField, QueryMessage } from "../../../model/model.js";
import { type Context, isVisible, jsonKey } from "../context.js";
import { paragraphs } from "../describe.js";
import { exampleAt } from "../example.js";
import type { JsonValue, ParameterObject } from "../objects.js";
import { parameterSchema } from "../schema/field-schema.js";
import { isRequired } from "../schema/message-schema.js";

/** What travels in a query string. */
export interface QueryParameters {
  /** One for each leaf field, the names of nested ones dotted: OpenAPI 3.2.0, Parameter Object. */
  readonly parameters: readonly ParameterObject[];
  /** Names under which a message recurs: it has no end of parameters, and its outermost ones stand for all. */
  readonly recurring: readonly string[];
}

export function queryParameters(
  context: Context,
  { query, variables }: Binding,
  example?: JsonValue | undefined,
): QueryParameters {
  const parameters: ParameterObject[] = [];
  const recurring: string[] = [];
  if (query !== undefined) {
    visit(query, { prefix: "", fields: [], messages: [], isDeprecated: false, isThere: true });
  }
  return { parameters, recurring };

  function visit(message: QueryMessage, scope: Scope): void {
    const messages = [...scope.messages, message.desc];
    for (const entry of message.fields.filter(({ field }) => isVisible(context, field))) {
      const name = scope.prefix + (entry.name ?? jsonKey(context, entry.field));
      const isDeprecated = scope.isDeprecated || entry.field.deprecated;
      if (entry.kind !== "message") {
        const value = exampleAt(context, example, [...scope.fields, entry.field]);
        parameters.push({ ...parameter(context, entry, name, { ...scope, isDeprecated }), example: value });
      } else if (messages.includes(entry.message.desc)) {
        recurring.push(name);
      } else {
        const fields = [...scope.fields, entry.field];
        const isInPath = variables.some((variable) => fields.every((field, i) => variable.fields[i] === field));
        const isThere = scope.isThere && (entry.required || isRequired(context, entry.field) || isInPath);
        visit(entry.message, { prefix: `${name}.`, fields, messages, isDeprecated, isThere });
      }
    }
  }
}

/** The fields around those of a message. */
interface Scope {
  /** The prefix of their names, such as `place.`; empty for the request's own. */
  readonly prefix: string;
  readonly fields: readonly DescField[];
  /** The messages around them. */
  readonly messages: readonly DescMessage[];
  readonly isDeprecated: boolean;
  /** Every request has the message: then what it requires is required. */
  readonly isThere: boolean;
}

function parameter(context: Context, entry: QueryField, name: string, scope: Scope): ParameterObject {
  const { field } = entry;
  const required = entry.required || isRequired(context, field);
  const { description, schema } = parameterSchema(context, field);
  const condition = `Required together with any other parameter \`${scope.prefix}…\`.`;
  return {
    name,
    in: "query",
    description: paragraphs(description, required && !scope.isThere ? condition : undefined),
    required: (required && scope.isThere) || undefined,
    deprecated: scope.isDeprecated || undefined,
    ...style(field),
    schema,
  };
}

/** OpenAPI 3.2.0, "Style Values": `tag=a&tag=b` and `labels[key]=value`. */
function style(field: DescField): Pick<ParameterObject, "style" | "explode"> {
  if (field.fieldKind === "list") {
    return { style: "form", explode: true };
  }
  if (field.fieldKind === "map") {
    return { style: "deepObject", explode: true };
  }
  return {};
}
