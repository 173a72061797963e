import type { DescMessage } from "@bufbuild/protobuf";
import type { Binding, Method } from "../../../model/model.js";
import type { Context } from "../context.js";
import { describe } from "../describe.js";
import { componentName } from "../document/components.js";
import type { RequestBodyObject, Schema } from "../objects.js";
import { valueSchema } from "../schema/field-schema.js";
import { messageSchema, type Omitted, objectSchema } from "../schema/message-schema.js";
import { bodyContent } from "./responses.js";

const REQUEST = { inRequests: true, inResponses: false };

/** What a request holds beside its URL, OpenAPI 3.2.0, Request Body Object. Fields that the path binds are not in it. */
export function requestBody(
  context: Context,
  { desc }: Method,
  { body, variables, rawBody }: Binding,
  index: number,
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
      return { required: body.required, content: bodyContent(rawBody, schema) };
    }
    case "field": {
      const { field } = body;
      const within = bound.filter(([first]) => first === field).map(([, ...fields]) => fields);
      const schema = () =>
        within.length > 0 && field.fieldKind === "message" ? rest(field.message, within) : valueSchema(context, field);
      return { description: describe(field), required: body.required, content: bodyContent(rawBody, schema) };
    }
  }
}
