/** The messages that docs/troubleshooting.md quotes are those that people get. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type CodeGeneratorRequest, CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import type { StreamOptions } from "../templates/typescript/client.js";
import { MarketServiceClient } from "../templates/typescript/testing/market-client.js";
import { createMarketServer } from "../templates/typescript/testing/market-server.js";
import { compileText, protoText, runPlugin } from "./compile-text.js";
import { root, writeFiles } from "./golden.js";
import { cacheFolder, typeCheck, writeTsconfig } from "./golden-code.js";
import { isCommand } from "./is-command.js";

const page = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");
const quoted = [...page.matchAll(/^```text\n(.*?)\n```$/gms)].map(([, text = ""]) => text);

type Answer = (signal: AbortSignal) => Promise<Response>;

/** The message of the error of a stream whose requests are answered so. */
function failStream(answer: Answer, options: StreamOptions = { reconnect: false }): Promise<string> {
  const fetch = (_url: string, init: RequestInit) => answer(init.signal as AbortSignal); // the client always passes one
  const client = new MarketServiceClient({ baseUrl: "http://api.example.com", fetch });
  return messageOf(client.watchTrades({ symbol: "AAPL" }, options).collect({ max: 1 }));
}

async function messageOf(failing: Promise<unknown>): Promise<string> {
  const error = await failing.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
  return (error as Error).message; // every error here is one
}

const stream = (text: string) => new Response(text, { headers: { "content-type": "text/event-stream" } });
const html = { headers: { "content-type": "text/html" } };

