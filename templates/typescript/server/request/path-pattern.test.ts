import { expect, test } from "vitest";
import { parsePathTemplate } from "../../../../src/model/path-template.js";
import facts from "../../../../test/http-rule.json" with { type: "json" };
import { decodeVariable } from "../../shared/decode-variable.js";
import { parsePathPattern } from "./path-pattern.js";

const taken = ["/", ...facts.templates.filter(({ valid }) => valid).map(({ template }) => template)];

test.each(taken)("%s has the segments and variables that the plugin finds", (text) => {
  const template = parsePathTemplate(text);
  const segments = template.segments.map((segment) => {
    if (segment.kind === "literal") {
      return segment.value;
    }
    return segment.kind === "any" ? "*" : "**";
  });
  expect(parsePathPattern(text)).toEqual({
    segments,
    verb: template.verb ?? "",
    variables: template.variables.map(({ start, end }) => ({
      start,
      end,
      multi: end - start > 1 || segments[start] === "**",
    })),
  });
});

test.each([
  ["a%2Fb%2fc", "a/b/c", "a%2Fb%2fc"],
  ["a%20b/%E2%82%AC", "a b/\u20ac", "a b/\u20ac"],
  ["%252F", "%2F", "%2F"],
  ["p+q", "p+q", "p+q"],
  ["%00", "\0", "\0"],
  ["", "", ""],
])("%j is decoded once", (text, single, multi) => {
  expect(decodeVariable(text, false)).toBe(single);
  expect(decodeVariable(text, true)).toBe(multi);
});

test.each(["%", "%2", "%zz", "%FF", "%C3%2F%A9", "%ED%A0%80", "%C0%AF"])("%j is not text", (text) => {
  expect(() => decodeVariable(text, true)).toThrow(URIError);
  if (text !== "%C3%2F%A9") {
    expect(() => decodeVariable(text, false)).toThrow(URIError);
  }
});
