import { callStream } from "./call-stream.js";
import { callUnary } from "./call-unary.js";
import type { ClientOf } from "./client-options.js";
import type { CallOptions } from "./request/call-options.js";
import type { ClientMethod, Kinds } from "./request/method.js";
import type { EventStream } from "./stream/event-stream.js";
import type { StreamOptions } from "./stream/stream-options.js";

/**
 * Calls methods that are defined by hand. Generated clients call the two functions instead, so that a bundler can leave
 * out what reads streams if no method responds with one.
 */
export class BaseTransport<K extends Kinds = Kinds> {
  readonly #client: ClientOf<K>;

  constructor(options: ClientOf<K>) {
    this.#client = options;
  }

  /** Calls a method that responds with one message. */
  unary<I, O extends K["message"]>(method: ClientMethod<I, O, K>, request: I, options?: CallOptions): Promise<O> {
    return callUnary(this.#client, method, request, options);
  }

  /** Calls a method that responds with a stream. Sends nothing until the stream is read. */
  stream<I, O extends K["message"]>(
    method: ClientMethod<I, O, K>,
    request: I,
    options?: StreamOptions,
  ): EventStream<O> {
    return callStream(this.#client, method, request, options);
  }
}
