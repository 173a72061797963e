import type { DescMessage } from "@bufbuild/protobuf";
import type { Binding, Method } from "../../../model/model.js";
import { componentName } from "../components.js";
import type { Context } from "../context.js";
import { describe } from "../describe.js";
import { exampleAt, exampleWithout } from "../example.js";
import type { Content, JsonValue, RequestBodyObject, Schema } from "../objects.js";
import { valueSchema } from "../schema/field-schema.js";
import { messageSchema, type Omitted, objectSchema } from "../schema/message-schema.js";

const REQUEST = { inRequests: true, inResponses: false };

/** The body of a request: OpenAPI 3.2.0, Request Body Object. It lacks the fields that the path binds. */
export function requestBody(
  context: Context,
  { desc }: Method,
  { body, variables, rawBody }: Binding,
  index: number,
  example?: JsonValue | undefined,
): RequestBodyObject | undefined {
  const bound: Omitted = variables.map((variable) => variable.fields);
  const name = componentName(desc.parent, desc.name, `Body${index === 0 ? "" : `_${index + 1}`}`);
  const rest = (message: DescMessage, omitted: Omitted): Schema =>
    context.components.schema(name, () =>
      objectSchema(context, message, { omitted, use: REQUEST, title: context.title(`${desc.name} body`) }),
    );
  switch (body.kind) {
    case "none":
      return undefined;
    case "message": {
      const { input } = desc;
      const schema = () => (bound.length === 0 ? messageSchema(context, input) : rest(input, bound));
      return {
        required: body.required,
        content: bodyContent(rawBody, schema, exampleWithout(context, example, bound)),
      };
    }
    case "field": {
      const { field } = body;
      const within = bound.filter(([first]) => first === field).map(([, ...fields]) => fields);
      const schema = () =>
        within.length > 0 && field.fieldKind === "message" ? rest(field.message, within) : valueSchema(context, field);
      const value = exampleWithout(context, exampleAt(context, example, [field]), within);
      return { description: describe(field), required: body.required, content: bodyContent(rawBody, schema, value) };
    }
  }
}

/**
 * The content of a body that holds one value, OpenAPI 3.2.0, Media Type Object: JSON, or the bytes of an HttpBody.
 * The schema is only built for JSON, because what is built becomes a component.
 */
export function bodyContent(isRaw: boolean, schema: () => Schema, example?: JsonValue | undefined): Content {
  return isRaw ? { "*/*": {} } : { "application/json": { schema: schema(), example } };
}
