import { describe, expect, it } from "vitest";
import { chunked, utf8 } from "../testing/splits.js";
import { createLineSplitter } from "./line-splitter.js";

/** Counts what the decoders of lines ask of strings: how many characters are searched, in all of `run`. */
function countSearched(run: () => void): number {
  const indexOf = String.prototype.indexOf;
  let searched = 0;
  String.prototype.indexOf = function (this: string, text: string, from = 0): number {
    const index = indexOf.call(this, text, from);
    searched += (index < 0 ? this.length : index + 1) - from;
    return index;
  };
  try {
    run();
  } finally {
    String.prototype.indexOf = indexOf;
  }
  return searched;
}

const KiB = 1024;
/** One chunk for all. */
const whole = Number.POSITIVE_INFINITY;

/** A text of `n` characters, and the size of its chunks. */
const bodies: readonly [name: string, body: (n: number) => string, chunk: number][] = [
  ["LF", (n) => "data: 1\n\n".repeat(n / 9), whole],
  ["CR", (n) => "data: 1\r\r".repeat(n / 9), whole],
  ["CRLF", (n) => "data: 1\r\n\r\n".repeat(n / 11), whole],
  ["LF in small chunks", (n) => "data: 1\n\n".repeat(n / 9), 100],
  ["a stray CR in LF", (n) => `data: 1\r${"data: 1\n\n".repeat(n / 9)}`, whole],
  ["a stray LF in CR", (n) => `data: 1\n${"data: 1\r\r".repeat(n / 9)}`, whole],
  ["a CR at the end of LF", (n) => `${"data: 1\n\n".repeat(n / 9)}\r`, whole],
  ["one line of many chunks", (n) => `${"a".repeat(n)}\n`, KiB],
  ["one line of one chunk", (n) => `${"a".repeat(n)}\n`, whole],
];

describe("the work of splitting", () => {
  it.each(bodies)("%s: each character is searched once for each terminator", (_name, body, chunk) => {
    for (const n of [64 * KiB, 128 * KiB]) {
      const bytes = utf8(body(n));
      const chunks = chunked(bytes, Math.min(chunk, bytes.length));
      const searched = countSearched(() => {
        const push = createLineSplitter(true, () => {});
        for (const bytes of chunks) push(bytes);
      });
      expect(searched).toBeGreaterThanOrEqual(bytes.length);
      expect(searched).toBeLessThanOrEqual(2 * bytes.length);
    }
  });
});
