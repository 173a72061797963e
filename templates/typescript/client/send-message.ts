import type { HttpBinding } from "../shared/method.js";
import { type BoundRequest, bindRequest } from "./bind-request.js";
import { type BaseClientOptions, given } from "./client-options.js";
import { type ErrorContext, type ReadDetail, RequestError } from "./errors.js";
import type { FetchInit } from "./fetch-response.js";
import { type Content, fromHttpBody, toJsonBody } from "./http-body.js";
import type { BaseClientRequest } from "./interceptor.js";
import type { ClientMethod, Kinds } from "./method.js";
import { send } from "./send.js";
import type { StreamOptions } from "./stream-options.js";

/** The answer to a message. */
export interface Exchange {
  /** A 2xx response, its body unread. */
  readonly response: Response;
  /** The binding that it answers. */
  readonly binding: HttpBinding;
  readonly readDetail: ReadDetail;
}

/**
 * The last step of a call: makes an HTTP request of the message and sends it. Rejects as `send` does, and with a
 * `RequestError` for what HTTP cannot carry.
 */
export async function sendMessage<I, O extends K["message"], K extends Kinds>(
  method: ClientMethod<I, O, K>,
  { kind, headers, signal, message }: BaseClientRequest<K>,
  options: BaseClientOptions<K> & StreamOptions & K["settings"],
  context: ErrorContext,
): Promise<Exchange> {
  const { baseUrl, credentials } = options;
  const readDetail: ReadDetail = (schema, json) => method.readDetail?.(schema, json, options);
  let bound: BoundRequest;
  let content: Partial<Content> = {};
  try {
    bound = bindRequest(method.http, method.encode(message, options));
    if (bound.body !== undefined) content = (bound.binding.rawBody ? fromHttpBody : toJsonBody)(bound.body);
  } catch (cause) {
    throw new RequestError(cause, context);
  }
  const { binding, verb, path } = bound;
  const { type, body } = content;
  if (type) headers.set("content-type", type);
  const url = String(baseUrl).replace(/\/+$/, "") + path;
  const init = given<FetchInit & { headers: Headers }>({ method: verb, headers, body, signal, credentials });
  const accept = binding.rawResponse ? "*/*" : "application/json";
  const response = await send(url, init, kind === "unary" ? accept : undefined, options, readDetail, context);
  return { response, binding, readDetail };
}
