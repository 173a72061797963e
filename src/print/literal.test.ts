import fc from "fast-check";
import { expect, test } from "vitest";
import { type Literal, literal } from "./literal.js";

/** The value that a printed expression has. */
const evaluate = (text: string): unknown => new Function(`return (${text})`)();

test("breaks what does not fit, one line a property", () => {
  const item = { method: "GET", path: `/${"x".repeat(80)}`, variables: [{ field: ["symbol"] }] };
  expect(literal({ short: [1, true], list: [item], none: undefined }, 4)).toBe(
    [
      "{",
      "  short: [1, true],",
      "  list: [",
      "    {",
      '      method: "GET",',
      `      path: "/${"x".repeat(80)}",`,
      '      variables: [{ field: ["symbol"] }],',
      "    },",
      "  ],",
      "}",
    ].join("\n"),
  );
});

test("quotes names where it must, and sets no prototype", () => {
  const value = { "tool.call": 1, constructor: 2, ["__proto__"]: 3, ünï: 4 };
  const printed = literal(value, 0);
  expect(printed).toContain('"tool.call": 1,');
  expect(printed).toContain("constructor: 2,");
  expect(Object.entries(evaluate(printed) as object)).toEqual(Object.entries(value)); // an object was printed
});

test("prints every value as an expression for it", () => {
  const { value } = fc.letrec<{ value: Literal; object: Record<string, Literal> }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "binary" }),
      fc.integer(),
      fc.boolean(),
      fc.array(tie("value")),
      tie("object"),
    ),
    object: fc.dictionary(fc.string({ unit: "binary" }), tie("value")),
  }));
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), value), fc.nat(20), (object, margin) => {
      expect(evaluate(literal(object, margin))).toEqual({ ...object });
    }),
  );
});
