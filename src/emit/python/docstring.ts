import type { Method } from "../../model/model.js";

/** A string literal over several lines that holds the paragraphs: the comment, as it is written. */
export function docstring(paragraphs: readonly string[]): string {
  const [first = "", ...rest] = paragraphs
    .filter((paragraph) => paragraph !== "")
    .join("\n\n")
    .replaceAll("\t", "    ")
    .replace(/[^\P{Cc}\n]/gu, "") // what source code cannot hold
    .replaceAll("\\", "\\\\")
    .replaceAll('"""', '\\"\\"\\"')
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line, i, lines) => line !== "" || lines[i - 1] !== "");
  // Formatters take off what all lines but the first are indented by.
  const margin = Math.min(...rest.filter((line) => line !== "").map((line) => line.search(/\S/)));
  const start = `"""${first.startsWith('"') ? " " : ""}${first.trimStart()}`;
  return rest.length === 0
    ? `${start}${first.endsWith('"') ? " " : ""}"""`
    : [start, ...rest.map((line) => line.slice(margin)), '"""'].join("\n");
}

/** The docstring of a method: the comment of the proto, and its routes. */
export function methodDocs({ docs, bindings, answer }: Method): string {
  const routes = bindings.map(({ method, template }) => `\`${method} ${template.text}\``).join(", ");
  return docstring([docs.text, answer.kind === "stream" ? `${routes} · server-sent events` : routes]);
}

/** The text as comments, a line each. */
export function comment(paragraphs: readonly string[]): string {
  const lines = paragraphs.flatMap((paragraph) => (paragraph === "" ? [] : paragraph.split("\n")));
  return lines.map((line) => `# ${line.replace(/\p{Cc}/gu, " ").trimEnd()}`.trimEnd()).join("\n");
}
