import fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../../../vectors/event-stream.json" with { type: "json" };
import { chunked, cutAt, everySplit, singly, utf8 } from "../../testing/splits.js";
import { type Interpretation, interpretEventStream } from "../../testing/sse-oracle.js";
import type { Mark, RawEvent } from "./decoder.js";
import { createSseDecoder } from "./sse-decoder.js";

/** All that a decoder finds in chunks. */
function decode(chunks: Iterable<Uint8Array>, maxEventBytes = 1024 * 1024, lastEventId?: string): (RawEvent | Mark)[] {
  const found: (RawEvent | Mark)[] = [];
  const decoder = createSseDecoder((what) => found.push(what), maxEventBytes, lastEventId);
  for (const chunk of chunks) {
    decoder(chunk);
  }
  decoder(undefined);
  expect(found.at(-1)).toEqual({ mark: "end" });
  return found.slice(0, -1);
}

/** What a decoder found, in the terms of the standard. */
function interpretation(found: readonly (RawEvent | Mark)[]): Interpretation {
  const events = found.flatMap((what) => ("mark" in what ? [] : [what]));
  const marks = found.flatMap((what) => ("mark" in what ? [what] : []));
  const ids = found.flatMap((what) => (!("mark" in what) || what.mark === "id" ? [what.id ?? ""] : []));
  return {
    events: events.map(({ event, data, id }) => ({ event, data, id: id ?? "" })),
    lastEventId: ids.at(-1) ?? "",
    retry: marks.flatMap((mark) => (mark.mark === "retry" ? [mark.ms] : [])).at(-1),
    comments: marks.flatMap((mark) => (mark.mark === "comment" ? [mark.text] : [])),
  };
}

/** One event without an id. */
function event(data: string, event = "message", id?: string): { event: string; data: string; id: string } {
  return { event, data, id: id ?? "" };
}

const nothing: Interpretation = { events: [], lastEventId: "", retry: undefined, comments: [] };
const bom = "\uFEFF";

/** Each rule of the standard: a body, and what it means. The decoders of all languages are tested with them. */
const rules = vectors as readonly { rule: string; body: string; expected: Partial<Interpretation> }[];

describe("WHATWG HTML 9.2.5 and 9.2.6, however the bytes are cut", () => {
  test.each(rules)("$rule", ({ body, expected }) => {
    const bytes = utf8(body);
    expect(interpretEventStream(bytes)).toEqual({ ...nothing, ...expected });
    const whole = decode([bytes]);
    expect(interpretation(whole)).toEqual({ ...nothing, ...expected });
    for (const chunks of everySplit(bytes)) {
      expect(decode(chunks)).toEqual(whole);
    }
  });

  test("reads bytes that are no UTF-8 as U+FFFD, as many as the Encoding Standard has it", () => {
    for (const bad of [
      [0x80],
      [0xc3],
      [0xe8, 0xb1],
      [0xf0, 0x9f, 0xa6],
      [0xed, 0xa0, 0x80],
      [0xff, 0xfe],
      [0xc0, 0x8a],
    ]) {
      const bytes = Uint8Array.of(...utf8("data: "), ...bad, ...utf8("\n\ndata: b\n\n"));
      const expected = interpretEventStream(bytes);
      expect(expected.events).toHaveLength(2);
      for (const chunks of everySplit(bytes)) {
        expect(interpretation(decode(chunks))).toEqual(expected);
      }
    }
  });

  test("takes no byte order mark away at the start of a later chunk", () => {
    const bytes = utf8(`data: a\n\n${bom}data: b\n\n`);
    expect(interpretation(decode(cutAt(bytes, 9))).events).toEqual([event("a")]);
  });

  test("reports what it finds in the order of the bytes", () => {
    const body = utf8(":a\nretry: 5\ndata: 1\n:b\n\nid: 7\n\n:c\ndata: 2\n\n");
    expect(decode([body])).toEqual([
      { mark: "comment", text: "a" },
      { mark: "retry", ms: 5 },
      { mark: "comment", text: "b" },
      { event: "message", data: "1", id: undefined, ownId: false, retry: 5 },
      { mark: "id", id: "7" },
      { mark: "comment", text: "c" },
      { event: "message", data: "2", id: "7", ownId: false, retry: undefined },
    ]);
    expect(decode([utf8("\n")])).toEqual([{ mark: "id", id: undefined }]);
  });

  test("gives a retry to the event of its block alone", () => {
    const body = utf8("retry: 1\n\ndata: a\n\nretry: 2\ndata: b\n\n");
    expect(decode([body]).flatMap((what) => ("mark" in what ? [] : [what.retry]))).toEqual([undefined, 2]);
  });
});

