import type { Printable } from "@bufbuild/protoplugin";
import fc from "fast-check";
import { expect, test } from "vitest";
import { code, join } from "./code.js";

const text = (p: Printable): string => (Array.isArray(p) ? p.map(text).join("") : String(p));

test("is dedented, and indents the blocks it holds", () => {
  const body = code`
    if (x) {
      y();
    }
  `;
  expect(
    text(code`
      class A {
        ${""}
        m() {
          ${body}
          ${[]}
        }

        ${join(["a;", "b;\n\nc;"])}
      }
    `),
  ).toBe("class A {\n  m() {\n    if (x) {\n      y();\n    }\n  }\n\n  a;\n\n  b;\n\n  c;\n}");
});

test("indents the lines of a block however it is cut into pieces", () => {
  const lines = fc.array(fc.stringMatching(/^[a-z{};]{1,5}$/), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(lines, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (block, cuts) => {
      const whole = block.join("\n");
      const pieces: Printable[] = [];
      for (let at = 0; at < whole.length; ) {
        const length = cuts.next().value ?? 1;
        pieces.push(whole.slice(at, at + length));
        at += length;
      }
      const indented = text(code`
        {
          ${pieces}
        }
      `);
      expect(indented).toBe(`{\n${block.map((line) => `  ${line}`).join("\n")}\n}`);
    }),
  );
});

test("drops lines whose placeholder prints nothing, and only those", () => {
  expect(
    text(code`
      ${""}
      ${[[], [""]]}
      a${""}${""}
      ${""}
      b
    `),
  ).toBe("a\nb");
});

test("leaves a single line alone", () => {
  expect(text(code`a ${1} b ${["c", "\nd"]}`)).toBe("a 1 b c\nd");
  expect(text(code``)).toBe("");
});
