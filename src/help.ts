import { optionTable } from "./options.js";

export const introduction = `protoc-gen-sse is a protoc plugin: a program that buf or protoc runs. They send it your parsed protos on standard
input, and write the files that it returns: clients for TypeScript, Go and Python, servers for
TypeScript and Go, and OpenAPI documents.`;

/** What `protoc-gen-sse --help` prints. */
export function helpText(): string {
  const options = Object.entries(optionTable).flatMap(([name, { values, defaultText, description }]) => [
    `  ${name}=${plain(values)}`,
    ...wrap(`${plain(description)}. Default: ${plain(defaultText)}.`, 110).map((line) => `      ${line}`),
  ]);
  return `${introduction}

Usage

  npx protoc-gen-sse init      writes a proto, a server, a client and the configuration of buf into this folder,
                               for the runtime of the project: Node, Bun, Deno or Workers. Keeps files that exist.
                               init node, init bun, init deno and init workers choose the runtime.
  npx buf generate             runs the plugins that buf.gen.yaml lists:
                                 plugins:
                                   - { local: protoc-gen-es, out: src/gen, include_imports: true, opt: [target=ts] }
                                   - { local: protoc-gen-sse, out: src/gen, opt: [emit=client] }
  protoc --es_out=src/gen --es_opt=target=ts --sse_out=src/gen --sse_opt=emit=client ...
  protoc-gen-sse --help        prints this
  protoc-gen-sse --version     prints the version

TypeScript code imports the messages that protoc-gen-es generates in the same folder. With messages=json it imports
their JSON types: run protoc-gen-es with the option json_types=true. Go needs protoc-gen-go, and Python protoc's
own --python_out.

Options of the plugin, separated by commas

${options.join("\n")}
`;
}

/** The lines of a text, each at most `width` long where its words allow it. */
function wrap(text: string, width: number): string[] {
  return text.match(new RegExp(`\\S.{0,${width - 1}}(?= |$)|\\S+`, "g")) ?? [];
}

/** Without the marks of Markdown. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}
