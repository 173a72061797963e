import type { DescMethod } from "@bufbuild/protobuf";
import { answerStream } from "./call/answer-stream.js";
import { answerUnary } from "./call/answer-unary.js";
import { Call, type CallServer } from "./call/call.js";
import { toContext } from "./call/context.js";
import { createRoutes, type Endpoint, lastEventIdParameter } from "./call/endpoint.js";
import { createHandle } from "./call/handle.js";
import { createHooks } from "./call/hooks.js";
import { OpenCalls } from "./call/open-calls.js";
import { type ContextInit, checkNumber, checkOptions, type ServerOptions } from "./call/server-options.js";
import type { Awaitable } from "./call/service.js";
import { createCors } from "./request/cors.js";
import {
  checkHeaders,
  chooseContentType,
  httpError,
  readContent,
  readLastEventId,
  splitUrl,
} from "./request/read-request.js";
import { createRouter } from "./request/router.js";
import type { JsonOptions } from "./stream/event-encoder.js";

/** An HTTP method and a path template that the server answers. */
export interface RouteInfo {
  /** The HTTP method: `GET`. */
  readonly verb: string;
  /** In the grammar of google/api/http.proto: `/v1/quotes/{symbol}`. */
  readonly template: string;
  readonly method: DescMethod;
}

/** A server of services, for every runtime that has the Web's `Request` and `Response`. */
export interface Server<V = unknown> {
  /**
   * Answers a request. `value` is passed to `createContext`; without that option it is `context.value`. Never
   * rejects: every error is a response. Works without `this`, as in `{ fetch: server.fetch }`. Like the global `fetch`,
   * it also takes a URL and the options of a request, and then no value: a client with `fetch: server.fetch` calls the
   * server in the same process.
   */
  readonly fetch: (
    request: Request | string | URL,
    ...value: undefined extends V ? [value?: V] : [value: V]
  ) => Promise<Response>;
  readonly routes: readonly RouteInfo[];
  /** Whether a route matches the request or, with `cors`, its preflight request. Never throws. */
  readonly match: (request: Request) => boolean;
  /**
   * Ends the calls in flight. Call it before you close the HTTP server. New streams are rejected with 503; new unary calls are
   * answered. A resumable stream ends at once, without `:end` and with its own `retry:`, so that its client resumes
   * elsewhere. Other calls can take up to `graceMs` (default: 10,000), and are then cancelled. A call is open until its
   * response body has been read, so no response is lost. Resolves when no call is open and all handlers have ended, or a
   * second after `graceMs` at the latest.
   */
  readonly drain: (options?: { readonly graceMs?: number | undefined }) => Promise<void>;
}

/**
 * Creates a server for services. `createContext` makes `context.value`, a C, from each request and the value passed to
 * `fetch`, a V. Throws if two routes match the same requests, or if an option has a wrong value.
 */
