/** Every example of docs/client.md compiles against what is generated for its services, and no option is without one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, test } from "vitest";
import type {
  CallOptions,
  ClientErrorCode,
  ClientOptions,
  EventStream,
  RawStreamOptions,
  ReconnectOptions,
  StreamOptions,
} from "../templates/typescript/client.js";
import { compile, type GoldenCase, loadCase, root, runCase, writeFiles, writeWant } from "./golden.js";
import { cacheFolder, typeCheck, writeProject, writeTsconfig } from "./golden-code.js";

const text = readFileSync(join(root, "docs/client.md"), "utf8");
const cache = cacheFolder("docs-client");

interface Block {
  readonly line: number;
  readonly messages: "es" | "json";
  readonly code: string;
}

const blocks: Block[] = Array.from(text.matchAll(/^```ts( messages=json)?\n(.*?)^```$/gms), (match) => ({
  line: text.slice(0, match.index).split("\n").length + 1,
  messages: match[1] ? "json" : "es",
  code: match[2] ?? "",
}));

/** What an example may use that an earlier one has imported. */
const imported = {
  MarketServiceClient: "./gen/market/v1/market_client.js",
  StatusError: "./gen/sse/runtime/client.js",
  Code: "./gen/sse/runtime/client.js",
  Interceptor: "./gen/sse/runtime/client.js",
};

/** What stands for the reader's own program. */
const program = `
  declare const client: import("./es/gen/market/v1/market_client").MarketServiceClient;
  declare const vault: import("./es/gen/vault/v1/vault_client").VaultServiceClient;
  declare function token(): Promise<string>;
  declare function show(text: string): void;
  declare function render(trades: readonly import("./es/gen/market/v1/market_pb").Trade[]): void;
  declare function store(trade: import("./es/gen/market/v1/market_pb").Trade): Promise<void>;
  declare function load(): Promise<string | undefined>;
  declare function save(id: string | undefined): Promise<void>;
`;

/** A module with the example on the lines that it has in the document. */
function toModule({ line, code }: Block): string {
  const imports = Object.entries(imported)
    .filter(
      ([name]) => new RegExp(`\\b${name}\\b`).test(code) && !new RegExp(`^import .*\\b${name}\\b`, "m").test(code),
    )
    .map(([name, from]) => `import { ${name === "Interceptor" ? "type " : ""}${name} } from "${from}";`);
  return `${imports.join(" ")} export {};${"\n".repeat(line - 1)}${code}`;
}

function marketCase(messages: "es" | "json"): GoldenCase {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: ["market/v1/market.proto"],
    protoFile: compile(["proto", "examples/market/proto"]),
    parameter: `emit=client,messages=${messages}`,
  });
  return { name: `${messages}/gen`, dir: join(cacheFolder("docs-client-case"), messages), request };
}

describe("the examples", () => {
  beforeAll(() => {
    const cases = [marketCase("es"), marketCase("json")];
    for (const market of cases) {
      writeWant(market, runCase(market));
    }
    // A service whose proto declares headers.
    const headers: GoldenCase = { ...loadCase("headers"), name: "es/gen" };
    writeProject(cache, [...cases, headers]);
    writeFiles(cache, {
      "program.d.ts": program,
      ...Object.fromEntries(blocks.map((block) => [`${block.messages}/client.md-${block.line}.ts`, toModule(block)])),
    });
    // `await using` needs a library that the rest does not.
    const lib = ["ES2022", "ESNext.Disposable", "DOM"];
    writeTsconfig(cache, "tsconfig.json", { lib }, ["program.d.ts", "es/**/*.ts", "json/**/*.ts"]);
  });

  test("are found", () => {
    expect(blocks.length).toBe(text.match(/^```ts/gm)?.length);
    expect(new Set(blocks.map(({ messages }) => messages))).toEqual(new Set(["es", "json"]));
  });

  test("compile under the strictest flags", () => {
    expect(typeCheck(cache, "tsconfig.json")).toBe("");
  });
});

const reconnectOptions: Record<keyof ReconnectOptions, true> = {
  maxAttempts: true,
  initialDelayMs: true,
  maxDelayMs: true,
  maxRetryAfterMs: true,
  afterEnd: true,
  shouldReconnect: true,
};
const callOptions: Record<keyof CallOptions, true> = {
  signal: true,
  headers: true,
  timeoutMs: true,
  query: true,
  retry: true,
  fetch: true,
  onResponse: true,
};
const streamOptions: Record<Exclude<keyof StreamOptions, keyof CallOptions>, true> = {
  connectTimeoutMs: true,
  idleTimeoutMs: true,
  deadlineMs: true,
  lastEventId: true,
  reconnect: true,
  onReconnect: true,
  onComment: true,
  maxEventBytes: true,
  unknownEvents: true,
  onUnknownEvent: true,
  invalidEvents: true,
  requireEnd: true,
  format: true,
};
const clientOptions: Record<Exclude<keyof ClientOptions, keyof StreamOptions | keyof CallOptions>, true> = {
  baseUrl: true,
  interceptors: true,
  readError: true,
  errorField: true,
  credentials: true,
  registry: true,
  validator: true,
};
const rawOptions: Record<Exclude<keyof RawStreamOptions, keyof StreamOptions>, true> = {
  method: true,
  body: true,
  credentials: true,
};
const streamMembers: Record<Exclude<keyof EventStream<unknown>, keyof AsyncGenerator | symbol>, true> = {
  opened: true,
  lastEventId: true,
  state: true,
  reconnect: true,
  withMeta: true,
  batches: true,
  toReadableStream: true,
  collect: true,
};

describe("there is an example of", () => {
  const code = blocks.map((block) => block.code).join("");

  test.each(Object.keys({ ...reconnectOptions, ...callOptions, ...streamOptions, ...clientOptions, ...rawOptions }))(
    "the option %s",
    (name) => {
      expect(code).toMatch(new RegExp(`\\b${name}[:(]`));
    },
  );

  test.each(Object.keys(streamMembers))("a stream's %s", (name) => {
    expect(code).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

describe("there is a row for", () => {
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  const starts = (cell: string) => expect(rows.filter((row) => row.startsWith(`| ${cell}`))).toHaveLength(1);

  test.each(Object.keys({ ...reconnectOptions, ...callOptions, ...streamOptions, ...clientOptions }))(
    "the option %s",
    (name) => {
      // One is also a member of streams.
      expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`)).length).toBe(name === "lastEventId" ? 2 : 1);
    },
  );

  const errors: Record<ClientErrorCode, string> = {
    status: "StatusError",
    network: "NetworkError",
    timeout: "TimeoutError",
    truncated: "TruncatedError",
    content_type: "ContentTypeError",
    decode: "DecodeError",
    event_too_large: "EventTooLargeError",
    reconnect: "ReconnectError",
    request: "RequestError",
  };
  test.each(Object.entries(errors))("the error %s", (code, name) => starts(`\`${name}\` | \`${code}\` |`));
});
