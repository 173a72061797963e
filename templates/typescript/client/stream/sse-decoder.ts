import { createUtf8Decoder, type Decoder, type DecoderSink, isOver } from "./decoder.js";

const LF = 10;
const SPACE = 32;
const COLON = 58;

/**
 * Decodes `text/event-stream` by the rules of WHATWG HTML 9.2.5 and 9.2.6, in time linear in the bytes. An event is
 * found at its blank line. An event without a blank line at the end of the body is dropped.
 *
 * `lastEventId` is in force until the body sets another. The standard empties the last event ID buffer for each
 * connection. Then, one event without id after a reconnection would make the next reconnection start over, so browsers
 * keep the id, and so does this.
 */
export function createSseDecoder(sink: DecoderSink, maxEventBytes: number, lastEventId = ""): Decoder {
  const decodeText = createUtf8Decoder();
  /** A character takes at most three bytes of UTF-8. */
  const neverOver = maxEventBytes / 3;
  /** The line that has not ended yet. */
  let rest = "";
  /** Whether the last character was a CR: an LF after it does not end another line. */
  let skipLf = false;

  let data: string | undefined;
  let event = "message";
  let id = lastEventId || undefined;
  let ownId = false;
  let retry: number | undefined;

  /** Calls `onLine` for each line that ends in the text. A line ends at LF, CR or CRLF. */
  function split(text: string): void {
    let start = skipLf && text.charCodeAt(0) === LF ? 1 : 0;
    skipLf = false;
    // The next terminator of each kind. Searched again only when passed: with one stray CR in a megabyte of LF lines,
    // not every line must search all that follows for a second CR.
    let lf = -1;
    let cr = -1;
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
        return;
      }
      // Most events are one line of data and a blank line, which is found without a search. They need no state.
      if (
        end === lf &&
        text.charCodeAt(end + 1) === LF &&
        rest === "" &&
        data === undefined &&
        isData(text, start) &&
        text.charCodeAt(start + 4) === COLON &&
        end - start < neverOver
      ) {
        const from = text.charCodeAt(start + 5) === SPACE ? start + 6 : start + 5;
        sink({ event, data: text.slice(from, end), id, ownId, retry });
        reset();
        start = end + 2;
        continue;
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
  }

  /** Reads a line in place, by its first character: only values are copied. */
  function onLine(text: string, start: number, end: number): void {
    if (start === end) {
      dispatch();
      return;
    }
    measure(end - start);
    let value: string | undefined;
    switch (text.charCodeAt(start)) {
      case COLON:
        sink({ mark: "comment", text: text.slice(start + 1, end) });
        break;
      case 100: // d
        if (isData(text, start)) {
          value = readValue(text, start + 4, end);
          if (value !== undefined) {
            data = data === undefined ? value : `${data}\n${value}`;
          }
        }
        break;
      case 101: // e
        value = readField("event", text, start, end);
        if (value !== undefined) {
          event = value || "message";
        }
        break;
      case 105: // i
        value = readField("id", text, start, end);
        if (value !== undefined && !value.includes("\0")) {
          id = value || undefined;
          ownId = true;
        }
        break;
      case 114: // r
        value = readField("retry", text, start, end);
        if (value !== undefined && /^\d+$/.test(value)) {
          retry = Number(value);
          sink({ mark: "retry", ms: retry });
        }
    }
  }

  function dispatch(): void {
    if (data === undefined) {
      sink({ mark: "id", id });
    } else if (isOver(data, maxEventBytes)) {
      sink({ mark: "tooLarge" });
    } else {
      sink({ event, data, id, ownId, retry });
    }
    data = undefined;
    reset();
  }

  function reset(): void {
    retry = undefined;
    ownId = false;
    event = "message";
  }

  // For every line, complete or not, of any field: so the result does not depend on how the bytes are cut, and a
  // server cannot fill the memory. The six characters are the `data: ` before the data.
  function measure(length: number): void {
    if (length + (data === undefined ? 0 : data.length) > maxEventBytes + 6) {
      sink({ mark: "tooLarge" });
    }
  }

  return (bytes) => {
    const text = decodeText(bytes);
    // Without a character, the LF of a cut CRLF may still come.
    if (text !== "") {
      split(text);
    }
    measure(rest.length);
    if (!bytes) {
      sink({ mark: "end" });
    }
  };
}

/** The index of a terminator; the length of the text if there is none. */
function find(text: string, terminator: string, from: number): number {
  const index = text.indexOf(terminator, from);
  return index < 0 ? text.length : index;
}

/** Whether a line begins with `data`. Compared like this, it is twice as fast as with `startsWith`. */
function isData(text: string, start: number): boolean {
  return (
    text.charCodeAt(start) === 100 &&
    text.charCodeAt(start + 1) === 97 &&
    text.charCodeAt(start + 2) === 116 &&
    text.charCodeAt(start + 3) === 97
  );
}

/** The value of a line that is this field; undefined for another field. */
function readField(name: string, text: string, start: number, end: number): string | undefined {
  return text.startsWith(name, start) ? readValue(text, start + name.length, end) : undefined;
}

/** The value after the name of a field; undefined if the name is longer. */
function readValue(text: string, colon: number, end: number): string | undefined {
  if (colon < end && text.charCodeAt(colon) !== COLON) {
    return undefined;
  }
  // Of a line without a colon, this slice is empty.
  return text.slice(text.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1, end);
}
