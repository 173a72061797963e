/** The README, and the table of docs/options.md, which is made of the option table: `make golden` writes it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { optionTable } from "../src/options.js";
import { files, root } from "./golden.js";

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function optionRows(): string {
  const rows = Object.entries(optionTable).map(
    ([name, { values, defaultText, description }]) => `| \`${name}\` | ${values} | ${defaultText} | ${description} |`,
  );
  return ["| option | values | default | what it does |", "|---|---|---|---|", ...rows].join("\n");
}

test("the table of options is up to date", () => {
  const path = join(root, "docs/options.md");
  const text = readFileSync(path, "utf8");
  const marks = /(<!-- options -->\n).*?(\n<!-- end -->)/s;
  expect(text).toMatch(marks);
  const updated = text.replace(marks, (_, before: string, after: string) => before + optionRows() + after);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    writeFileSync(path, updated);
  }
  expect(updated).toBe(readFileSync(path, "utf8"));
});

test("the README is short", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(200);
});

test("the README shows the code that init writes", () => {
  const init = join(root, "templates/init");
  const written = files(init).map((path) => read(join("templates/init", path)));
  const blocks = [...read("README.md").matchAll(/^```(?:ts|proto)\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  expect(blocks).toHaveLength(3);
  for (const block of blocks) {
    expect(written.filter((text) => text.includes(block))).toHaveLength(1);
  }
});

test("the README shows the sizes that were measured", () => {
  const sizes = [
    ...read("docs/performance.md").matchAll(
      /^\| (`messages=\w+`, a unary method(?: and a stream)?) \| ([\d.]+) kB \| {2}/gm,
    ),
  ];
  const shown = [...read("README.md").matchAll(/^\| (`messages=\w+`, .*?) \| ([\d.]+) kB/gm)];
  expect(sizes).toHaveLength(4);
  expect(shown.map(([, what]) => what).sort()).toEqual(sizes.map(([, what]) => what).sort());
  for (const [, what, size] of shown) {
    const measured = Number(sizes.find(([, name]) => name === what)?.[2]);
    expect(Math.abs(Number(size) / measured - 1), what).toBeLessThan(0.05);
  }
});
