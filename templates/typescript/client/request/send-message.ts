import type { HttpBinding } from "../../shared/method.js";
import { type BaseClientOptions, given } from "../client-options.js";
import type { BaseClientRequest } from "../interceptor.js";
import type { StreamOptions } from "../stream/stream-options.js";
import { type BoundRequest, bindRequest } from "./bind-request.js";
import { type ErrorContext, RequestError } from "./errors.js";
import type { FetchInit } from "./fetch-response.js";
import { type Content, fromHttpBody, toJsonBody } from "./http-body.js";
import type { ClientMethod, Kinds } from "./method.js";
import type { ErrorReader } from "./read-error.js";
import { send } from "./send.js";

/** The answer to a message. */
export interface Exchange {
  /** A 2xx response, its body unread. */
  readonly response: Response;
  /** The binding that it answers. */
  readonly binding: HttpBinding;
  readonly reader: ErrorReader;
}

/**
 * The last step of a call: makes an HTTP request of the message and sends it. Rejects as `send` does, and with a
 * `RequestError` for what HTTP cannot carry.
 */
export async function sendMessage<I, O extends K["message"], K extends Kinds>(
  method: ClientMethod<I, O, K>,
  { kind, headers, signal, message }: BaseClientRequest<K>,
  options: BaseClientOptions<K> & StreamOptions & K["settings"],
  context: ErrorContext & { httpMethod?: string },
): Promise<Exchange> {
  const { credentials, readError } = options;
  const baseUrl = String(options.baseUrl);
  const reader: ErrorReader = { readError, readDetail: (schema, json) => method.readDetail?.(schema, json, options) };
  let bound: BoundRequest;
  let content: Partial<Content> = {};
  try {
    if (/[?#]/.test(baseUrl)) {
      throw new TypeError(`check baseUrl: "${baseUrl}" holds a query or a fragment; parameters are the option "query"`);
    }
    bound = bindRequest(method.http, method.encode(message, options));
    if (bound.body !== undefined) {
      content = (bound.binding.rawBody ? fromHttpBody : toJsonBody)(bound.body);
    }
  } catch (cause) {
    throw new RequestError(cause, context);
  }
  const { binding, path } = bound;
  context.httpMethod = bound.method;
  const { type, body } = content;
  if (type) {
    headers.set("content-type", type);
  }
  const url = baseUrl.replace(/\/+$/, "") + path;
  const init = given<FetchInit & { headers: Headers }>({ method: bound.method, headers, body, signal, credentials });
  const accept = binding.rawResponse ? "*/*" : "application/json";
  const response = await send(url, init, kind === "unary" ? accept : undefined, options, reader, context);
  return { response, binding, reader };
}
