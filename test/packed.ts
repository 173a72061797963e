/** The package as its users have it: packed, installed into a project elsewhere, run there. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
} from "@bufbuild/protobuf/wkt";
import { root } from "./golden.js";
import { codeCases } from "./golden-code.js";

/**
 * Packs the package into a folder; returns the file. --ignore-scripts: `make test` has built it, and a build would
 * pull dist away from other tests.
 */
export function pack(dir: string): string {
  const name = execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", dir], {
    cwd: root,
    encoding: "utf8",
  });
  return join(dir, name.trim());
}

export function npm(cwd: string, ...args: string[]): void {
  execFileSync("npm", [...args, "--silent", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd,
  });
}

/**
 * What the protoc-gen-sse that is installed in a folder generates, run in `cwd`. What it answers as an error is thrown.
 */
export function runInstalled(
  dir: string,
  request: CodeGeneratorRequest,
  parameter: string,
  cwd: string = root,
): Record<string, string> {
  const answer = execFileSync(join(dir, "node_modules/.bin/protoc-gen-sse"), {
    cwd,
    input: toBinary(CodeGeneratorRequestSchema, create(CodeGeneratorRequestSchema, { ...request, parameter })),
    maxBuffer: 1 << 26,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const { error, file } = fromBinary(CodeGeneratorResponseSchema, answer);
  if (error !== "") {
    throw new Error(error);
  }
  return Object.fromEntries(file.map(({ name, content }) => [name, content]));
}

const messagesScript = `
import { fromBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { protocGenEs } from "@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js";
import { readFileSync } from "node:fs";

const requests = JSON.parse(readFileSync(0, "utf8"));
const answers = requests.map((text) => {
  const { file } = protocGenEs.run(fromBinary(CodeGeneratorRequestSchema, Buffer.from(text, "base64")));
  return Object.fromEntries(file.map(({ name, content }) => [name, content]));
});
console.log(JSON.stringify(answers));
`;

/**
 * The messages of all files of each request, as the protoc-gen-es that is installed in a folder generates them. One
 * process answers all requests, because its start takes longer than its work.
 */
export function generateInstalledMessages(
  dir: string,
  requests: readonly { readonly request: CodeGeneratorRequest; readonly parameter: string }[],
): Record<string, string>[] {
  const input = requests.map(({ request, parameter }) => {
    const all = create(CodeGeneratorRequestSchema, { ...withImports(request), parameter });
    return Buffer.from(toBinary(CodeGeneratorRequestSchema, all)).toString("base64");
  });
  const answer = execFileSync(process.execPath, ["--input-type=module", "--eval", messagesScript], {
    cwd: dir,
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
    encoding: "utf8",
  });
  return JSON.parse(answer); // of our own script
}

/** All files of a golden case: what protoc-gen-es generates from the protos that the case does not generate itself. */
function withImports(request: CodeGeneratorRequest): CodeGeneratorRequest {
  const files = request.protoFile.map(({ name }) => name).filter((name) => !name.startsWith("google/protobuf/"));
  return create(CodeGeneratorRequestSchema, { ...request, fileToGenerate: files });
}

/** The golden case that `serviceMain` serves. */
export function serviceCase(): CodeGeneratorRequest {
  const golden = codeCases().find(({ name }) => name === "sse");
  if (golden === undefined) {
    throw new Error("no golden case sse");
  }
  return golden.request;
}

/** A program beside the generated code of `serviceCase`: a server, and a client that calls it in process. */
export function serviceMain(runtime: string): string {
  return `
import { createServer } from "${runtime}";
import { ChatServiceClient } from "./chat/v1/chat_client.js";
import { createChatService } from "./chat/v1/chat_server.js";

const server = createServer({
  services: [
    createChatService(
      {
        sendMessage: ({ room, text, replyTo }) => ({ id: replyTo, room, text }),
        async *search({ words, since }) {
          for (const text of words) yield { text, time: since };
        },
      },
      { unimplemented: "501" },
    ),
  ],
});
const client = new ChatServiceClient({ baseUrl: "https://chat.example", fetch: server.fetch });
const sent = await client.sendMessage({ room: "a/b", text: "Hello", replyTo: BigInt("9007199254740993") });
console.log(sent.id.toString(), sent.room, sent.text);
for await (const { text, time } of client.search({ words: ["one", "two"], since: { seconds: BigInt(1), nanos: 5 } })) {
  console.log(text, time?.seconds.toString(), time?.nanos);
}
`;
}

/** What `serviceMain` prints. */
export const serviceOutput = "9007199254740993 a/b Hello\none 1 5\ntwo 1 5\n";
