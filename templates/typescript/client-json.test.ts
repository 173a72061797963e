import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

test("the client of JSON types imports nothing of others, not even types", async () => {
  const files = new Set([new URL("client-json.ts", import.meta.url).href]);
  const foreign: string[] = [];
  for (const file of files) {
    const text = await readFile(new URL(file), "utf8");
    for (const [, specifier = ""] of text.matchAll(/(?:\bfrom|^import|\bimport\()\s*"([^"]+)"/gm)) {
      if (specifier.startsWith(".")) {
        files.add(new URL(specifier.replace(/\.js$/, ".ts"), file).href);
      } else {
        foreign.push(`${file}: ${specifier}`);
      }
    }
  }
  expect(files.size).toBeGreaterThan(20);
  expect(foreign).toEqual([]);
});
