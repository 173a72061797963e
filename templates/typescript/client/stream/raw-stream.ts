import { withoutUndefined } from "../../shared/json.js";
import type { Credentials } from "../client-options.js";
import type { ErrorContext } from "../request/errors.js";
import { type FetchInit, mergeHeaders, send } from "../request/send.js";
import type { RawEvent } from "./decoder.js";
import { createEventStream, type EventStream } from "./event-stream.js";
import type { StreamOptions } from "./stream-options.js";

/** Options of a raw stream: those of a stream, and the request. */
export interface RawStreamOptions extends StreamOptions {
  /** The HTTP method. Default: `GET`. */
  readonly method?: string | undefined;
  /** Sent with every attempt. Set its `Content-Type` in the headers. */
  readonly body?: string | undefined;
  readonly credentials?: Credentials | undefined;
}

/**
 * Reads any stream of Server-Sent Events, or of JSON Lines, without a method that declares it. Its events are returned
 * as received: no event is an error, and no event ends the stream. To reconnect as EventSource does, set
 * `reconnect: { afterEnd: true }`.
 *
 * ```ts
 * for await (const { event, data } of openRawStream("https://stream.example.com/")) console.log(event, data);
 * ```
 */
export function openRawStream(url: string | URL, options: RawStreamOptions = {}): EventStream<RawEvent> {
  return createEventStream(
    {
      rule: {},
      decode: (event) => event,
      open: async ({ signal, ...attempt }) => {
        const { method, body, credentials } = options;
        const context: ErrorContext = { phase: "open", ...attempt };
        const headers = await mergeHeaders(signal, context, options.headers);
        const init = withoutUndefined<FetchInit & { headers: Headers }>({ method, headers, body, credentials, signal });
        return send(String(url).replace(/#.*/, ""), init, undefined, options, {}, context);
      },
    },
    options,
  );
}
