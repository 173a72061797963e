/** `fetch`, as far as it is used: it is called with a URL and its init, and without a `this`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Headers by name. A value is written as text; `undefined` leaves a header out. */
export type HeaderRecord = { readonly [name: string]: string | number | boolean | readonly string[] | undefined };

/** Headers: a value, or a function that is called for every attempt, as a token expires between two. */
export type HeadersSource = HeaderValues | (() => HeaderValues | Promise<HeaderValues>);

type HeaderValues = HeaderRecord | Headers | readonly (readonly [string, string])[];

/** How often and when to send a request again that failed. */
export interface RetryOptions {
  /**
   * How many further requests in a row may fail. With 3, a server that never answers gets four requests: the first
   * and three more. Default: 10 for a stream, 0 for a unary call.
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The first delay, in milliseconds. It doubles with each failure in a row, and is made shorter by up to half at
   * random. Where the server said `retry:`, that is the first delay, made longer by up to half. Default: 1,000.
   */
  readonly initialDelayMs?: number | undefined;
  /** The longest delay, in milliseconds, before a `retry:` is made longer; `Retry-After` may be longer. Default: 30,000. */
  readonly maxDelayMs?: number | undefined;
  /** The longest `Retry-After` to wait for, in milliseconds; beyond it the call fails with the server's error. Default: 300,000. */
  readonly maxRetryAfterMs?: number | undefined;
}

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Added to the headers of the client; of one name, these win. */
  readonly headers?: HeadersSource | undefined;
  /**
   * Milliseconds until a unary call fails with a `TimeoutError`; for a stream, until an attempt has a
   * response, unless `connectTimeoutMs` says so. Default: no limit.
   */
  readonly timeoutMs?: number | undefined;
  /** Query parameters that every request has beside its own: `{ alt: "sse" }`. Those of the client and of the call are sent; of one name, the call's. */
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined;
  /**
   * Sends a unary call again that failed with 408, 425, 429, 502, 503, 504 or on the network, if its HTTP method is
   * idempotent or it has an `Idempotency-Key` header; `timeoutMs` limits all attempts together. Default: never.
   */
  readonly retry?: RetryOptions | undefined;
  /** Called in place of `globalThis.fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Called with every response as its head arrives, errors included. Its body is not to be read. */
  readonly onResponse?: ((response: Response) => void) | undefined;
}

/**
 * The options of a method that declares headers: `H` has their names and types, each optional, since the client
 * may set them for all calls. Other headers may stand beside them.
 */
export type WithHeaders<O extends CallOptions, H extends HeaderRecord> = Omit<O, "headers"> & {
  readonly headers?: (H & HeaderRecord) | (() => (H & HeaderRecord) | Promise<H & HeaderRecord>) | undefined;
};
