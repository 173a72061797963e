import type { JsonValue } from "../../shared/json.js";
import type { HttpBinding } from "../../shared/method.js";
import { ContentTypeError, DecodeError, type ErrorContext, NetworkError } from "./errors.js";
import { toHttpBody } from "./http-body.js";

/**
 * Reads the body of a unary response and decodes the response message. Nothing at all stands for a message
 * without fields, as in a 204.
 */
export async function readResponse<O>(
  response: Response,
  { rawResponse, responseBody }: HttpBinding,
  context: ErrorContext,
  decode: (json: JsonValue) => O,
): Promise<O> {
  const contentType = response.headers.get("content-type") ?? "";
  let data = "";
  let json: JsonValue = {};
  try {
    if (rawResponse) {
      json = toHttpBody(contentType, new Uint8Array(await response.arrayBuffer()));
    } else {
      data = (await response.text()).trim();
    }
  } catch (cause) {
    throw new NetworkError(`the response broke off: ${cause}`, { ...context, cause });
  }
  try {
    if (data) {
      json = JSON.parse(data);
    }
    return decode(responseBody !== undefined && (data || rawResponse) ? { [responseBody]: json } : json);
  } catch (cause) {
    // What does not say that it is JSON, and is none: a page of a proxy or of a login, say.
    if (cause instanceof SyntaxError && !/json/i.test(contentType)) {
      throw new ContentTypeError("application/json", response, data.slice(0, 1024), context);
    }
    throw new DecodeError({ data }, cause, context);
  }
}
