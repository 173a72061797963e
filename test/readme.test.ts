/** The README's tables are made of the option table and of the annotations' comments: `make golden` writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, createFileRegistry, type DescExtension, type DescField } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { getComments } from "@bufbuild/protoplugin";
import { expect, test } from "vitest";
import { optionTable } from "../src/options.js";
import { compile, root } from "./golden.js";

const readme = join(root, "README.md");

function optionRows(): string {
  const rows = Object.entries(optionTable).map(
    ([name, { values, defaultText, description }]) => `| \`${name}\` | ${values} | ${defaultText} | ${description} |`,
  );
  return ["| option | values | default | what it does |", "|---|---|---|---|", ...rows].join("\n");
}

function annotationRows(): string {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: compile(["proto"]) }));
  const file = registry.getFile("sse/v1/annotations.proto");
  const rows = (file?.extensions ?? []).flatMap((extension) => [
    `| \`(${extension.typeName})\` | ${extendee(extension)} | ${firstSentence(extension)} |`,
    ...(extension.message?.typeName.startsWith("sse.v1.") ? extension.message.fields : []).map(
      (field) => `| … \`${field.name}\` | | ${firstSentence(field)} |`,
    ),
  ]);
  return ["| option | on | what it does |", "|---|---|---|", ...rows].join("\n");
}

function extendee({ extendee, fieldKind }: DescExtension): string {
  const on = extendee.name.replace("Options", "").toLowerCase();
  return fieldKind === "list" ? `${on}, repeated` : on;
}

function firstSentence(desc: DescExtension | DescField): string {
  const text = (getComments(desc).leading ?? "").trim().replace(/\s*\n\s*/g, " ");
  return (/^.*?\.(?= |$)/.exec(text)?.[0] ?? text).replaceAll("|", "\\|");
}

test.each([
  ["annotations", annotationRows],
  ["options", optionRows],
])("the table of %s is up to date", (name, rows) => {
  const text = readFileSync(readme, "utf8");
  const marks = new RegExp(`(<!-- ${name} -->\n).*?(\n<!-- end -->)`, "s");
  expect(text).toMatch(marks);
  const updated = text.replace(marks, (_, before: string, after: string) => before + rows() + after);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    writeFileSync(readme, updated);
  }
  expect(updated).toBe(readFileSync(readme, "utf8"));
  expect(rows().split("\n").length).toBeGreaterThan(8);
});
