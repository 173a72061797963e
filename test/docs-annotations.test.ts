/** docs/annotations.md is made of the comments of proto/sse/v1/annotations.proto: `make golden` writes it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  create,
  createFileRegistry,
  type DescExtension,
  type DescField,
  type DescMessage,
  ScalarType,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { getComments, getSyntaxComments } from "@bufbuild/protoplugin";
import { expect, test } from "vitest";
import { compile, root } from "./golden.js";

const path = join(root, "docs/annotations.md");

/** What the proto says of itself. */
const ABOUT_COMMENTS = " The comments of this file are the reference manual of protoc-gen-sse.\n";

function annotationsPage(): string {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: compile(["proto"]) }));
  const file = registry.getFile("sse/v1/annotations.proto");
  if (file === undefined) {
    throw new Error("no annotations.proto");
  }
  // The settings of an option are in its own section, and other messages after the options.
  const settings = new Set(file.extensions.map(({ message }) => message));
  const others = file.messages.filter((message) => !settings.has(message) || isShared(message));
  return [
    "# Annotations",
    "<!-- Made of the comments of proto/sse/v1/annotations.proto: change them there and run `make golden`. -->",
    markdown(getSyntaxComments(file).leading?.replace(ABOUT_COMMENTS, "")),
    'Import them with `import "sse/v1/annotations.proto";`.',
    table(
      ["option", "on", "what it does"],
      file.extensions.map((extension) => [
        `[\`(${extension.typeName})\`](#${anchor(`(${extension.typeName})`)})`,
        extendee(extension),
        firstSentence(extension),
      ]),
    ),
    ...file.extensions.flatMap((extension) => [
      `## \`(${extension.typeName})\``,
      `Option of a ${extendee(extension)}: ${type(extension)}.`,
      markdown(getComments(extension).leading),
      ...(extension.message?.file === file && !others.includes(extension.message)
        ? [...about(extension.message, extension), ...fields(extension.message)]
        : []),
    ]),
    "## Messages",
    "Messages that options share, or that are part of other messages.",
    ...others.flatMap((message) => [
      `### \`${message.name}\``,
      markdown(getComments(message).leading),
      ...fields(message),
    ]),
    "",
  ].join("\n\n");

  function isShared(message: DescMessage): boolean {
    const uses = [...(file?.extensions ?? []), ...(file?.messages ?? []).flatMap((other) => other.fields)];
    return uses.filter((use) => use.message === message && use.parent !== message).length > 1;
  }

  /** The comment of a message, if it says more than that of its option. */
  function about(message: DescMessage, extension: DescExtension): string[] {
    const text = markdown(getComments(message).leading);
    return markdown(getComments(extension).leading).startsWith(text) ? [] : [text];
  }

  function fields(message: DescMessage): string[] {
    const choices = message.oneofs.map(
      (oneof) =>
        `One of ${oneof.fields.map(({ name }) => `\`${name}\``).join(", ")}. ${cell(getComments(oneof).leading)}`,
    );
    const rows = message.fields.map((field) => [`\`${field.name}\``, type(field), cell(getComments(field).leading)]);
    return [...choices, table(["field", "type", "what it does"], rows)];
  }

  /** The type of a field, as a link if the page describes it. */
  function type(field: DescField | DescExtension): string {
    const name = `\`${typeName(field)}\``;
    const message = field.message;
    if (message === undefined || message.file !== file || message === (field.parent ?? field)) {
      return name;
    }
    const option = others.includes(message) ? undefined : file.extensions.find((other) => other.message === message);
    return option === field ? name : `[${name}](#${anchor(option === undefined ? message.name : option.typeName)})`;
  }
}

function extendee({ extendee }: DescExtension): string {
  return extendee.name.replace("Options", "").toLowerCase();
}

/** A type as a proto file has it. */
function typeName(field: DescField | DescExtension): string {
  if (field.fieldKind === "map") {
    return `map<${ScalarType[field.mapKey].toLowerCase()}, ${single(field)}>`;
  }
  return field.fieldKind === "list" ? `repeated ${single(field)}` : single(field);
}

function single({ message, enum: values, scalar }: DescField | DescExtension): string {
  const { typeName = ScalarType[scalar ?? 0]?.toLowerCase() ?? "" } = message ?? values ?? {};
  return typeName.replace("sse.v1.", "");
}

/** A comment with its examples, which are indented, as code. */
function markdown(comment = ""): string {
  const text = comment.replace(/^ /gm, "").trimEnd();
  return text
    .replace(
      /(?:^ {4}.*\n?|^\n(?= {4}))+/gm,
      (code) => `${code.startsWith("\n") ? "\n" : ""}\`\`\`proto\n${code.replace(/^ {4}/gm, "").trim()}\n\`\`\`\n`,
    )
    .trimEnd();
}

function cell(comment = ""): string {
  return comment
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .replaceAll("|", "\\|");
}

function firstSentence(desc: DescExtension): string {
  const text = cell(getComments(desc).leading);
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}

/** The anchor that GitHub gives a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

test("docs/annotations.md is up to date", () => {
  const page = annotationsPage();
  if (process.env["UPDATE_GOLDEN"] === "1") {
    writeFileSync(path, page);
  }
  expect(readFileSync(path, "utf8")).toBe(page);
  // No comment is lost: every line of the proto's comments is on the page.
  const words = (text: string) => text.replace(/[`|\\]/g, "").replace(/\s+/g, " ");
  const proto = readFileSync(join(root, "proto/sse/v1/annotations.proto"), "utf8");
  expect(proto).toContain(ABOUT_COMMENTS);
  for (const [, comment = ""] of proto.replace(ABOUT_COMMENTS, "\n").matchAll(/^ *\/\/ ?(.*)$/gm)) {
    expect(words(page)).toContain(words(comment).trim());
  }
  for (const [, link] of page.matchAll(/\]\(#([^)]*)\)/g)) {
    expect([...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchor(heading))).toContain(link);
  }
});
