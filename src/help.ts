import { optionTable } from "./options.js";

/** What `protoc-gen-sse --help` prints. */
export function helpText(): string {
  const options = Object.entries(optionTable).flatMap(([name, { values, defaultText, description }]) => [
    `  ${name}=${plain(values)}`,
    `      ${plain(description)}. Default: ${plain(defaultText)}.`,
  ]);
  return [
    "protoc-gen-sse is a protoc plugin: buf or protoc runs it, sends it the parsed protos on standard input,",
    "and writes the files that it returns. It generates TypeScript clients and servers, and OpenAPI documents.",
    "",
    "  buf.gen.yaml:  plugins: [{ local: protoc-gen-es, out: src/gen, opt: [target=ts] },",
    "                           { local: protoc-gen-sse, out: src/gen }]",
    "  protoc:        protoc --es_out=src/gen --es_opt=target=ts --sse_out=src/gen --sse_opt=emit=client ...",
    "",
    "The code imports the messages that protoc-gen-es generates in the same folder. With messages=json it imports",
    "their JSON types: run protoc-gen-es with the option json_types=true.",
    "",
    "Options, separated by commas:",
    "",
    ...options,
    "",
    "  --help      prints this",
    "  --version   prints the version",
    "",
  ].join("\n");
}

/** Without the marks of Markdown. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}
