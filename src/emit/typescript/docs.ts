import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Method, Service, Stream } from "../../model/model.js";

/** The comment of the class or interface of a service: that of the proto, or a default sentence. */
export function serviceDocs({ desc, docs, deprecated }: Service, otherwise: string): string {
  return describe(desc, deprecated, [docs.text || otherwise]);
}

/** The comment of a method: that of the proto, and its routes. */
export function methodDocs({ desc, docs, deprecated, bindings, answer }: Method): string {
  const routes = bindings.map(({ method, template }) => `\`${method} ${template.text}\``).join(", ");
  return describe(desc, deprecated, [docs.text, routes + (answer.kind === "stream" ? streamDocs(answer.stream) : "")]);
}

function streamDocs({ events }: Stream): string {
  const name = events.kind === "message" && events.name !== undefined ? `, named \`${events.name}\`` : "";
  return ` · server-sent events${name}`;
}

function describe(desc: DescService | DescMethod, deprecated: boolean, paragraphs: string[]): string {
  return docBlock([...paragraphs, `@generated from ${desc}`, deprecated ? "@deprecated" : ""]);
}

/** A comment of these paragraphs; nothing if all are empty. */
export function docBlock(paragraphs: readonly string[]): string {
  const text = paragraphs.filter((paragraph) => paragraph !== "").join("\n\n");
  if (text === "") {
    return "";
  }
  const lines = text.replaceAll("*/", "*\\/").split("\n"); // "*/" would end the comment
  return ["/**", ...lines.map((line) => ` * ${line}`.trimEnd()), " */"].join("\n");
}
