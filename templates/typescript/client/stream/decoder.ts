/** An event as received: the fields of WHATWG HTML 9.2.6, its data not yet decoded. */
export interface RawEvent {
  /** The event's type; `"message"` if the server sent none, and for a line of JSON Lines. */
  readonly event: string;
  /** The `data:` lines, joined by LF; or the line of JSON. */
  readonly data: string;
  /** The last event ID in force; undefined if there is none. An earlier event may have set it: see `ownId`. */
  readonly id: string | undefined;
  /** Whether this event has an `id:` of its own. */
  readonly ownId: boolean;
  /** Milliseconds from a `retry:` of this event; undefined if it has none. */
  readonly retry: number | undefined;
}

/** Decodes the body of a stream, chunk by chunk; undefined is its end. */
export type Decoder = (bytes: Uint8Array | undefined) => void;

/** Called for everything that a decoder finds, in the order of the bytes. */
export type DecoderSink = (found: RawEvent | Mark) => void;

/** The parts of a body that are not events. */
export type Mark =
  /** The last event ID at a blank line that dispatches no event. */
  | { readonly mark: "id"; readonly id: string | undefined }
  /** The text after the colon, unchanged. */
  | { readonly mark: "comment"; readonly text: string }
  /** A reconnection time, in milliseconds. */
  | { readonly mark: "retry"; readonly ms: number }
  /** An event or a line is over the limit. */
  | { readonly mark: "tooLarge" }
  /** The body ended. */
  | { readonly mark: "end" };

/** Whether a text takes more than `max` bytes of UTF-8. A text of less than a third of that is not counted. */
export function isOver(text: string, max: number): boolean {
  return text.length > max || (text.length * 3 > max && new TextEncoder().encode(text).length > max);
}

/**
 * Decodes UTF-8 chunk by chunk and removes one leading byte order mark, as "UTF-8 decode" of the Encoding Standard does.
 * It keeps a character that a chunk cuts until the rest of it arrives, so that `TextDecoder` gets whole characters and
 * can do without its option `stream`. In Node that is four times as fast for ASCII, and its strings take half the
 * memory, but it is slower for other text. So the chunk before decides.
 */
export function createUtf8Decoder(): (bytes: Uint8Array | undefined) => string {
  const ascii = new TextDecoder("utf-8", { ignoreBOM: true });
  const other = new TextDecoder("utf-8", { ignoreBOM: true });
  let cut: Uint8Array | undefined;
  let isFirst = true;
  let isAscii = true;

  return (bytes) => {
    let chunk = bytes ?? new Uint8Array();
    if (cut) {
      const joined = new Uint8Array(cut.length + chunk.length);
      joined.set(cut);
      joined.set(chunk, cut.length);
      chunk = joined;
    }
    const end = bytes ? endOfCharacters(chunk) : chunk.length;
    cut = end < chunk.length ? chunk.slice(end) : undefined;
    const whole = cut ? chunk.subarray(0, end) : chunk;
    const text = isAscii ? ascii.decode(whole) : other.decode(whole, { stream: !!bytes });
    isAscii = text.length === end;
    if (isFirst && end > 0) {
      isFirst = false;
      return text.replace(/^\uFEFF/, "");
    }
    return text;
  };
}

/** The index of the character that a chunk cuts; the length of the chunk if it ends with a character. */
function endOfCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back < 4 && back <= length; back++) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) {
      break;
    }
    // The first byte of a character of two, three or four bytes.
    if (byte >= 0xc0) {
      return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? length - back : length;
    }
  }
  return length;
}
