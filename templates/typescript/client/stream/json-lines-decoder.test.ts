import { describe, expect, test } from "vitest";
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

const bodies: readonly [rule: string, body: string, expected: readonly RawEvent[]][] = [
  ["an empty body", "", []],
  ["lines", '{"a":1}\n{"b":2}\n', [line('{"a":1}'), line('{"b":2}')]],
  ["a last line without LF", '{"a":1}\n{"b":2}', [line('{"a":1}'), line('{"b":2}')]],
  ["CRLF", '{"a":1}\r\n{"b":2}\r\n', [line('{"a":1}'), line('{"b":2}')]],
  ["blank lines", '\n{"a":1}\n\n \t\r\n{"b":2}\n\n', [line('{"a":1}'), line('{"b":2}')]],
  ["white space around", ' {"a":1} \n', [line('{"a":1}')]],
  ["a CR within is white space", '{"a":\r1}\n', [line('{"a":\r1}')]],
  ["other separators of lines are text", '{"a":"\u2028\u2029\u0085"}\n', [line('{"a":"\u2028\u2029\u0085"}')]],
  ["a byte order mark", '\uFEFF{"a":1}\n', [line('{"a":1}')]],
  ["characters of many bytes", '{"é":"豆🦊"}\n', [line('{"é":"豆🦊"}')]],
  ["the error line", '{"a":1}\n{"@error":{"code":14}}\n', [line('{"a":1}'), line('{"code":14}', "failure")]],
  ["the error line, last and with space", '{ "@error" : {"code":14} }', [line('{"code":14}', "failure")]],
  ["a value that mentions it", '{"a":"@error"}\n', [line('{"a":"@error"}')]],
  ["an error line that is no JSON", '{"@error":\n', [line('{"@error":')]],
];

describe("JSON Lines, however the bytes are cut", () => {
  test.each(bodies)("%s", (_rule, body, expected) => {
    for (const chunks of everySplit(utf8(body))) {
      expect(decode(chunks)).toEqual(expected);
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
