import type { JsonValue } from "../../shared/json.js";
import type { HttpBinding } from "../../shared/method.js";
import { ContentTypeError, DecodeError, type ErrorContext, NetworkError } from "./errors.js";
import { toHttpBody } from "./http-body.js";

/**
 * Reads the body of a unary response and decodes the response message. An empty body, as in a 204, is a message
 * without fields.
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
    // Neither JSON nor declared as JSON: for example the page of a proxy or of a login.
    if (cause instanceof SyntaxError && !/json/i.test(contentType)) {
      throw new ContentTypeError("application/json", response, data.slice(0, 1024), context);
    }
    throw new DecodeError({ data }, cause, context);
  }
}

/**
 * Reads the beginning of a body as text and cancels the rest. It never fails: the text goes into the report of another
 * error, and the part that arrived before the connection broke says more than the broken connection.
 */
export async function readText(response: Response, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) {
    return "";
  }
  const stop = () => reader.cancel().catch(() => {});
  // The head already reported the failure. A body that does not end must not delay the report for longer.
  const timer = setTimeout(stop, 5_000);
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    // Never fails; see above.
  } finally {
    clearTimeout(timer);
    stop();
  }
  return text;
}
