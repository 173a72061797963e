/** Every link of the documents leads to a file that is there, and to a heading that it has. Nothing is fetched. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./golden.js";

/** The documents that are kept in git, and those that are about to be. */
const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter((path) => !path.startsWith("golden/") && existsSync(join(root, path)));

/** The text of a document without its blocks of code. */
function prose(path: string): string {
  return readFileSync(join(root, path), "utf8").replace(/^ *```.*?^ *```$/gms, "");
}

/** The anchors of the headings, as GitHub makes them, and those that stand in the text. */
function anchors(path: string): Set<string> {
  const text = prose(path);
  const found = new Set(Array.from(text.matchAll(/<a (?:id|name)="([^"]+)">/g), ([, id = ""]) => id));
  const counts = new Map<string, number>();
  for (const [, heading = ""] of text.matchAll(/^#+ +(.*?) *$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    found.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return found;
}

/** What is wrong with a link; undefined if nothing is. */
function problem(from: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) {
    const isUrl = URL.canParse(target) && /^(https:\/\/[^/]+\.[a-z]+|mailto:[^@]+@)/.test(target);
    return isUrl && !/[\s<>"]/.test(target) ? undefined : "no URL";
  }
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : posix.normalize(posix.join(dirname(from), decodeURIComponent(file)));
  if (path.startsWith("..") || !existsSync(join(root, path))) {
    return `no file ${path}`;
  }
  return anchor === undefined || anchors(path).has(anchor) ? undefined : `no heading #${anchor} in ${path}`;
}

test("the documents are found", () => {
  expect(documents).toEqual(
    expect.arrayContaining(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/client.md"]),
  );
});

test.each(documents)("%s", (path) => {
  const text = prose(path).replace(/`[^`\n]*`/g, "code");
  const inline = Array.from(text.matchAll(/\]\(([^()\s]*(?:\([^()]*\)[^()\s]*)*)\)/g), ([, target = ""]) => target);
  // A link that the expression does not read, such as one with a space in its target.
  expect(inline).toHaveLength(text.match(/\]\(/g)?.length ?? 0);
  const defined = new Map(
    Array.from(text.matchAll(/^\[(.+)\]: (.+)$/gm), ([, name = "", target = ""]) => [name, target]),
  );
  const used = new Set(Array.from(text.matchAll(/\]\[([^\]]+)\]/g), ([, name = ""]) => name));
  expect(new Set(defined.keys())).toEqual(used);
  const problems = [...inline, ...defined.values()].flatMap((target) => {
    const found = problem(path, target);
    return found === undefined ? [] : [`${target}: ${found}`];
  });
  expect(problems).toEqual([]);
});

describe("a link is refused", () => {
  test.each([
    ["to a file that is absent", "docs/absent.md", "no file docs/absent.md"],
    ["to a heading that is absent", "docs/client.md#absent", "no heading #absent in docs/client.md"],
    ["to a heading of its own that is absent", "#absent", "no heading #absent in README.md"],
    ["to a file whose name is encoded", "docs/%5Babsent%5D.md", "no file docs/[absent].md"],
    ["out of the project", "../README.md", "no file ../README.md"],
    ["that is no URL", "https:/example.com", "no URL"],
    ["without TLS", "http://example.com", "no URL"],
  ])("%s", (_name, target, expected) => {
    expect(problem("README.md", target)).toBe(expected);
  });
});
