import { describe, expect, test } from "vitest";
import vectors from "../../../vectors/json-lines.json" with { type: "json" };
import { everySplit, utf8 } from "../../testing/splits.js";
import type { Mark, RawEvent } from "./decoder.js";
import { createJsonLinesDecoder } from "./json-lines-decoder.js";

function decode(chunks: Iterable<Uint8Array>, maxLineBytes = 1024 * 1024): (RawEvent | Mark)[] {
  const found: (RawEvent | Mark)[] = [];
  const decoder = createJsonLinesDecoder((what) => found.push(what), maxLineBytes, "failure");
  for (const chunk of chunks) {
    decoder(chunk);
  }
  decoder(undefined);
  expect(found.at(-1)).toEqual({ mark: "end" });
  return found.slice(0, -1);
}

const line = (data: string, event = "message"): RawEvent => ({
  event,
  data,
  id: undefined,
  ownId: false,
  retry: undefined,
});

const bodies = vectors as readonly {
  rule: string;
  body: string;
  expected: readonly { event: string; data: string }[];
}[];

describe("JSON Lines, however the bytes are cut", () => {
  test.each(bodies)("$rule", ({ body, expected }) => {
    for (const chunks of everySplit(utf8(body))) {
      expect(decode(chunks)).toEqual(expected.map(({ data, event }) => line(data, event)));
    }
  });

  test("does not hide that the body ended within a character", () => {
    expect(decode([Uint8Array.of(...utf8("1"), 0xe8, 0xb1)])).toEqual([line("1\uFFFD")]);
  });
});

describe("the limit of a line", () => {
  test("reports a line that does not end", () => {
    const found: unknown[] = [];
    const decoder = createJsonLinesDecoder((what) => found.push(what), 10, "error");
    decoder(utf8("1234567890"));
    expect(found).toEqual([]);
    decoder(utf8("1"));
    expect(found).toEqual([{ mark: "tooLarge" }]);
  });

  test.each([
    ["1234567890\n", false],
    ["12345678901\n", true],
    ["12345678901", true],
    ["1\n1234567890\n", false],
    ['"豆腐"12\n', false],
    ['"豆腐"123\n', true],
    [`${" ".repeat(11)}\n`, true],
  ])("%j of 10 bytes: over %s", (body, over) => {
    for (const chunks of everySplit(utf8(body))) {
      expect(decode(chunks, 10).some((what) => "mark" in what)).toBe(over);
    }
  });
});
