import { RE2JS } from "@bufbuild/re2";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapePattern, toEcmaPattern } from "./re2-pattern.js";

const same: [re2: string, ecma: string][] = [
  ["^[a-z]+$", "^[a-z]+$"],
  ["^a{2,3}b{2,}c{2}$", "^a{2,3}b{2,}c{2}$"],
  ["(?:a|b)*?c", "(?:a|b)*?c"],
  ["\\Aab\\z", "^ab$"],
  ["(?P<year>\\d{4})-(?<month>\\d\\d)", "(?<year>\\d{4})-(?<month>\\d\\d)"],
  ["\\Qa.b*\\Ec", "a\\.b\\*c"],
  ["\\s\\S", "[\\t\\n\\f\\r ][^\\t\\n\\f\\r ]"],
  ["[\\s_]", "[\\t\\n\\f\\r _]"],
  ["a{,2}{x}]", "a\\{,2\\}\\{x\\}\\]"],
  ["[]a]", "[\\]a]"],
  ["[^]a[]", "[^\\]a\\[]"],
  ["[[:alpha:][:digit:]_-]", "[A-Za-z0-9_-]"],
  ["[[:punct:]]", "[!-\\/:-@\\[-`\\{-~]"],
  ['\\-\\_\\"\\.\\/', '-_"\\.\\/'],
  ["[\\-\\.\\]]", "[\\-.\\]]"],
  ["\\x41\\x{1F600}\\a", "\\x41\\u{1F600}\\x07"],
  [
    "\\pL\\p{Lu}\\PN\\p{Greek}\\p{^Greek}\\P{^Greek}",
    "\\p{L}\\p{Lu}\\P{N}\\p{Script=Greek}\\P{Script=Greek}\\p{Script=Greek}",
  ],
  ["\\bword\\B", "\\bword\\B"],
];

describe("a pattern of RE2 in ECMA-262", () => {
  test.each(same)("%s is %s", (re2, ecma) => {
    expect(toEcmaPattern(re2)).toBe(ecma);
  });

  test.each(same)("%s matches what it matches in RE2", (re2, ecma) => {
    const ours = new RegExp(ecma, "u");
    const theirs = RE2JS.compile(re2);
    const pieces = [
      "a",
      "b",
      "c",
      "2021-03",
      "Z",
      "_",
      "-",
      "]",
      "[",
      " ",
      "\v",
      "\n",
      "{,2}{x}",
      "α",
      "😀",
      "7",
      '-_"./',
      "word",
      "a.b*",
      "\x07",
    ];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 2 })), { maxLength: 5 }),
        (parts) => {
          const text = parts.join("");
          expect([text, ours.test(text)]).toEqual([text, theirs.test(text)]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    "(?i)abc",
    "(?i:abc)",
    "a(?s).",
    "a(?=b)",
    "(a)\\1",
    "\\101",
    "\\C",
    "\\pC",
    "[[:^alpha:]]",
    "[\\S]",
    "[a",
    "(a",
    "a**",
    "\\p{Nonsense}",
  ])("%s has no words there", (re2) => {
    expect(toEcmaPattern(re2)).toBeUndefined();
  });

  test("of a text matches the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(new RegExp(`^${escapePattern(text)}$`, "u").test(text)).toBe(true);
      }),
    );
    expect(new RegExp(escapePattern("a.c"), "u").test("abc")).toBe(false);
  });
});
