import type { RawEvent } from "./raw-event.js";

/** Reads the body of a stream, chunk by chunk; undefined is its end. */
export type Decoder = (bytes: Uint8Array | undefined) => void;

/** Takes what a decoder finds, in the order of the bytes. */
export type DecoderSink = (found: RawEvent | Mark) => void;

/** What there is in a body besides events. */
export type Mark =
  /** The last event ID at a blank line that dispatches no event. */
  | { readonly mark: "id"; readonly id: string | undefined }
  /** The text after the colon, as it stands. */
  | { readonly mark: "comment"; readonly text: string }
  /** A reconnection time, in milliseconds. */
  | { readonly mark: "retry"; readonly ms: number }
  /** An event or a line has grown over the limit. */
  | { readonly mark: "tooLarge" }
  /** The body is at its end. */
  | { readonly mark: "end" };

/** Whether a text takes more than `max` bytes of UTF-8. One of less than a third of that need not be counted. */
export function isOver(text: string, max: number): boolean {
  return text.length > max || (text.length * 3 > max && new TextEncoder().encode(text).length > max);
}
