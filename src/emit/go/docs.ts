import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Method } from "../../model/model.js";

/**
 * A doc comment of paragraphs, as gofmt leaves it: list items are indented, other indented lines are code, and there is
 * a blank line around both. Fenced code is indented code, too (https://go.dev/doc/comment).
 */
export function comment(paragraphs: readonly string[]): string {
  const lines = paragraphs
    .filter((paragraph) => paragraph !== "")
    .join("\n\n")
    .replace(FENCED, (_, code: string) => `\n${code.replace(/^/gm, "    ")}\n`)
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .split("\n")
    .map((line) => line.replace(/^\t+/, "    ").trimEnd());
  const out: string[] = [];
  let kind: Kind = "text";
  for (const [index, line] of lines.entries()) {
    if (line === "") {
      out.push("");
      continue;
    }
    const next = kindOf(line, kind, lines[index - 1] === "");
    if (next !== kind && (next === "code" || kind === "code") && out.length > 0 && out.at(-1) !== "") {
      out.push("");
    }
    kind = next;
    out.push(print(line, kind));
  }
  return out
    .filter((line, index) => line !== "" || (index > 0 && out[index - 1] !== "" && index < out.length - 1))
    .map((line) => (line === "" ? "//" : `//${line}`))
    .join("\n");
}

/** A fenced code block of Markdown. */
const FENCED = /^```[^`\n]*\n(.*?)^```$/gms;

type Kind = "text" | "list" | "code";

const ITEM = /^\s*(?:([-*+•])|(\d+)[.)])\s+(.*)$/;

function kindOf(line: string, before: Kind, isAfterBlank: boolean): Kind {
  if (before === "code" && !isAfterBlank && /^\s/.test(line)) {
    return "code";
  }
  if (ITEM.test(line)) {
    return "list";
  }
  if (before === "list") {
    // After a list, gofmt takes an indented line for a part of its last item.
    return isAfterBlank ? "text" : "list";
  }
  return /^\s/.test(line) ? "code" : "text";
}

function print(line: string, kind: Kind): string {
  const [, bullet, number, text = line.trim()] = ITEM.exec(line) ?? [];
  switch (kind) {
    case "list":
      return bullet ? `   - ${text}` : number ? ` ${number.padStart(2)}. ${text}` : `     ${text}`;
    case "code":
      return `\t${line.replace(/^ {1,4}/, "")}`;
    default:
      return ` ${line.trim()}`;
  }
}

/** The paragraph that tools for Go look for, with the words of protoc-gen-go. */
export function deprecation(isDeprecated: boolean, desc: DescService | DescMethod): string {
  const { file } = desc.kind === "rpc" ? desc.parent : desc;
  return isDeprecated ? `Deprecated: Marked as deprecated in ${file.name}.proto.` : "";
}

/** The comment of a method: that of the proto, its routes, and whether it is deprecated. */
export function methodDocs(name: string, { desc, docs, bindings, answer, deprecated }: Method): string {
  const routes = bindings.map(({ method, template }) => `\`${method} ${template.text}\``).join(", ");
  return comment([
    docs.text === "" ? `${name} is ${desc.parent.typeName}.${desc.name}.` : docs.text,
    answer.kind === "stream" ? `${routes}, server-sent events.` : `${routes}.`,
    deprecation(deprecated, desc),
  ]);
}
