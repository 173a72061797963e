/** The guides without a test of their own: each block of code compiles, or is read as what it says it is. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { compileText, runPlugin } from "./compile-text.js";
import { compile, root, writeFiles } from "./golden.js";
import { cacheFolder, typeCheck, writeProject, writeTsconfig } from "./golden-code.js";

const pages = ["comparison", "deploy", "migrate", "protocol", "troubleshooting"];

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** The tool that the code is for; empty for ours. */
  readonly tool: string;
  readonly code: string;
}

const blocks: readonly Block[] = pages.flatMap((page) => {
  const text = readFileSync(join(root, "docs", `${page}.md`), "utf8");
  const found = Array.from(text.matchAll(/^```(\w+) ?([^\n]*)\n(.*?)^```$/gms), (match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] ?? "",
    tool: match[2] ?? "",
    code: match[3] ?? "",
  }));
  expect(found).toHaveLength((text.match(/^```/gm)?.length ?? 0) / 2);
  return found;
});

/** What an example may use without importing it. */
const imported = {
  "./gen/market/v1/market_client.js": ["MarketServiceClient"],
  "./gen/market/v1/market_pb.js": ["TradeSchema"],
  "./gen/market/v1/market_server.js": ["createMarketService"],
  "./gen/sse/runtime/client.js": ["handleEvents", "openRawStream", "StatusError"],
  "./gen/sse/runtime/server.js": ["createServer", "createTopic"],
};

/** What stands for the reader's own program. */
const program = `
  declare const client: import("./gen/market/v1/market_client.js").MarketServiceClient;
  declare const server: import("./gen/sse/runtime/server.js").Server;
  declare const market: import("./gen/sse/runtime/server.js").Service;
  declare const controller: AbortController;
  declare function feed(symbol: string): ReadableStream<{ readonly symbol: string }>;
  declare function trades(
    symbol: string,
    signal: AbortSignal,
    lastEventId?: string,
  ): AsyncIterable<{ readonly symbol: string }>;
  declare function show(text: string): void;
  declare function token(): Promise<string>;
`;

/** A module with the example on the lines that it has in the document. */
function toModule({ line, code }: Block): string {
  const imports = Object.entries(imported).map(([module, names]) => {
    const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(code) && !code.includes("import "));
    return used.length > 0 ? `import { ${used.join(", ")} } from "${module}";` : "";
  });
  return `${imports.join("")}export {};${"\n".repeat(line - 1)}${code}`;
}

test("our examples compile under the strictest flags", () => {
  const ours = blocks.filter(({ language, tool }) => language === "ts" && tool === "");
  expect(ours.length).toBeGreaterThan(0);
  const cache = cacheFolder("docs-guides");
  const proto = readFileSync(join(root, "examples/market/proto/market/v1/market.proto"), "utf8");
  const request = compileText({ "market/v1/market.proto": proto }, "emit=client+server");
  const { error, files } = runPlugin(request);
  expect(error).toBeFalsy();
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  writeFiles(join(dir, "want"), Object.fromEntries(files));
  writeProject(cache, [{ name: "gen", dir, request }]);
  rmSync(dir, { recursive: true });
  writeFiles(cache, {
    "program.d.ts": program,
    ...Object.fromEntries(ours.map((block) => [`${block.page}.md-${block.line}.ts`, toModule(block)])),
  });
  writeTsconfig(cache, "tsconfig.json", { types: ["node"], skipLibCheck: true, noUnusedLocals: false }, ["*.ts"]);
  expect(typeCheck(cache, "tsconfig.json")).toBe("");
});

test("the protos of the examples have no mistakes", () => {
  const protos = blocks.filter(({ language }) => language === "proto");
  const dir = cacheFolder("docs-guides-protos");
  rmSync(dir, { recursive: true, force: true });
  const google = "google/api/annotations.proto";
  writeFiles(dir, { [google]: readFileSync(join(root, "golden/google-api", google), "utf8") });
  for (const { page, line, code } of protos) {
    const file = `${page}_${line}/v1/example.proto`;
    const imports = ["sse/v1/annotations.proto", google].map((path) => `import "${path}";\n`).join("");
    writeFiles(dir, { [file]: `syntax = "proto3";\npackage ${page}_${line}.v1;\n${imports}${code}` });
    const request = create(CodeGeneratorRequestSchema, { fileToGenerate: [file], protoFile: compile(["proto", dir]) });
    const { error, files } = runPlugin(request);
    expect([file, error, files.size > 0]).toEqual([file, "", true]);
  }
});

describe("every other block is what it says it is", () => {
  const readers: Readonly<Record<string, (code: string) => unknown>> = {
    ts: (code) => transformSync(code, { loader: "tsx" }),
    yaml: (code) => expect(parseAllDocuments(code).flatMap(({ errors }) => errors)).toEqual([]),
    json: JSON.parse,
    // test/deploy runs these.
    nginx: () => {},
    caddyfile: () => {},
    // The test above.
    proto: () => {},
    // test/docs-troubleshooting.test.ts produces these.
    text: () => {},
    // test/protocol.test.ts compares it with what the server sends.
    http: () => {},
    // A grammar in the notation of RFC 5234.
    abnf: () => {},
    // Commands for a shell that has the products.
    sh: () => {},
  };

  test.each(blocks.filter(({ language, tool }) => language !== "ts" || tool !== ""))(
    "$page.md:$line, $language $tool",
    ({ language, code }) => {
      expect(Object.keys(readers)).toContain(language);
      readers[language]?.(code);
    },
  );
});

test("each cell of the comparison has a source", () => {
  const [facts = ""] = readFileSync(join(root, "docs/comparison.md"), "utf8").split("## What each does better");
  const rows = facts.split("\n").filter((line) => /^\| (?!tool)/.test(line));
  expect(rows).toHaveLength(20);
  const cells = rows.flatMap((row) => row.split(" | ").slice(1));
  // docs-links.test.ts checks where they lead.
  expect(cells.filter((cell) => !/^(?:\[.+?\](?:\(\S+\)|\[\S+\])(?:, )?)+(?: \|)?$/.test(cell))).toEqual([]);
  const ours = rows.filter((row) => row.startsWith("| **protoc-gen-sse**"));
  expect(ours.map((row) => row.includes("]["))).toEqual([false, false]);
});
