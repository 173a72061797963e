import type { BaseInterceptor } from "./interceptor.js";
import type { CallOptions } from "./request/call-options.js";
import type { Kinds } from "./request/method.js";
import type { ReadError } from "./request/read-error.js";
import type { StreamOptions } from "./stream/stream-options.js";

/** Whether cookies and the like are sent, as `fetch` takes it; the types of Workers do not have it. */
export type Credentials = "include" | "omit" | "same-origin";

/** Options of a client: where its server is, and defaults of the options of its calls. */
export interface BaseClientOptions<K extends Kinds>
  extends Omit<StreamOptions & CallOptions, "signal" | "lastEventId"> {
  /**
   * What stands before the paths: `https://api.example.com`, with or without a path and a trailing slash.
   * In a browser it may be relative to the page: `/api`, or empty. Without `?` and `#`: parameters are `query`.
   */
  readonly baseUrl: string | URL;
  /** Wrap every call. The first is the outermost. */
  readonly interceptors?: readonly BaseInterceptor<K>[] | undefined;
  /** Reads the errors of a server that sends no google.rpc.Status, for `StatusError`. What it throws, the call rejects with. */
  readonly readError?: ReadError | undefined;
  /** Whether cookies and the like are sent to another origin, as `fetch` takes it. Default: what `fetch` does. */
  readonly credentials?: Credentials | undefined;
}

/** The entries that are given: one that is undefined is not. */
export function given<T extends object>(entries: { readonly [K in keyof T]: T[K] | undefined }): T {
  // Without those that are undefined, they are as `T` says.
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as T;
}
