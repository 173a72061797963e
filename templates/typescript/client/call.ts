import { withoutUndefined } from "../shared/json.js";
import type { HttpBinding } from "../shared/method.js";
import type { BaseClientOptions, ClientOf } from "./client-options.js";
import type {
  BaseClientRequest,
  BaseClientResponse,
  BaseNext,
  BaseStreamRequest,
  BaseUnaryRequest,
} from "./interceptor.js";
import { type BoundRequest, bindRequest } from "./request/bind-request.js";
import type { CallOptions } from "./request/call-options.js";
import { type ErrorContext, RequestError } from "./request/errors.js";
import { type Content, fromHttpBody, toJsonBody } from "./request/http-body.js";
import type { ClientMethod, Kinds } from "./request/method.js";
import type { ErrorReader } from "./request/read-error.js";
import { type FetchInit, mergeHeaders, send } from "./request/send.js";
import { throwIfAborted } from "./request/waiter.js";
import type { StreamOptions } from "./stream/stream-options.js";

/** The options of a client and of one call. Those of the call win. */
export function mergeOptions<C extends Pick<CallOptions, "query">, O extends CallOptions>(
  client: C,
  options: O,
): C & O {
  const query = { ...client.query, ...withoutUndefined(options.query ?? {}) };
  return { ...client, ...withoutUndefined<O>(options), query };
}

/** A request without the parts that all requests of its call have. */
type Start<K extends Kinds> =
  | Omit<BaseUnaryRequest<K>, "method" | "headers" | "message">
  | Omit<BaseStreamRequest<K>, "method" | "headers" | "message">;

/** Passes a request through the interceptors. The first is the outermost. */
export async function intercept<I, K extends Kinds>(
  { headers, interceptors = [] }: BaseClientOptions<K>,
  method: ClientMethod<I, K["message"], K>,
  request: I,
  options: CallOptions,
  start: Start<K>,
  last: BaseNext<K>,
): Promise<BaseClientResponse<K>> {
  const { signal } = start;
  // Each step runs code of the user, which may end the call.
  const unlessAborted =
    (next: BaseNext<K>): BaseNext<K> =>
    async (request) => {
      throwIfAborted(signal);
      return next(request);
    };
  const run = interceptors.reduceRight((next, interceptor) => unlessAborted(interceptor(next)), unlessAborted(last));
  return run({
    ...start,
    method: method.desc,
    headers: await mergeHeaders(signal, { phase: "open", ...start }, headers, options.headers),
    message: method.prepare(request),
  });
}

/** The response to a message. */
export interface Exchange {
  /** A 2xx response, its body unread. */
  readonly response: Response;
  /** The binding of the request. */
  readonly binding: HttpBinding;
  readonly reader: ErrorReader;
}

/**
 * The last step of a call: makes an HTTP request of the message and sends it. Rejects as `send` does, and with a
 * `RequestError` for a message that HTTP cannot carry.
 */
export async function sendMessage<I, O extends K["message"], K extends Kinds>(
  method: ClientMethod<I, O, K>,
  { kind, headers, signal, message }: BaseClientRequest<K>,
  options: ClientOf<K> & StreamOptions,
  context: ErrorContext & { httpMethod?: string },
): Promise<Exchange> {
  const { credentials, readError } = options;
  const baseUrl = String(options.baseUrl);
  const reader: ErrorReader = { readError, readDetail: (schema, json) => method.readDetail?.(schema, json, options) };
  let bound: BoundRequest;
  let content: Partial<Content> = {};
  try {
    if (/[?#]/.test(baseUrl)) {
      throw new TypeError(
        `check baseUrl: "${baseUrl}" has a query or a fragment; set query parameters with the option "query"`,
      );
    }
    bound = bindRequest(method.http, method.encode(message, options));
    if (bound.body !== undefined) {
      content = (bound.binding.rawBody ? fromHttpBody : toJsonBody)(bound.body);
    }
  } catch (cause) {
    throw new RequestError(cause, context);
  }
  const { binding } = bound;
  context.httpMethod = bound.method;
  const { type, body } = content;
  if (type) {
    headers.set("content-type", type);
  }
  const url = baseUrl.replace(/\/+$/, "") + bound.path;
  const init = withoutUndefined<FetchInit & { headers: Headers }>({
    method: bound.method,
    headers,
    body,
    signal,
    credentials,
  });
  const accept = binding.rawResponse ? "*/*" : "application/json";
  const response = await send(url, init, kind === "unary" ? accept : undefined, options, reader, context);
  return { response, binding, reader };
}
