/** What a body of `text/event-stream` comes to, in the terms of WHATWG HTML 9.2.6. */
export interface Interpretation {
  readonly events: readonly { readonly event: string; readonly data: string; readonly id: string }[];
  /** The last event ID string of the event source. */
  readonly lastEventId: string;
  /** Its reconnection time, where the body sets one. */
  readonly retry: number | undefined;
  readonly comments: readonly string[];
}

/**
 * The standard's algorithm as it is written, sentence by sentence, over a whole body: the measure of the decoder.
 * Slow, and without any thought for chunks.
 */
export function interpretEventStream(bytes: Uint8Array): Interpretation {
  // "Streams must be decoded using the UTF-8 decode algorithm", which "strips one leading UTF-8 Byte Order Mark".
  const characters = Array.from(new TextDecoder("utf-8").decode(bytes));

  // "lines must be separated by either a U+000D CR U+000A LF character pair, a single U+000A LF, or a single U+000D CR."
  const lines: string[] = [];
  let current = "";
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i];
    if (character === "\r" || character === "\n") {
      if (character === "\r" && characters[i + 1] === "\n") {
        i++;
      }
      lines.push(current);
      current = "";
    } else {
      current += character;
    }
  }
  // "Once the end of the file is reached, any pending data must be discarded": `current` is not a line.

  // "a data buffer, an event type buffer, and a last event ID buffer … must be initialized to the empty string"
  let data = "";
  let type = "";
  let idBuffer = "";
  let lastEventId = "";
  let retry: number | undefined;
  const events: { event: string; data: string; id: string }[] = [];
  const comments: string[] = [];

  for (const line of lines) {
    if (line === "") {
      dispatch();
    } else if (line.startsWith(":")) {
      comments.push(line.substring(1));
    } else if (line.includes(":")) {
      // "Collect the characters on the line before the first U+003A COLON character (:), and let field be that string."
      const field = line.substring(0, line.indexOf(":"));
      // "Collect the characters on the line after the first colon, and let value be that string."
      let value = line.substring(line.indexOf(":") + 1);
      // "If value starts with a U+0020 SPACE character, remove it from value."
      if (value.startsWith(" ")) {
        value = value.substring(1);
      }
      process(field, value);
    } else {
      process(line, "");
    }
  }
  return { events, lastEventId, retry, comments };

  function process(field: string, value: string): void {
    switch (field) {
      case "event":
        type = value;
        break;
      case "data":
        // "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character."
        data += `${value}\n`;
        break;
      case "id":
        if (!value.includes("\u0000")) {
          idBuffer = value;
        }
        break;
      case "retry":
        if (value.length > 0 && Array.from(value).every((digit) => "0123456789".includes(digit))) {
          retry = Number.parseInt(value, 10);
        }
        break;
      default:
      // "The field is ignored."
    }
  }

  function dispatch(): void {
    lastEventId = idBuffer;
    if (data === "") {
      data = "";
      type = "";
      return;
    }
    if (data.endsWith("\n")) {
      data = data.substring(0, data.length - 1);
    }
    events.push({ event: type === "" ? "message" : type, data, id: lastEventId });
    data = "";
    type = "";
  }
}
