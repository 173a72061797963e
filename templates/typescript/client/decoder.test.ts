import { describe, expect, it } from "vitest";
import { chunked, utf8 } from "../testing/splits.js";
import { isOver } from "./decoder.js";
import { createJsonLinesDecoder } from "./json-lines-decoder.js";
import { createSseDecoder } from "./sse-decoder.js";

const MiB = 1024 * 1024;

/** A body of `n` bytes or so, and the size of its chunks. */
const bodies: readonly [name: string, body: (n: number) => string, chunk: number][] = [
  ["events in one chunk, LF", (n) => 'data: {"a":1}\n\n'.repeat(n / 15), Number.POSITIVE_INFINITY],
  ["events in one chunk, CR", (n) => 'data: {"a":1}\r\r'.repeat(n / 15), Number.POSITIVE_INFINITY],
  ["events in one chunk, CRLF", (n) => 'data: {"a":1}\r\n\r\n'.repeat(n / 17), Number.POSITIVE_INFINITY],
  ["a stray CR in LF", (n) => `\r${'data: {"a":1}\n\n'.repeat(n / 15)}`, Number.POSITIVE_INFINITY],
  ["many lines of data in one event", (n) => `${`data: ${"a".repeat(93)}\n`.repeat(n / 100)}\n`, 1024],
  ["one event in 1 KiB chunks", (n) => `data: ${"a".repeat(n)}\n\n`, 1024],
];

describe("time", () => {
  it.each(bodies)("grows as the body does: %s", (_name, body, chunk) => {
    const time = (n: number): number => {
      const bytes = utf8(body(n));
      const chunks = chunked(bytes, Math.min(chunk, bytes.length));
      let length = 0;
      const decode = createSseDecoder((found) => {
        // Looked at: joining put off until then is counted too.
        if ("data" in found) length += found.data.charCodeAt(found.data.length - 1);
      }, 64 * MiB);
      const start = performance.now();
      for (const bytes of chunks) decode(bytes);
      const elapsed = performance.now() - start;
      expect(length).toBeGreaterThan(0);
      return elapsed;
    };
    // The best of several runs: what else the machine does can only add.
    const best = (n: number): number => Math.min(...Array.from({ length: 5 }, () => time(n)));
    best(MiB / 4);
    // Sixteen times the body is four doublings: 2 each where work is linear, 4 where it is quadratic.
    expect((best(4 * MiB) / best(MiB / 4)) ** (1 / 4)).toBeLessThan(3);
  });

  it("is bounded for one event of 16 MiB in 1 KiB chunks: quadratic work would take minutes", () => {
    const data = "a".repeat(16 * MiB);
    const events: number[] = [];
    const decode = createSseDecoder((found) => events.push("data" in found ? found.data.length : Number.NaN), 16 * MiB);
    for (const chunk of chunked(utf8(`data: ${data}\n\n`), 1024)) decode(chunk);
    expect(events).toEqual([16 * MiB]);
  });

  it("is bounded for one line of JSON of 16 MiB in 1 KiB chunks", () => {
    const events: number[] = [];
    const decode = createJsonLinesDecoder(
      (found) => events.push("data" in found ? found.data.length : Number.NaN),
      16 * MiB,
      "error",
    );
    for (const chunk of chunked(utf8(`${"1".repeat(16 * MiB)}\n`), 1024)) decode(chunk);
    expect(events).toEqual([16 * MiB]);
  });
});

describe("isOver", () => {
  it.each([
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
