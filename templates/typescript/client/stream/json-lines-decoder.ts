import { createUtf8Decoder, type Decoder, type DecoderSink, isOver } from "./decoder.js";

/**
 * Decodes JSON Lines: each line that is not blank is an event, also the last one without LF.
 * The line `{"@error":{…}}` is the event `errorEvent` with the Status as its data.
 *
 * With `hasControls`, a blank line after the first is the comment of a heartbeat, the line `{"@end":{}}` is the
 * comment `end`, and a last line without LF was cut.
 */
export function createJsonLinesDecoder(
  sink: DecoderSink,
  maxLineBytes: number,
  errorEvent: string,
  hasControls = false,
): Decoder {
  const decodeText = createUtf8Decoder();
  let isOpening = true;
  /** The line that has not ended yet. */
  let rest = "";

  function onLine(line: string): void {
    // The CR of a CRLF is white space of JSON.
    const data = line.trim();
    const error = /^\{\s*"@error"\s*:/.test(data) ? readError(data) : undefined;
    if (isOver(line, maxLineBytes)) {
      sink({ mark: "tooLarge" });
    } else if (hasControls && data === "") {
      if (!isOpening) {
        sink({ mark: "comment", text: "" });
      }
    } else if (hasControls && data === '{"@end":{}}') {
      sink({ mark: "comment", text: "end" });
    } else if (data) {
      const event = error ? errorEvent : "message";
      sink({ event, data: error ?? data, id: undefined, ownId: false, retry: undefined });
    }
  }

  return (bytes) => {
    const text = decodeText(bytes);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      onLine(rest + text.slice(start, end));
      isOpening = false;
      rest = "";
      start = end + 1;
    }
    rest += text.slice(start);
    if (rest.length > maxLineBytes && bytes) {
      sink({ mark: "tooLarge" });
    }
    if (!bytes) {
      if (!hasControls) {
        onLine(rest);
      }
      sink({ mark: "end" });
    }
  };
}

/** The JSON of the Status; undefined if the line is not JSON, which the decoder of messages reports. */
function readError(line: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(line)["@error"]);
  } catch {
    return undefined;
  }
}
