/** The part of `fetch` that the client uses: it is called with a URL and its init, and without a `this`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Headers by name. A value is written as text; `undefined` omits a header. */
export type HeaderRecord = { readonly [name: string]: string | number | boolean | readonly string[] | undefined };

/** Headers: a value, or a function that is called for every attempt, because a token may expire between two. */
export type HeadersSource = HeaderValues | (() => HeaderValues | Promise<HeaderValues>);

type HeaderValues = HeaderRecord | Headers | readonly (readonly [string, string])[];

/** How often and when to send a failed request again. */
export interface RetryOptions {
  /**
   * How many further requests in a row may fail. With 3, a server that never answers gets four requests: the first
   * and three more. Default: 10 for a stream, 0 for a unary call.
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The first delay, in milliseconds. It doubles with each failure in a row, and is made shorter by up to half at
   * random. The server's `retry:` replaces it, and is made longer by up to half. Default: 1,000.
   */
  readonly initialDelayMs?: number | undefined;
  /** The longest delay, in milliseconds, before jitter lengthens a `retry:`. `Retry-After` may be longer. Default: 30,000. */
  readonly maxDelayMs?: number | undefined;
  /** The longest `Retry-After` to wait for, in milliseconds. For a longer one, the call fails with the server's error. Default: 300,000. */
  readonly maxRetryAfterMs?: number | undefined;
}

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Added to the headers of the client. If both have a name, the value of the call is used. */
  readonly headers?: HeadersSource | undefined;
  /**
   * Milliseconds until a unary call fails with a `TimeoutError`. For a stream, the limit until the head of each
   * response, unless `connectTimeoutMs` is set. Default: no limit.
   */
  readonly timeoutMs?: number | undefined;
  /** Query parameters in addition to those of the request: `{ alt: "sse" }`. They are merged with the client's; if both have a name, the value of the call is used. */
  readonly query?: { readonly [name: string]: string | number | boolean | undefined } | undefined;
  /**
   * Repeats a unary call after status 408, 425, 429, 502, 503 or 504 and after a network error, if its HTTP method is
   * idempotent or it has an `Idempotency-Key` header. `timeoutMs` limits all attempts together. Default: never.
   */
  readonly retry?: RetryOptions | undefined;
  /** Called instead of `globalThis.fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Called with every response when its head arrives, including errors. Do not read its body. */
  readonly onResponse?: ((response: Response) => void) | undefined;
}

/**
 * The options of a method that declares headers: `H` has their names and types. Each is optional, because it can also be
 * set once in the client's options. Other headers are allowed.
 */
export type WithHeaders<O extends CallOptions, H extends HeaderRecord> = Omit<O, "headers"> & {
  readonly headers?: (H & HeaderRecord) | (() => (H & HeaderRecord) | Promise<H & HeaderRecord>) | undefined;
};