describe("a cursor from the connection before", () => {
  test("is in force until the body sets another", () => {
    const body = utf8("data: a\n\nid: 8\ndata: b\n\n");
    expect(interpretation(decode([body], undefined, "7")).events).toEqual([
      event("a", "message", "7"),
      event("b", "message", "8"),
    ]);
  });

  test("is reported when the body resets it", () => {
    expect(decode([utf8("id:\n\n")], undefined, "7")).toEqual([{ mark: "id", id: undefined }]);
  });
});

describe("maxEventBytes", () => {
  const tooLarge = { mark: "tooLarge" };
  const over = (body: string, max: number): boolean => {
    const outcomes = new Set<boolean>();
    for (const chunks of everySplit(utf8(body))) {
      outcomes.add(decode(chunks, max).some((what) => "mark" in what && what.mark === "tooLarge"));
    }
    expect(outcomes.size).toBe(1);
    return outcomes.has(true);
  };

  test("is the size of the data", () => {
    expect(over("data: 1234567890\n\n", 10)).toBe(false);
    expect(over("data: 12345678901\n\n", 10)).toBe(true);
  });

  test("counts all lines of an event, but not those of the one before", () => {
    expect(over("data: 1234\ndata: 67890\n\ndata: 1234\ndata: 67890\n\n", 10)).toBe(false);
    expect(over("data: 1234\ndata: 678901\n\n", 10)).toBe(true);
  });

  test("counts bytes of UTF-8", () => {
    expect(over("data: 豆腐豆a\n\n", 10)).toBe(false);
    expect(over("data: 豆腐豆ab\n\n", 10)).toBe(true);
  });

  test("bounds lines of every kind, ended or not", () => {
    for (const line of [":", "event: ", "id: ", "color: ", "color", "data: "]) {
      expect(over(line + "a".repeat(64), 32)).toBe(true);
      expect(over(`${line + "a".repeat(64)}\n\n`, 32)).toBe(true);
    }
  });

  test("is reported in its place, after the events before it", () => {
    expect(decode([utf8("data: a\n\ndata: 12345678901\n\n")], 10).slice(0, 2)).toEqual([
      { event: "message", data: "a", id: undefined, ownId: false, retry: undefined },
      tooLarge,
    ]);
  });

  test("does not add up comments, which come for years where events do not", () => {
    const found = decode(
      Array.from({ length: 10_000 }, () => utf8(":ping\n")),
      100,
    );
    expect(found).toHaveLength(10_000);
    expect(found).not.toContainEqual(tooLarge);
  });
});

describe("any stream at all", () => {
  const terminator = fc.constantFrom("\n", "\r", "\r\n");
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }).map((value) => value.replace(/[\r\n]/g, "")),
    fc.constantFrom("", " ", ":", "0", "100", "\0", "\u2028", bom, "data: x", "🦊"),
  );
  const field = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("data", "event", "id", "retry") },
    { weight: 1, arbitrary: text },
  );
  const line = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(field, fc.constantFrom(":", ": ", ""), text).map((parts) => parts.join("")) },
    { weight: 3, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: text.map((value) => `:${value}`) },
  );
  const grammar = fc
    .tuple(fc.constantFrom("", bom), fc.array(fc.tuple(line, terminator), { maxLength: 40 }))
    .map(([mark, lines]) => utf8(mark + lines.flat().join("")));
  const bytes = fc.oneof(
    { weight: 3, arbitrary: grammar },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 120 }) },
    // Bytes that mean something, without order.
    {
      weight: 2,
      arbitrary: fc
        .array(fc.constantFrom(..."\r\n: 0aditev\0", "data", "id:1", "\xff"), { maxLength: 60 })
        .map((parts) => Uint8Array.from(parts.join(""), (c) => c.charCodeAt(0))),
    },
  );
  const cuts = fc.array(fc.nat(400), { maxLength: 12 });

  test("comes to what the standard says", () => {
    fc.assert(
      fc.property(bytes, cuts, (body, at) => {
        const offsets = at.map((offset) => Math.min(offset, body.length)).sort((a, b) => a - b);
        const expected = interpretEventStream(body);
        const whole = decode([body]);
        expect(interpretation(whole)).toEqual(expected);
        expect(decode(cutAt(body, ...offsets))).toEqual(whole);
        expect(decode(singly(body))).toEqual(whole);
        expect(decode(chunked(body, 3))).toEqual(whole);
      }),
      { numRuns: 3_000 },
    );
  });
});
