/**
 * Cuts UTF-8 bytes into lines, the same however they are chunked, in time linear in the bytes: no character is
 * searched twice for the same terminator, and the parts of a line are joined once, when it ends.
 *
 * A line ends at LF; with `endsAtCr` also at CR and CRLF, as in WHATWG HTML 9.2.5. Returns the function that takes
 * the chunks, and at the end undefined; it returns the line whose end has not come yet.
 */
export function createLineSplitter(
  endsAtCr: boolean,
  onLine: (line: string) => void,
): (bytes: Uint8Array | undefined) => string {
  // Takes one leading byte order mark away, as "UTF-8 decode" of the Encoding Standard does.
  const utf8 = new TextDecoder();
  let rest = "";
  let skipLf = false;

  return (bytes) => {
    const text = utf8.decode(bytes, { stream: bytes !== undefined });
    // A chunk may end within a character and hold no other: the LF of a cut CRLF is still to come then.
    if (text === "") {
      return rest;
    }
    let start = skipLf && text[0] === "\n" ? 1 : 0;
    skipLf = false;
    // Where each terminator is next. Searched again only when passed: one stray CR in a megabyte of LF lines
    // must not make every line search all that follows for a second one.
    let lf = -1;
    let cr = endsAtCr ? -1 : text.length;
    for (;;) {
      if (lf < start) {
        lf = find(text, "\n", start);
      }
      if (cr < start) {
        cr = find(text, "\r", start);
      }
      const end = Math.min(lf, cr);
      rest += text.slice(start, end);
      if (end === text.length) {
        return rest;
      }
      start = end + 1;
      if (end === cr) {
        if (start === text.length) {
          skipLf = true;
        } else if (lf === start) {
          start++;
        }
      }
      const line = rest;
      rest = "";
      onLine(line);
    }
  };
}

/** The index of a terminator; the length of the text where there is none. */
function find(text: string, terminator: string, from: number): number {
  const index = text.indexOf(terminator, from);
  return index < 0 ? text.length : index;
}
