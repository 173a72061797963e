import type { DescMessage } from "@bufbuild/protobuf";
import { isHttpBody } from "../../../model/json-form.js";
import type { Content, Schema } from "../objects.js";

/**
 * The content of a body that holds one value, OpenAPI 3.2.0, Media Type Object: JSON, or the bytes of an HttpBody.
 * The schema is built where it is used, since what is built becomes a component.
 */
export function jsonContent(message: DescMessage | undefined, schema: () => Schema): Content {
  return isHttpBody(message) ? { "*/*": {} } : { "application/json": { schema: schema() } };
}
