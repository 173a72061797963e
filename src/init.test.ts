import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { init } from "./init.js";

const templates = join(import.meta.dirname, "../templates/init");

/** A folder with these files, or with empty files of these names. */
function folderWith(files: Readonly<Record<string, string>> | readonly string[] = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "protoc-gen-sse-init-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const texts = Array.isArray(files) ? files.map((name) => [name, ""] as const) : Object.entries(files);
  for (const [name, text] of texts) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function read(folder: string, path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

/** The commands that it prints. */
function commands(output: string): string[] {
  return [...output.matchAll(/^ {2}(?!wrote|kept)(\S.*)$/gm)].map(([, command = ""]) => command);
}

describe("an empty folder", () => {
  test("gets a project for Node, and the next three commands", () => {
    const folder = folderWith();
    const output = init([], folder, "npm/11.0.0 node/v20.0.0 linux x64");
    expect(filesOf(folder)).toEqual([
      "buf.gen.yaml",
      "buf.yaml",
      "package.json",
      "proto/countdown/v1/countdown.proto",
      "src/client.ts",
      "src/server.ts",
      "src/service.ts",
      "tsconfig.json",
    ]);
    expect(output).toMatch(/^A project for Node \(no other runtime was found\):\n/);
    expect([...output.matchAll(/^ {2}wrote {2}(.*)$/gm)].map(([, path]) => path)).toEqual(filesOf(folder));
    expect(commands(output)).toEqual(["npm install", "npx buf generate", "npx tsx src/server.ts"]);
    expect(output).toMatch(/another terminal: npx tsx src\/client\.ts\n$/);
  });

  test.each([
    ["bun/1.4.4 npm/? node/v24.0.0 linux x64", "Bun (it runs this command)", "bun install"],
    ["deno/2.9.6 npm/? deno/2.9.6 linux x64", "Deno (it runs this command)", "deno install"],
    ["pnpm/10.0.0 npm/? node/v20.0.0 linux x64", "Node (no other runtime was found)", "pnpm install"],
    ["yarn/1.22.22 npm/? node/v20.0.0 linux x64", "Node (no other runtime was found)", "yarn install"],
    ["", "Node (no other runtime was found)", "npm install"],
  ])("with %j is for what runs the command", (userAgent, title, install) => {
    const output = init([], folderWith(), userAgent);
    expect(output).toContain(`A project for ${title}:`);
    expect(commands(output)[0]).toBe(install);
  });
});

describe("the runtime", () => {
  test.each([
    ["Node", ["package.json", "package-lock.json"]],
    ["Bun", ["package.json", "bun.lock"]],
    ["Bun", ["bun.lockb"]],
    ["Bun", ["bunfig.toml"]],
    ["Bun", { "package.json": '{ "packageManager": "bun@1.4.4" }' }],
    ["Bun", { "package.json": '{ "devDependencies": { "@types/bun": "1" } }' }],
    ["Deno", ["deno.json"]],
    ["Deno", ["deno.jsonc", "package.json"]],
    ["Deno", ["deno.lock"]],
    ["Cloudflare Workers", ["wrangler.toml", "package.json", "bun.lock"]],
    ["Cloudflare Workers", ["wrangler.json"]],
    ["Cloudflare Workers", ["wrangler.jsonc"]],
    ["Cloudflare Workers", { "package.json": '{ "devDependencies": { "wrangler": "4" } }' }],
  ])("is %s for a folder with %j", (title, files) => {
    expect(init([], folderWith(files), "npm/11.0.0")).toMatch(
      new RegExp(`^A project for ${title} \\((there is|found)`),
    );
  });

  test.each(["node", "bun", "deno", "workers"])("is %s when asked for, whatever is there", (runtime) => {
    const output = init([runtime], folderWith(["deno.json", "wrangler.toml", "bun.lock"]), "npm/11.0.0");
    expect(output).toContain("(as asked for):");
    expect(output.toLowerCase()).toMatch(new RegExp(`^a project for .*${runtime}`));
  });

  test.each([
    [
      ["wrokers"],
      'unknown runtime "wrokers" (did you mean "workers"?): protoc-gen-sse init [workers | deno | bun | node]',
    ],
    [["--force"], 'unknown runtime "--force": protoc-gen-sse init ['],
    [["node", "src"], 'unexpected argument "src": protoc-gen-sse init ['],
  ])("is not %j, and nothing is written", (args, message) => {
    const folder = folderWith();
    expect(() => init(args, folder, "")).toThrow(message);
    expect(filesOf(folder)).toEqual([]);
  });

  test.each([
    ["pnpm-lock.yaml", "pnpm install", "pnpm exec buf generate"],
    ["yarn.lock", "yarn install", "yarn run buf generate"],
    ["package-lock.json", "npm install", "npx buf generate"],
  ])("uses the package manager of %s", (lockfile, install, generate) => {
    const output = init([], folderWith([lockfile]), "bun/1.4.4");
    expect(commands(output).slice(0, 2)).toEqual([install, generate]);
  });
});

describe("a folder with files", () => {
  test("keeps every byte of them, and says so", () => {
    const own = {
      "buf.yaml": "version: v2\n",
      "buf.gen.yaml": "version: v2\nplugins: []\n",
      "package.json": '{ "name": "shop", "dependencies": { "srvx": "1" } }',
      "src/server.ts": "serve();",
      "src/client.ts": "call();",
      "src/service.ts": "",
      "tsconfig.json": "{}",
    };
    const folder = folderWith(own);
    const output = init([], folder, "npm/11.0.0");
    for (const [name, text] of Object.entries(own)) {
      expect(read(folder, name)).toBe(text);
    }
    expect(output).toContain("  wrote  proto/countdown/v1/countdown.proto\n");
    expect(output).toContain('  kept   buf.yaml: add the modules "proto" and "node_modules/protoc-gen-sse/proto"\n');
    expect(output).toContain("  kept   buf.gen.yaml: add the plugins protoc-gen-es and protoc-gen-sse");
    expect(output).toContain("  kept   src/server.ts: serve src/service.ts with it\n");
    expect(output).toContain("  kept   tsconfig.json\n");
    expect(commands(output)[0]).toBe(
      "npm install @bufbuild/protobuf && " +
        "npm install --save-dev @bufbuild/buf @bufbuild/protoc-gen-es @types/node protoc-gen-sse tsx typescript",
    );
  });

  test("that init has written is kept without advice", () => {
    for (const runtime of ["node", "bun", "deno", "workers"]) {
      const folder = folderWith();
      const first = init([runtime], folder, "npm/11.0.0");
      const texts = filesOf(folder).map((path) => read(folder, path));
      const second = init([runtime], folder, "npm/11.0.0");
      expect(second).toBe(first.replaceAll("  wrote  ", "  kept   "));
      expect(filesOf(folder).map((path) => read(folder, path))).toEqual(texts);
    }
  });

  test("keeps a configuration of another name", () => {
    const worker = folderWith({ "wrangler.toml": 'main = "src/index.ts"' });
    expect(init([], worker, "")).toContain(
      '  kept   wrangler.toml: add the compatibility flag "enable_request_signal"\n',
    );
    expect(filesOf(worker)).not.toContain("wrangler.jsonc");
    const deno = folderWith({ "deno.jsonc": "{}" });
    const output = init([], deno, "");
    expect(output).toContain('  kept   deno.jsonc: add "nodeModulesDir": "auto"\n');
    expect(filesOf(deno)).not.toContain("deno.json");
    expect(commands(output)[0]).toBe(
      "deno add npm:@bufbuild/buf npm:@bufbuild/protobuf npm:@bufbuild/protoc-gen-es npm:protoc-gen-sse",
    );
  });

  test("says what is wrong where a file is in the way of a folder", () => {
    expect(() => init([], folderWith(["proto"]), "")).toThrow(/proto/);
  });
});

test("imports of a project for Deno have the extension of the file", () => {
  const folder = folderWith();
  init(["deno"], folder, "");
  const texts = filesOf(folder).map((path) => read(folder, path));
  expect(texts.join("\n")).toContain('"./gen/sse/runtime/server.ts"');
  expect(texts.join("\n")).not.toMatch(/\.js"/);
});

test("the templates install this version", () => {
  for (const path of ["node/package.json", "bun/package.json", "workers/package.json", "deno/deno.json"]) {
    expect(read(templates, path)).toMatch(
      `protoc-gen-sse${path.startsWith("deno") ? "@" : '": "'}^${packageJson.version}"`,
    );
  }
});
