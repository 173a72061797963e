import type { DescMethod } from "@bufbuild/protobuf";
import { answerStream } from "./answer-stream.js";
import { answerUnary } from "./answer-unary.js";
import type { ServerParts } from "./call-parts.js";
import { checkHeaders } from "./check-headers.js";
import { createCors } from "./cors.js";
import { createRoutes, type Endpoint, lastEventIdParameter } from "./endpoint.js";
import type { JsonOptions } from "./event-encoder.js";
import { toFailure } from "./failure.js";
import { createHandle } from "./handle.js";
import { createHooks } from "./hooks.js";
import { OpenCalls } from "./open-calls.js";
import { chooseContentType, httpError, readContent, readLastEventId, splitUrl } from "./request-parts.js";
import { toErrorResponse } from "./responses.js";
import { createRouter } from "./router.js";
import type { ServerOptions } from "./server-options.js";

/** A verb and a path template that the server answers. */
export interface RouteInfo {
  readonly verb: string;
  /** In the grammar of google/api/http.proto: `/v1/quotes/{symbol}`. */
  readonly template: string;
  readonly method: DescMethod;
}

/** A server of services, for every runtime that has the Web's `Request` and `Response`. */
export interface Server<C = unknown> {
  /**
   * Answers a request; `value` becomes `context.value`. Never rejects: whatever fails is an answer.
   * Needs no `this`, so that `{ fetch: server.fetch }` serves.
   */
  readonly fetch: (request: Request, ...value: undefined extends C ? [value?: C] : [value: C]) => Promise<Response>;
  readonly routes: readonly RouteInfo[];
  /** Whether one of the routes takes a request, or with `cors` its preflight; others can have the rest. */
  readonly match: (request: Request) => boolean;
  /**
   * Ends the calls that run, and refuses new streams with 503. A resumable stream ends at once, without `:end` and with
   * a `retry:` of its own, so that its client goes on elsewhere; other calls have `graceMs` to end by themselves
   * (default 10,000). Resolves when all handlers have ended, a second after the grace at the latest.
   */
  readonly drain: (options?: { readonly graceMs?: number | undefined }) => Promise<void>;
}

/** Creates a server of the given services. Throws when two routes take the same requests. */
export function createServer<C = unknown>(options: ServerOptions<C>): Server<C> {
  const { jsonOptions, registry = jsonOptions?.registry } = options;
  const json: JsonOptions = { ...jsonOptions, ...(registry && { registry }) };
  const routes = createRoutes(options, json);
  const router = createRouter(routes);
  const cors = options.cors && createCors(options.cors);
  const hooks = createHooks(options);
  const calls = new OpenCalls();
  const parts: ServerParts<C> = { options, json, hooks, calls, handle: createHandle(options) };

  /** The verbs of the path of a preflight; none for another request. */
  function preflightVerbs(request: Request, path: string): readonly string[] {
    if (!cors?.isPreflight(request)) {
      return [];
    }
    // No request has the empty verb, so a path that is known is known for others.
    const found = router.match("", path);
    return found.kind === "wrong verb" ? found.allow : [];
  }

  async function fetch(request: Request, value: C): Promise<Response> {
    let method: DescMethod | undefined;
    let response: Response;
    try {
      const { path, query } = splitUrl(request.url);
      const verbs = preflightVerbs(request, path);
      if (cors && verbs.length > 0) {
        return cors.preflight(request, verbs);
      }
      const found = router.match(request.method, path);
      if (found.kind === "none") {
        throw httpError(404, "no method has this path");
      }
      if (found.kind === "wrong verb") {
        const allow = found.allow.join(", ");
        throw httpError(405, `this path takes ${allow}`, { Allow: allow });
      }
      method = found.value.method.desc;
      response = await answer(parts, found.value, found.variables, request, query, value);
    } catch (error) {
      const failure = toFailure(error, json);
      if (failure.unexpected) hooks.error(failure.error, { request, method });
      response = toErrorResponse(failure, new Headers(), request.method);
    }
    cors?.expose(request, response.headers);
    return response;
  }

  return {
    // With a C that may be undefined, the value may be left out.
    fetch: (request, ...[value]) => fetch(request, value as C),
    routes: routes.map(({ verb, path, value }) => ({ verb, template: path, method: value.method.desc })),
    match(request) {
      const { path } = splitUrl(request.url);
      return router.match(request.method, path).kind === "match" || preflightVerbs(request, path).length > 0;
    },
    drain: ({ graceMs = 10_000 } = {}) => calls.drain(graceMs),
  };
}

async function answer<C>(
  parts: ServerParts<C>,
  endpoint: Endpoint<C>,
  variables: readonly string[],
  request: Request,
  query: string,
  value: C,
): Promise<Response> {
  const { method, binder, encoders, offers, idField } = endpoint;
  const { desc, http } = method;
  const { maxBodyBytes = 4 * 1024 * 1024 } = parts.options;
  const offer = offers.length > 0 ? chooseContentType(request, offers) : "";
  checkHeaders(request.headers, http.headers ?? []);
  const lastEventId = encoders && readLastEventId(request.headers, query, lastEventIdParameter, idField);
  const body = await readContent(request, binder.body, maxBodyBytes);
  const contentType = request.headers.get("Content-Type") ?? undefined;
  const message = binder.bind({ variables, query, body, contentType });
  const call = { request, method: desc, message, value };
  const encoder = encoders?.get(offer);
  if (encoder === undefined) {
    return answerUnary(parts, endpoint, call);
  }
  return answerStream(parts, { ...call, rule: http.stream ?? {}, encoder, lastEventId, idField });
}
