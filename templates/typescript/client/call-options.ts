/** `fetch`, as far as it is used: it is called with a URL and its init, and without a `this`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Headers by name. A value is written as text; `undefined` leaves a header out. */
export type HeaderRecord = { readonly [name: string]: string | number | boolean | undefined };

/** Headers: a value, or a function that is called for every attempt, as a token expires between two. */
export type HeadersSource = HeaderValues | (() => HeaderValues | Promise<HeaderValues>);

type HeaderValues = HeaderRecord | Headers | readonly (readonly [string, string])[];

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
