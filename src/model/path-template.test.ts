import { expect, test } from "vitest";
import facts from "../../test/http-rule.json" with { type: "json" };
import { PathSyntaxError, type PathTemplate, parsePathTemplate } from "./path-template.js";

test.each(facts.templates.filter(({ valid }) => valid))("$template is a template", (fact) => {
  const template = parsePathTemplate(fact.template);
  expect(template.text).toBe(fact.template);
  expect(template.segments.map(written)).toEqual(fact.segments);
  expect(template.verb ?? "").toBe(fact.verb);
  expect(template.variables.map(({ fieldPath, start, end }) => ({ field: fieldPath.join("."), start, end }))).toEqual(
    // -1 stands for a `**` at the end.
    fact.variables?.map((variable) => ({
      ...variable,
      end: variable.end < 0 ? template.segments.length : variable.end,
    })),
  );
  for (const { offset, fieldPath } of template.variables) {
    expect(fact.template.slice(offset - 1)).toMatch(`{${fieldPath.join(".")}`);
  }
});

test.each(facts.templates.filter(({ valid }) => !valid))("$template is refused", ({ template }) => {
  expect(() => parsePathTemplate(template)).toThrow(PathSyntaxError);
});

test.each([
  ["", 0, `unexpected end: a path must start with "/"`],
  ["v1", 0, `unexpected "v" at column 1: a path must start with "/"`],
  ["/v1/things/", 11, "unexpected end: a segment is missing"],
  ["/v1//things", 4, `unexpected "/" at column 5: a segment is missing`],
  ["/v1/:list", 4, `unexpected ":" at column 5: a segment is missing`],
  ["/v1/{name}?x", 10, `unexpected "?" at column 11: a path cannot have a query or a fragment`],
  ["/v1/things#x", 10, `unexpected "#" at column 11: a path cannot have a query or a fragment`],
  ["/v1/things:", 11, `unexpected end: a name after ":" is missing`],
  ["/v1/a:b:c", 7, `unexpected ":" at column 8: nothing can follow ":name"`],
  ["/v1/a:b/c", 7, `unexpected "/" at column 8: nothing can follow ":name"`],
  ["/v1/a:*", 6, `unexpected "*" at column 7: a wildcard must be a whole segment`],
  ["/v1/th*", 6, `unexpected "*" at column 7: a wildcard must be a whole segment`],
  ["/v1/***", 6, `unexpected "*" at column 7: a wildcard must be a whole segment`],
  ["/v1/*a", 5, `unexpected "a" at column 6: expected "/" or ":name" after a segment`],
  ["/v1/{a}b", 7, `unexpected "b" at column 8: expected "/" or ":name" after a segment`],
  ["/v1/a}", 5, `unexpected "}" at column 6: expected "/" or ":name" after a segment`],
  ["/v1{name}", 3, `unexpected "{" at column 4: a variable must be a whole segment`],
  ["/v1/{a}{b}", 7, `unexpected "{" at column 8: a variable must be a whole segment`],
  ["/v1/{a={b}}", 7, `unexpected "{" at column 8: variables cannot be nested`],
  ["/v1/{a=b/{c}}", 9, `unexpected "{" at column 10: variables cannot be nested`],
  ["/v1/{a", 6, `unexpected end: write a variable as "{field}" or "{field=segments}"`],
  ["/v1/{a=b", 8, `unexpected end: write a variable as "{field}" or "{field=segments}"`],
  ["/v1/{a b}", 6, `unexpected " " at column 7: write "%20"`],
  ["/v1/{a-b}", 6, `unexpected "-" at column 7: write a variable as "{field}" or "{field=segments}"`],
  ["/v1/{}", 5, `unexpected "}" at column 6: a variable must start with a field name`],
  ["/v1/{1a}", 5, `unexpected "1" at column 6: a variable must start with a field name`],
  ["/v1/{a.}", 7, `unexpected "}" at column 8: a variable must start with a field name`],
  ["/v1/{a=}", 7, `unexpected "}" at column 8: a segment is missing`],
  ["/v1/{a=b:c}", 8, `unexpected ":" at column 9: write a variable as "{field}" or "{field=segments}"`],
  ["/**/a/**", 6, `a second "**" at column 7: a path can have only one`],
  ["/{a=**}/{b=**}", 11, `a second "**" at column 12: a path can have only one`],
  ["/caf\u00e9", 4, `unexpected "\u00e9" at column 5: write "%C3%A9"`],
  ["/\u{1f600}", 1, `unexpected "\u{1f600}" at column 2: write "%F0%9F%98%80"`],
  ["/a\ud800", 2, `unexpected "\ud800" at column 3: expected "/" or ":name" after a segment`],
  ["/a%2", 2, `unexpected "%" at column 3: expected two hexadecimal digits after "%"; write "%25" for a literal "%"`],
  ["/%FF", 1, `"%FF" at column 2 is not percent-encoded UTF-8`],
  ["/a/../b", 3, `segment ".." at column 4: URLs drop such segments`],
  ["/a/%2e", 3, `segment "%2e" at column 4: URLs drop such segments`],
])("%j is refused with its place", (text, offset, message) => {
  const error = errorOf(text);
  expect(error.message).toBe(message);
  expect(error.offset).toBe(offset);
});

test("the path / alone is a template without segments", () => {
  expect(parsePathTemplate("/")).toEqual({ text: "/", segments: [], verb: undefined, variables: [] });
});

test("** may be followed by further segments, in a variable and after it", () => {
  const template = parsePathTemplate("/v1/{name=o/**/.ext}/tail");
  expect(template.segments.map(written)).toEqual(["v1", "o", "**", ".ext", "tail"]);
  expect(template.variables).toEqual([{ fieldPath: ["name"], start: 1, end: 4, offset: 5 }]);
});

test("a literal takes every character of a URL's segment", () => {
  const literal = "azAZ09-._~!$&'()+,;=@%C3%a9";
  expect(parsePathTemplate(`/${literal}:${literal}`)).toMatchObject({ segments: [{ value: literal }], verb: literal });
});

// An accidental square would take a hundred million steps a text, and end the test by its limit.
test.each(["/a", "/*", "/{a}", "a.", "%41", "{", "/{a=b", "\u{1f600}"])(
  "%j repeated is read in linear time",
  (part) => {
    for (const start of ["/", "/{a", "/{a=", ""]) {
      try {
        parsePathTemplate(start + part.repeat(500_000 / part.length));
      } catch (error) {
        expect(error).toBeInstanceOf(PathSyntaxError);
      }
    }
  },
);

function errorOf(text: string): PathSyntaxError {
  try {
    parsePathTemplate(text);
  } catch (error) {
    if (error instanceof PathSyntaxError) {
      return error;
    }
    throw error;
  }
  throw new Error(`"${text}" was taken`);
}

function written(segment: PathTemplate["segments"][number]): string {
  if (segment.kind === "literal") {
    return segment.value;
  }
  return segment.kind === "any" ? "*" : "**";
}
