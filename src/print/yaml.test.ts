import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { printYaml, type YamlValue } from "./yaml.js";

const reference = (value: YamlValue) =>
  stringify(value, { compat: "yaml-1.1", aliasDuplicateObjects: false, lineWidth: 0 });

/** Words and characters that YAML has a meaning for. */
const piece = fc.oneof(
  fc.constantFrom(
    ..."yes no on off y n null ~ true FALSE 0x1f 0b1 0o7 017 1_000 12:30 1.5 .5 1e3 .inf -.inf .NaN << = -".split(" "),
    ..."2020-01-02 2020-01-02T03:04:05Z : # - ? | > ! & * % @ ` ' \" [ ] { } , --- ... %YAML \\".split(" "),
    ...[" ", "  ", "\t", "\n", "\n\n", "\r", ": ", " #", "- ", "? ", "é", "\u2028", "\u0085", "\u00a0", "\ud83d\ude00"],
    ...["a", "b c", "the quick brown fox jumps over the lazy dog", "\0", "\x7f", "\ud800", "\ufeff"],
  ),
  fc.string({ maxLength: 3 }),
);
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
const { value } = fc.letrec<{ value: YamlValue; object: Record<string, YamlValue> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.constantFrom(0, 1, -1, 1.5, 1e21, 1e-7, true, false, null),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.dictionary(text, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));
const document = fc.dictionary(text, value, { maxKeys: 4, noNullPrototype: true });

test("readers of YAML 1.1 and of YAML 1.2 find the value that was printed", () => {
  fc.assert(
    fc.property(document, (value) => {
      const printed = printYaml(value);
      expect(parse(printed, { version: "1.2" })).toEqual(value);
      expect(parse(printed, { version: "1.1" })).toEqual(value);
    }),
    { numRuns: 1000 },
  );
});

/** "=" has quotes here, as it is a type of its own in YAML 1.1. Strings with escapes stay on one line here, escapes are those of JSON, and some more characters have one. */
const isEscaped = (printed: string) =>
  /"[^\n]*\\[^"\\]|"[^"\n]+\n|[\x7f-\x9f\u2028\ufeff]|\|2?\+\n *(\n|$)/.test(printed);

test("the text is that of the package yaml", () => {
  fc.assert(
    fc.property(document, (value) => {
      const expected = reference(value);
      fc.pre(!isEscaped(expected));
      expect(printYaml(value).replaceAll('"="', "=")).toBe(expected.replaceAll('"="', "="));
    }),
    { numRuns: 1000 },
  );
});

test("properties that are undefined are left out, and empty collections stay", () => {
  expect(printYaml({ a: undefined, b: {}, c: [], d: [{}, [[]], { e: undefined }] })).toBe(
    "b: {}\nc: []\nd:\n  - {}\n  - - []\n  - {}\n",
  );
});

test("a long key has a question mark", () => {
  const key = "x".repeat(1025);
  expect(printYaml({ [key]: { a: 1 } })).toBe(`? ${key}\n:\n  a: 1\n`);
  expect(parse(printYaml({ [key]: { a: 1 }, b: 2 }))).toEqual({ [key]: { a: 1 }, b: 2 });
});
