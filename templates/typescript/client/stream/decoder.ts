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

/** Takes what a decoder finds, in the order of the bytes. */
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
 * Splits UTF-8 bytes into lines, the same for all ways to cut the bytes into chunks, in time linear in the bytes: no
 * character is searched twice for the same terminator, and the parts of a line are joined once, when it ends.
 *
 * A line ends at LF; with `endsAtCr` also at CR and CRLF, as in WHATWG HTML 9.2.5. It is passed as a range of a text,
 * since most lines are needed only in part. Returns the function that takes the chunks, and undefined at the end of the
 * body. That function returns the line that has not ended yet.
 */
export function createLineSplitter(
  endsAtCr: boolean,
  onLine: (text: string, start: number, end: number) => void,
): (bytes: Uint8Array | undefined) => string {
  const decode = createUtf8Decoder();
  let rest = "";
  let skipLf = false;

  return (bytes) => {
    const text = decode(bytes);
    // Without a character, the LF of a cut CRLF may still come.
    if (text === "") {
      return rest;
    }
    let start = skipLf && text[0] === "\n" ? 1 : 0;
    skipLf = false;
    // The next terminator of each kind. Searched again only when passed: with one stray CR in a megabyte of LF lines,
    // not every line must search all that follows for a second CR.
    let lf = -1;
    let cr = endsAtCr ? -1 : text.length;
    for (;;) {
      if (lf < start) {
        lf = find(text, "\n", start);
      }
      if (cr < start) {
        cr = find(text, "\r", start);
      }
      const end = lf < cr ? lf : cr;
      if (end === text.length) {
        rest += text.slice(start);
        return rest;
      }
      if (rest === "") {
        onLine(text, start, end);
      } else {
        const line = rest + text.slice(start, end);
        rest = "";
        onLine(line, 0, line.length);
      }
      start = end + 1;
      if (end === cr) {
        if (start === text.length) {
          skipLf = true;
        } else if (lf === start) {
          start++;
        }
      }
    }
  };
}

/** The index of a terminator; the length of the text if there is none. */
function find(text: string, terminator: string, from: number): number {
  const index = text.indexOf(terminator, from);
  return index < 0 ? text.length : index;
}

/**
 * Decodes UTF-8 chunk by chunk and removes one leading byte order mark, as "UTF-8 decode" of the Encoding Standard does.
 * Keeps a character that a chunk cuts until the rest of it arrives, so that `TextDecoder` gets whole characters: its
 * option `stream` takes four times as long in Node, and its strings take two bytes for each character.
 */
function createUtf8Decoder(): (bytes: Uint8Array | undefined) => string {
  let decoder = new TextDecoder();
  let cut: Uint8Array | undefined;

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
    if (end === 0) {
      return "";
    }
    const text = decoder.decode(cut ? chunk.subarray(0, end) : chunk);
    if (!decoder.ignoreBOM) {
      // Only the first character can be the mark.
      decoder = new TextDecoder("utf-8", { ignoreBOM: true });
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
