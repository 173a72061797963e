/**
 * The matrix of docs/openapi.md: what other tools make of our documents, measured. `make matrix` measures them all and
 * writes it. CI measures the quick ones and compares; of the slow ones it sees that a version was measured as pinned.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { root } from "../golden.js";
import { isCommand } from "../is-command.js";
import { columns, documents, measure, type Row, writeMarket } from "./matrix.js";
import { clients, type Tool, tools } from "./matrix-tools.js";

const page = join(root, "docs/openapi.md");
const start = "<!-- matrix: `make matrix` writes it -->\n";
const end = "<!-- end of the matrix -->\n";

/** The page: what stands before the matrix, its lines, what stands after it. */
function readPage(): [before: string, matrix: string[], after: string] {
  const [before = "", rest = ""] = readFileSync(page, "utf8").split(start);
  const [matrix = "", after = ""] = rest.split(end);
  return [before, matrix.trim().split("\n"), after];
}

const update = process.env["UPDATE_GOLDEN"] !== undefined;

/** The quick tools, or all, or those of this list of names. */
const only = process.env["OPENAPI_TOOLS"];
const wanted = tools.filter(({ name, isSlow }) =>
  only === undefined ? !isSlow : only === "all" || only.split(",").includes(name),
);
const chosen = wanted.filter(({ name, language, generator = language }) => {
  const missing = [language, generator].find(({ command }) => !isCommand(command));
  if (missing === undefined) {
    return true;
  }
  const how = `${missing.command} is not installed`;
  if (process.env["CI"] !== undefined) {
    throw new Error(how);
  }
  console.warn(`SKIPPED: ${name}. ${how}`);
  return false;
});
const measured = new Map<Tool, string[]>();

/** The lines of a tool: one for all documents of which it makes the same. */
function lines({ name, version, language }: Tool, rows: readonly Row[]): string[] {
  const kinds = [...new Set(rows.map(({ cells }) => cells.join(" | ")))];
  return kinds.map((cells) => {
    const same = rows.filter((row) => row.cells.join(" | ") === cells).map(({ document }) => document);
    return `| ${name} | ${version} | ${language.name} | ${same.join(", ")} | ${cells} |`;
  });
}

function writtenLines({ name }: Tool): string[] {
  const [, matrix] = readPage();
  return matrix.filter((line) => line.startsWith(`| ${name} |`));
}

beforeAll(async () => {
  writeMarket();
  // Languages side by side, the tools of each one after the other.
  const languages = [...new Set(chosen.map(({ language }) => language))];
  await Promise.all(
    languages.map(async (language) => {
      for (const tool of chosen) {
        if (tool.language === language) {
          measured.set(tool, lines(tool, await measure(tool)));
        }
      }
    }),
  );
  if (!update) {
    return;
  }
  const [before, , after] = readPage();
  const head = ["tool", "version", "language", "document", ...columns];
  const table = [head, head.map(() => "---")].map((cells) => `| ${cells.join(" | ")} |`);
  table.push(...tools.flatMap((tool) => measured.get(tool) ?? writtenLines(tool)));
  writeFileSync(page, `${before}${start}${table.join("\n")}\n${end}${after}`);
}, 3_600_000);

test.each(chosen.map((tool) => [tool.name, tool] as const))(
  "%s makes of the documents what the page says",
  (_, tool) => {
    expect(writtenLines(tool)).toEqual(measured.get(tool));
  },
);

test.each(tools.map((tool) => [tool.name, tool] as const))(
  "the page has %s, in the version that is pinned",
  (_, tool) => {
    const rows = writtenLines(tool).map((line) => line.split(" | "));
    expect(new Set(rows.map(([, version]) => version))).toEqual(new Set([tool.version]));
    expect(rows.flatMap(([, , , names = ""]) => names.split(", ")).sort()).toEqual(Object.keys(documents).sort());
  },
);

test("the page describes each tool, and shows each program as it was measured", () => {
  const text = readFileSync(page, "utf8");
  for (const { name } of tools) {
    expect(text).toContain(`**${name.split(" ")[0]}**`);
  }
  const program = readFileSync(join(clients, "openapi-python-client/stream.py"), "utf8");
  expect(text).toContain(`\`\`\`python\n${program}\`\`\``);
});
