import { type Decoder, type DecoderSink, isOver } from "./decoder.js";
import { createLineSplitter } from "./line-splitter.js";

/**
 * Decodes `text/event-stream` by the rules of WHATWG HTML 9.2.6, to the letter. An event is told at its blank line;
 * one that has none when the body ends is never told.
 *
 * `lastEventId` is in force until the body sets another. The standard empties the last event ID buffer for each
 * connection; to the letter, one event without id after a reconnection would make the next one start over, so
 * browsers keep it, and so does this.
 */
export function createSseDecoder(sink: DecoderSink, maxEventBytes: number, lastEventId = ""): Decoder {
  let data: string | undefined;
  let event = "";
  let id = lastEventId;
  let ownId = false;
  let retry: number | undefined;

  const push = createLineSplitter(true, (line) => {
    measure(line);
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (line === "") {
      dispatch();
    } else if (colon === 0) {
      sink({ mark: "comment", text: line.slice(1) });
    } else if (field === "data") {
      data = data === undefined ? value : `${data}\n${value}`;
    } else if (field === "event") {
      event = value;
    } else if (field === "id" && !value.includes("\0")) {
      id = value;
      ownId = true;
    } else if (field === "retry" && /^\d+$/.test(value)) {
      retry = Number(value);
      sink({ mark: "retry", ms: retry });
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

  // At every line, ended or not, whatever its field: so the outcome does not hang on where the bytes were cut,
  // and what a server can make this keep is bounded. Six more than the data: the `data: ` in front of it.
  function measure(line: string): void {
    if (line.length + (data ?? "").length > maxEventBytes + 6) {
      sink({ mark: "tooLarge" });
    }
  }

  return (bytes) => {
    measure(push(bytes));
    if (!bytes) {
      sink({ mark: "end" });
    }
  };
}