/** A stream that is silent after its opening comment. */
function silence(comment: string): Response {
  const body = new ReadableStream<Uint8Array>({ start: (out) => out.enqueue(new TextEncoder().encode(comment)) });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** What people see of each message of ours, and of the runtime below it. */
const messages: Readonly<Record<string, () => Promise<string>>> = {
  "connect timeout after 5000 ms": () =>
    failStream(() => new Promise(() => {}), { connectTimeoutMs: 50, reconnect: false }).then((text) =>
      text.replace("50", "5000"),
    ),
  // 2.5 times the heartbeat.
  "idle timeout after 37500 ms": () =>
    failStream(async () => silence(":sse/1 heartbeat=15 end\n")).then((text) => text.replace("37.5", "37500")),
  "the body ended before the stream did": () => failStream(async () => stream(":sse/1 heartbeat=15000 end\n")),
  "gave up after 10 further requests: NetworkError: TypeError: fetch failed": () =>
    failStream(() => Promise.reject(new TypeError("fetch failed")), { reconnect: { initialDelayMs: 1 } }),
  'expected text/event-stream, got "text/html": App': () =>
    failStream(async () => new Response("<!doctype html><title>App</title>", html)),
  "check baseUrl: TypeError: Failed to parse URL from /api/v1/quotes/AAPL": () =>
    messageOf(new MarketServiceClient({ baseUrl: "/api" }).getQuote({ symbol: "AAPL" })),
  "no method has this path": async () => {
    const response = await createMarketServer({}).fetch(new Request("http://localhost/api/v1/quotes/AAPL"));
    const { message } = (await response.json()) as { message: string };
    return message;
  },
  // The text of Chromium.
  "TypeError: Failed to fetch": () => failStream(() => Promise.reject(new TypeError("Failed to fetch"))),
  "TypeError: Do not know how to serialize a BigInt": async () =>
    String(
      await messageOf(Promise.resolve().then(() => JSON.stringify({ sequence: 1n }))).then(
        (text) => new TypeError(text),
      ),
    ),
};

type ProtocGenEs = typeof import("@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js");

/** Generates a service with an enum as its users do, and compiles it. */
function compileProject(
  name: string,
  compilerOptions: object,
  { parameter = "target=ts", include = () => true }: { parameter?: string; include?: (file: string) => boolean } = {},
): string {
  const declarations = "enum E { E_UNSPECIFIED = 0; E_ONE = 1; } message M { string id = 1; E e = 2; }";
  const rpc = 'rpc Get(M) returns (M) { option (sse.v1.http) = {get: "/m/{id}"}; }';
  const request: CodeGeneratorRequest = compileText({ "acme/v1/m.proto": protoText(rpc, declarations) });
  const { protocGenEs } = createRequire(import.meta.url)(
    "@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js",
  ) as ProtocGenEs;
  const fileToGenerate = ["acme/v1/m.proto", "sse/v1/annotations.proto"].filter(include);
  const messages = protocGenEs.run(create(CodeGeneratorRequestSchema, { ...request, fileToGenerate, parameter })).file;
  const cache = cacheFolder(`docs-troubleshooting/${name}`);
  rmSync(cache, { recursive: true, force: true });
  writeFiles(cache, {
    ...Object.fromEntries(messages.map((file) => [file.name, file.content])),
    ...Object.fromEntries(runPlugin(request).files),
    "package.json": JSON.stringify({ type: "module" }),
  });
  const options = { lib: ["ES2022", "DOM"], skipLibCheck: true, noUnusedLocals: false, paths: {}, ...compilerOptions };
  writeTsconfig(cache, "tsconfig.json", options, ["**/*.ts"]);
  return typeCheck(cache, "tsconfig.json");
}

/** What the compiler says. It names files, and more than one error. */
const compilations: Readonly<Record<string, () => string>> = {
  "error TS2304: Cannot find name 'Response'.": () => compileProject("types", { lib: ["ES2022"] }),
  "error TS2307: Cannot find module '../../sse/v1/annotations_pb' or its corresponding type declarations.": () =>
    compileProject("imports", {}, { include: (file) => file !== "sse/v1/annotations.proto" }),
  "error TS2835: Relative import paths need explicit file extensions in ECMAScript imports": () =>
    compileProject("extensions", { module: "nodenext", moduleResolution: "nodenext" }),
  "error TS1294: This syntax is not allowed when 'erasableSyntaxOnly' is enabled.": () =>
    compileProject("enums", { erasableSyntaxOnly: true }),
};

/** Messages that need what is not here: Node 24, and two versions of the library. */
const elsewhere: readonly string[] = [
  "SyntaxError [ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX]: TypeScript enum is not supported in strip-only mode",
  "error TS2345: Argument of type 'GenService<…>' is not assignable to parameter of type 'DescService'.",
];

const fileNotFound = "sse/v1/annotations.proto: File not found.";

test("every message of the page is checked", () => {
  const checked = [...Object.keys(messages), ...Object.keys(compilations), ...elsewhere, fileNotFound];
  expect(new Set(quoted)).toEqual(new Set(checked));
});

describe("the message", () => {
  test.each(Object.entries(messages))("%s", async (text, produce) => {
    const message = await produce();
    expect([message, `TypeError: ${message}`]).toContain(text);
  });

  test.each(Object.entries(compilations))("%s", (text, produce) => {
    expect(produce()).toContain(text);
  });
});

test("with erasable_syntax=true, the code has no enums", () => {
  const parameter = "target=ts,erasable_syntax=true";
  expect(compileProject("erasable", { erasableSyntaxOnly: true }, { parameter })).toBe("");
});

describe("a proto whose annotations are not found", () => {
  const isAbsent = !isCommand("protoc");
  if (isAbsent) {
    const how = "protoc is not installed: apt-get install protobuf-compiler";
    if (process.env["CI"] !== undefined) {
      throw new Error(how);
    }
    console.warn(`SKIPPED: the message of protoc. ${how}`);
  }

  function run(command: string, args: readonly string[]): string {
    const cwd = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
    try {
      writeFiles(cwd, { "a.proto": protoText(""), "buf.yaml": "version: v2\n" });
      const { stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
      return stdout + stderr;
    } finally {
      rmSync(cwd, { recursive: true });
    }
  }

  test.skipIf(isAbsent)("for protoc", () => {
    expect(run("protoc", ["-I", ".", "--descriptor_set_out=/dev/null", "a.proto"])).toContain(fileNotFound);
  });

  test("for buf", () => {
    const [, message = ""] = /^buf says `(.*)`\.$/m.exec(page) ?? [];
    expect(run(join(root, "node_modules/.bin/buf"), ["build"])).toContain(
      message || "the page names no message of buf",
    );
  });
});
