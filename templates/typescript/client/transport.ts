import { type BaseClientOptions, given } from "./client-options.js";
import type {
  BaseClientResponse,
  BaseNext,
  BaseStreamRequest,
  BaseStreamResponse,
  BaseUnaryRequest,
  BaseUnaryResponse,
} from "./interceptor.js";
import type { CallOptions } from "./request/call-options.js";
import { withDeadline } from "./request/deadline.js";
import { type ErrorContext, StatusError } from "./request/errors.js";
import { mergeHeaders } from "./request/headers.js";
import type { ClientMethod, Kinds } from "./request/method.js";
import { readResponse } from "./request/read-response.js";
import { sendMessage } from "./request/send-message.js";
import { keepIdempotencyKey, type UnaryContext, withRetry } from "./request/unary-retry.js";
import { throwIfAborted } from "./request/waiter.js";
import { decodeEvent } from "./stream/decode-event.js";
import { createEventStream, type EventStream } from "./stream/event-stream.js";
import type { StreamOptions } from "./stream/stream-options.js";

/** What a request has beyond what every request of its call has. */
type Start<K extends Kinds> =
  | Omit<BaseUnaryRequest<K>, "method" | "headers" | "message">
  | Omit<BaseStreamRequest<K>, "method" | "headers" | "message">;

/** Calls the methods of a client: what all kinds of messages have in common. A generated client holds one. */
export class BaseTransport<K extends Kinds> {
  readonly #client: BaseClientOptions<K> & K["settings"];

  constructor(options: BaseClientOptions<K> & K["settings"]) {
    this.#client = options;
  }

  /** Calls a method that answers with one message. */
  unary<I, O extends K["message"]>(method: ClientMethod<I, O, K>, request: I, options: CallOptions = {}): Promise<O> {
    const call = this.#merge(options);
    const context: UnaryContext = { phase: "open", attempt: 0 };
    return withDeadline(call, context, (signal) =>
      withRetry(call.retry ?? {}, signal, context, async ({ attempt }) => {
        const start = { kind: "unary", signal, attempt } as const;
        const answer = await this.#run(method, request, options, start, async (request) => {
          keepIdempotencyKey(request.headers, context);
          const { response, binding } = await sendMessage(method, request, call, context);
          context.phase = "body";
          const { status, headers } = response;
          const message = await readResponse(response, binding, context, (json) => method.decode(json, call));
          return { kind: "unary", status, headers, message };
        });
        // Interceptors answer in kind, and keep the type of the message.
        return (answer as BaseUnaryResponse<K>).message as O;
      }),
    );
  }

  /** Calls a method that answers with a stream. Nothing is sent until the stream is read. */
  stream<I, O extends K["message"]>(
    method: ClientMethod<I, O, K>,
    request: I,
    options: StreamOptions = {},
  ): EventStream<O> {
    const call = this.#merge(options);
    const rule = method.http.stream ?? {};
    let decode: BaseStreamResponse<K>["decode"];
    const stream: EventStream<O> = createEventStream(
      {
        rule,
        open: async (attempt) => {
          const start = { kind: "stream", stream, ...attempt } as const;
          const answer = await this.#run(method, request, options, start, async (request) => {
            const { response, reader } = await sendMessage(method, request, call, { ...attempt, phase: "open" });
            return {
              kind: "stream",
              response,
              decode(event, place) {
                const context: ErrorContext = { ...place, phase: "body" };
                if (event.event === (rule.errorEvent ?? "error")) {
                  throw new StatusError(response, event.data, reader, context);
                }
                return decodeEvent(event, place.format, rule, call, context, (json) => method.decode(json, call));
              },
            };
          });
          // Interceptors answer in kind.
          const opened = answer as BaseStreamResponse<K>;
          decode = (event, place) => opened.decode(event, place);
          return opened.response;
        },
        // An interceptor keeps the type of the message.
        decode: (event, place) => decode(event, place) as O | undefined,
      },
      call,
    );
    return stream;
  }

  #merge<C extends CallOptions>(options: C) {
    const query = { ...this.#client.query, ...given(options.query ?? {}) };
    return { ...this.#client, ...given(options), query };
  }

  /** Passes a request through the interceptors, of which the first is the outermost. */
  async #run<I>(
    method: ClientMethod<I, K["message"], K>,
    request: I,
    options: CallOptions,
    start: Start<K>,
    last: BaseNext<K>,
  ): Promise<BaseClientResponse<K>> {
    const { headers, interceptors = [] } = this.#client;
    const { signal } = start;
    const context: ErrorContext = { phase: "open", ...start };
    // Each step is code of the user, which may end the call that it is part of.
    const whileWanted =
      (next: BaseNext<K>): BaseNext<K> =>
      async (request) => {
        throwIfAborted(signal);
        return next(request);
      };
    const run = interceptors.reduceRight((next, interceptor) => whileWanted(interceptor(next)), whileWanted(last));
    return run({
      ...start,
      method: method.desc,
      headers: await mergeHeaders(signal, context, headers, options.headers),
      message: method.prepare(request),
    });
  }
}
