import type { BaseInterceptor } from "./interceptor.js";
import type { CallOptions } from "./request/call-options.js";
import type { Kinds } from "./request/method.js";
import type { ReadError } from "./request/read-error.js";
import type { StreamOptions } from "./stream/stream-options.js";

/** The `credentials` of `fetch`. The types of Workers lack it. */
export type Credentials = "include" | "omit" | "same-origin";

/** Options of a client: the address of its server, and defaults for the options of its calls. */
export interface BaseClientOptions<K extends Kinds = Kinds>
  extends Omit<StreamOptions & CallOptions, "signal" | "lastEventId"> {
  /**
   * The URL before the paths of the methods: `https://api.example.com`, with or without a path and a trailing slash.
   * In a browser it may be relative to the page: `/api`, or empty. For query parameters, use `query`.
   */
  readonly baseUrl: string | URL;
  /** They wrap every call. The first is the outermost. */
  readonly interceptors?: readonly BaseInterceptor<K>[] | undefined;
  /** Reads the errors of a server that sends no google.rpc.Status, for `StatusError`. If it throws, the call rejects with that. */
  readonly readError?: ReadError | undefined;
  /**
   * The field by which a server reports a failure inside a stream, in an event without the name of an error event: with
   * `"error"`, the event `data: {"error":{"message":"overloaded"}}` is a `StatusError`. A null is no failure. Default: none.
   */
  readonly errorField?: string | undefined;
  /** Whether cookies and other credentials are sent to another origin, as in `fetch`. Default: that of `fetch`. */
  readonly credentials?: Credentials | undefined;
}

/** The options of a client, with those that its kind of messages adds. */
export type ClientOf<K extends Kinds> = BaseClientOptions<K> & K["settings"];
