import { describe, expect, test } from "vitest";
import { chunked, utf8 } from "../../testing/splits.js";
import { countStringWork } from "../../testing/string-work.js";
import { createLineSplitter } from "./line-splitter.js";

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
  test.each(bodies)(
    "%s: each character is searched once for each terminator, and copied once",
    (_name, body, chunk) => {
      for (const n of [64 * KiB, 128 * KiB]) {
        const bytes = utf8(body(n));
        const chunks = chunked(bytes, Math.min(chunk, bytes.length));
        const work = countStringWork(() => {
          const push = createLineSplitter(true, () => {});
          for (const bytes of chunks) {
            push(bytes);
          }
        });
        expect(work).toBeGreaterThanOrEqual(bytes.length);
        expect(work).toBeLessThanOrEqual(3 * bytes.length);
      }
    },
  );
});
