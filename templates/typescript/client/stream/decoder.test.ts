import { describe, expect, test } from "vitest";
import { chunked, utf8 } from "../../testing/splits.js";
import { countStringWork } from "../../testing/string-work.js";
import { isOver } from "./decoder.js";
import { createJsonLinesDecoder } from "./json-lines-decoder.js";
import { createSseDecoder } from "./sse-decoder.js";

const KiB = 1024;
const MiB = 1024 * KiB;
/** One chunk for all. */
const whole = Number.POSITIVE_INFINITY;

/** A body of `n` bytes or so, and the size of its chunks. */
const bodies: readonly [name: string, body: (n: number) => string, chunk: number][] = [
  ["events in one chunk, LF", (n) => 'data: {"a":1}\n\n'.repeat(n / 15), whole],
  ["events in one chunk, CR", (n) => 'data: {"a":1}\r\r'.repeat(n / 15), whole],
  ["events in one chunk, CRLF", (n) => 'data: {"a":1}\r\n\r\n'.repeat(n / 17), whole],
  ["events in small chunks", (n) => 'data: {"a":1}\n\n'.repeat(n / 15), 100],
  ["a stray CR in LF", (n) => `\r${'data: {"a":1}\n\n'.repeat(n / 15)}`, whole],
  ["many lines of data in one event", (n) => `${"data: 1\n".repeat(n / 8)}\n`, KiB],
  ["one event in 1 KiB chunks", (n) => `data: ${"a".repeat(n)}\n\n`, KiB],
  ["lines without a colon", (n) => `${"a".repeat(n / 8)}\n`.repeat(8), KiB],
  ["ids", (n) => `id: ${"a".repeat(n / 8)}\n`.repeat(8), KiB],
];

describe("the work of decoding", () => {
  test.each(bodies)("grows as the body does, and no faster: %s", (_name, body, chunk) => {
    const work = (n: number): number => {
      const bytes = utf8(body(n));
      const chunks = chunked(bytes, Math.min(chunk, bytes.length));
      return countStringWork(() => {
        const decode = createSseDecoder(() => {}, 64 * MiB);
        for (const bytes of chunks) {
          decode(bytes);
        }
      });
    };
    const n = 256 * KiB;
    // Two searches for the end of a line, one for the colon, one for NUL, and copies of the line, its name and value.
    expect(work(n)).toBeLessThan(7 * n);
    expect(work(2 * n) / work(n)).toBeCloseTo(2, 2);
  });

  test("is bounded for one event of 16 MiB in 1 KiB chunks: quadratic work would take minutes", () => {
    const data = "a".repeat(16 * MiB);
    const events: number[] = [];
    const decode = createSseDecoder((found) => events.push("data" in found ? found.data.length : Number.NaN), 16 * MiB);
    for (const chunk of chunked(utf8(`data: ${data}\n\n`), 1024)) {
      decode(chunk);
    }
    expect(events).toEqual([16 * MiB]);
  });

  test("decodes 100,000 events in one chunk, and reports each", () => {
    for (const terminator of ["\n", "\r", "\r\n"]) {
      let events = 0;
      const decode = createSseDecoder((found) => void ("data" in found && events++), MiB);
      decode(utf8(`data: 1${terminator}${terminator}`.repeat(100_000)));
      expect(events).toBe(100_000);
    }
  });

  test("is bounded for one line of JSON of 16 MiB in 1 KiB chunks", () => {
    const events: number[] = [];
    const decode = createJsonLinesDecoder(
      (found) => events.push("data" in found ? found.data.length : Number.NaN),
      16 * MiB,
      "error",
    );
    for (const chunk of chunked(utf8(`${"1".repeat(16 * MiB)}\n`), 1024)) {
      decode(chunk);
    }
    expect(events).toEqual([16 * MiB]);
  });
});

describe("isOver", () => {
  test.each([
    ["", 0, false],
    ["a", 0, true],
    ["aaa", 3, false],
    ["aaaa", 3, true],
    ["é", 1, true],
    ["é", 2, false],
    ["豆", 2, true],
    ["豆", 3, false],
    ["🦊", 3, true],
    ["🦊", 4, false],
  ])("%j of %d bytes: %s", (text, max, over) => {
    expect(isOver(text, max)).toBe(over);
  });
});

/** A text of `n` characters, and the size of its chunks. */
const texts: readonly [name: string, body: (n: number) => string, chunk: number][] = [
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

describe("the work of splitting lines", () => {
  test.each(texts)("%s: each character is searched once for each terminator, and copied once", (_name, body, chunk) => {
    for (const n of [64 * KiB, 128 * KiB]) {
      const bytes = utf8(body(n));
      const chunks = chunked(bytes, Math.min(chunk, bytes.length));
      const work = countStringWork(() => {
        const push = createSseDecoder(() => {}, 64 * MiB);
        for (const bytes of chunks) {
          push(bytes);
        }
      });
      expect(work).toBeGreaterThanOrEqual(bytes.length);
      expect(work).toBeLessThanOrEqual(3 * bytes.length);
    }
  });
});
