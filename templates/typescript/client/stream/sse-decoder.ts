import { createLineSplitter, type Decoder, type DecoderSink, isOver } from "./decoder.js";

/**
 * Decodes `text/event-stream` by the rules of WHATWG HTML 9.2.6. An event is found at its blank line. An event without
 * a blank line at the end of the body is dropped.
 *
 * `lastEventId` is in force until the body sets another. The standard empties the last event ID buffer for each
 * connection. Then, one event without id after a reconnection would make the next reconnection start over, so browsers
 * keep the id, and so does this.
 */
export function createSseDecoder(sink: DecoderSink, maxEventBytes: number, lastEventId = ""): Decoder {
  let data: string | undefined;
  let event = "";
  let id = lastEventId;
  let ownId = false;
  let retry: number | undefined;

  // A line is looked at in place, by its first character: only values are copied.
  const push = createLineSplitter(true, (text, start, end) => {
    if (start === end) {
      dispatch();
      return;
    }
    measure(end - start);
    let value: string | undefined;
    switch (text.charCodeAt(start)) {
      case 100: // d
        value = readField(text, start, end, "data");
        if (value !== undefined) {
          data = data === undefined ? value : `${data}\n${value}`;
        }
        break;
      case 58: // :
        sink({ mark: "comment", text: text.slice(start + 1, end) });
        break;
      case 101: // e
        event = readField(text, start, end, "event") ?? event;
        break;
      case 105: // i
        value = readField(text, start, end, "id");
        if (value !== undefined && !value.includes("\0")) {
          id = value;
          ownId = true;
        }
        break;
      case 114: // r
        value = readField(text, start, end, "retry");
        if (value !== undefined && /^\d+$/.test(value)) {
          retry = Number(value);
          sink({ mark: "retry", ms: retry });
        }
    }
  });

  function dispatch(): void {
    if (data === undefined) {
      sink({ mark: "id", id: id || undefined });
    } else if (isOver(data, maxEventBytes)) {
      sink({ mark: "tooLarge" });
    } else {
      sink({ event: event || "message", data, id: id || undefined, ownId, retry });
    }
    data = retry = undefined;
    ownId = false;
    event = "";
  }

  // For every line, complete or not, of any field: so the result does not depend on how the bytes are cut, and a
  // server cannot fill the memory. The six characters are the `data: ` before the data.
  function measure(length: number): void {
    if (length + (data === undefined ? 0 : data.length) > maxEventBytes + 6) {
      sink({ mark: "tooLarge" });
    }
  }

  return (bytes) => {
    measure(push(bytes).length);
    if (!bytes) {
      sink({ mark: "end" });
    }
  };
}

/** The value of a line that is this field; undefined for another field. */
function readField(text: string, start: number, end: number, name: string): string | undefined {
  const colon = start + name.length;
  if (!text.startsWith(name, start) || (colon < end && text.charCodeAt(colon) !== 58)) {
    return undefined;
  }
  // Of a line without a colon, this slice is empty.
  return text.slice(text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1, end);
}