export function createServer<C, V = unknown>(
  options: ServerOptions<C, V> & { readonly createContext: (init: ContextInit<V>) => Awaitable<C> },
): Server<V>;
/** Creates a server for services. `context.value` is the value passed to `fetch`. Throws as above. */
export function createServer<C = unknown>(options: ServerOptions<C>): Server<C>;
export function createServer<C, V>(options: ServerOptions<C, V>): Server<V> {
  checkOptions(options);
  const { jsonOptions, registry = jsonOptions?.registry, createContext } = options;
  const json: JsonOptions = { ...jsonOptions, ...(registry && { registry }) };
  const routes = createRoutes(options, json);
  const router = createRouter(routes);
  const cors = options.cors && createCors(options.cors);
  const calls = new OpenCalls();
  const hooks = createHooks(options);
  const handle = createHandle(options, (ended, info) => {
    calls.waitFor(ended);
    hooks.watch(ended, info);
  });
  const { slowConsumer, slowConsumerMs = 10_000, commitWindowMs = 25 } = options;
  const unreadMs = slowConsumer === "disconnect" ? slowConsumerMs : undefined;
  const callServer: CallServer = { json, hooks, calls, unreadMs };

  /** The HTTP methods of the path of a preflight; empty for other requests. */
  function preflightMethods(request: Request, path: string): readonly string[] {
    if (!cors?.isPreflight(request)) {
      return [];
    }
    // No route has the empty method, so this finds the methods of a path.
    const found = router.match("", path);
    return found.kind === "wrong method" ? found.allow : [];
  }

  function route(request: Request, path: string) {
    const found = router.match(request.method, path);
    if (found.kind === "none") {
      throw httpError(404, "no method has this path");
    }
    if (found.kind === "wrong method") {
      const allow = found.allow.join(", ");
      throw httpError(405, `this path takes ${allow}`, { Allow: allow });
    }
    return found;
  }

  async function answer(
    call: Call,
    endpoint: Endpoint<C>,
    variables: readonly string[],
    query: string,
    value: V,
  ): Promise<Response> {
    const { request } = call;
    const { method, binder, encoders, offers, idField, checkId, binding } = endpoint;
    const { desc, http } = method;
    const { unaryTimeoutMs, maxDurationMs, maxBodyBytes = 4 * 1024 * 1024 } = options;
    const kind = http.stream ? "stream" : "unary";
    call.start({ method: desc, kind }, http.stream ? maxDurationMs : unaryTimeoutMs);
    if (http.stream) {
      call.resumable = http.stream.resumable ?? false;
      if (calls.draining) {
        call.cancel("shutdown");
      }
    }
    call.throwIfStopped();
    // Without `createContext`, C is V.
    const contextValue = createContext
      ? await call.run(() => createContext({ request, method: desc, kind, value }))
      : (value as unknown as C);
    const offer = offers.length > 0 ? chooseContentType(request, offers) : "";
    if (http.headers) {
      checkHeaders(request.headers, http.headers);
    }
    const lastEventId = encoders && readLastEventId(request.headers, query, lastEventIdParameter, idField);
    const body = binder.body === "none" ? undefined : await readContent(call, binder.body, maxBodyBytes);
    const contentType = binder.body === "bytes" ? (request.headers.get("Content-Type") ?? undefined) : undefined;
    const message = binder.bind({ variables, query, body, contentType });
    const encoder = encoders?.get(offer);
    call.throwIfStopped();
    const context = toContext(call, desc, contextValue, lastEventId, checkId);
    return encoder
      ? answerStream(call, method, encoder, { kind: "stream", method: desc, message, context }, handle, commitWindowMs)
      : answerUnary(call, { kind: "unary", method: desc, message, context }, handle, binding, json);
  }

  async function fetch(request: Request, value: V): Promise<Response> {
    const call = new Call(callServer, request);
    let response: Response;
    let exposed: Headers | undefined;
    try {
      const { path, query } = splitUrl(request.url);
      const methods = preflightMethods(request, path);
      if (cors && methods.length > 0) {
        const preflight = cors.preflight(request, methods);
        call.end();
        return preflight;
      }
      // First of all, so that a function of the user that fails does not cost the answer of a handler.
      exposed = cors?.expose(request);
      const found = route(request, path);
      response = await answer(call, found.value, found.variables, query, value);
    } catch (error) {
      response = call.fail(error);
    }
    exposed?.forEach((header, name) => {
      if (name === "vary") {
        response.headers.append(name, header);
      } else {
        response.headers.set(name, header);
      }
    });
    return response;
  }

  return {
    // With a V that may be undefined, the value may be left out.
    fetch: async (request, ...[value]) =>
      typeof request === "string" || request instanceof URL
        ? fetch(new Request(String(request), value as RequestInit), undefined as V)
        : fetch(request, value as V),
    routes: routes.map(({ method, path, value }) => ({
      verb: method,
      template: path,
      method: value.method.desc,
    })),
    match(request) {
      try {
        const { path } = splitUrl(request.url);
        return router.match(request.method, path).kind === "match" || preflightMethods(request, path).length > 0;
      } catch {
        return false;
      }
    },
    async drain({ graceMs = 10_000 } = {}) {
      checkNumber("graceMs of drain", graceMs, 0, "milliseconds");
      await calls.drain(graceMs);
    },
  };
}
