/** The package as npm installs it: packed, put into a project elsewhere, run. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { optionTable } from "../src/options.js";
import { files, root } from "./golden.js";
import { describeIfInstalled, isCommand } from "./is-command.js";
import { npm, pack } from "./packed.js";

const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-package-"));
const installed = join(dir, "node_modules/protoc-gen-sse");
const examples = readdirSync(join(root, "examples"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

beforeAll(() => {
  writeFileSync(join(dir, "package.json"), '{"type": "module", "private": true}');
  npm(dir, "install", pack(dir));
});

test("holds what users need, and nothing else", () => {
  const names = files(installed);
  const wanted =
    /^(bin|dist|docs|examples|proto|templates\/init)\/|^(package\.json|(README|CONTRIBUTING)\.md|LICENSE)$/;
  const unwanted = /\.test\.|\/testing\/|^dist\/.*tsconfig|^examples\/.*\/(node_modules|dist|gen|\.next|\.wrangler)\//;
  expect(names.filter((name) => !wanted.test(name) || unwanted.test(name))).toEqual([]);
  expect(names).toEqual(
    expect.arrayContaining([
      "proto/sse/v1/annotations.proto",
      "dist/runtime/client.d.ts",
      "dist/joined/client/client.ts",
      "docs/getting-started.md",
      "examples/market/README.md",
      "templates/init/node/package.json",
      "dist/python-runtime/client.py",
    ]),
  );
});

test.each(["README.md", "docs/getting-started.md", ...examples.map((name) => `examples/${name}/README.md`)])(
  "has the targets of all links of %s",
  (path) => {
    const text = readFileSync(join(installed, path), "utf8");
    const links = [...text.matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)];
    expect(links.length).toBeGreaterThan(0);
    for (const [link, target = "", anchor] of links) {
      const file = target === "" ? path : join(dirname(path), decodeURIComponent(target));
      expect(existsSync(join(installed, file)), link).toBe(true);
      if (anchor !== undefined) {
        const headings = readFileSync(join(installed, file), "utf8").matchAll(/^#+ (.*)$/gm);
        const anchors = [...headings].map(([, heading = ""]) =>
          heading
            .toLowerCase()
            .replace(/[^\w\- ]/g, "")
            .replaceAll(" ", "-"),
        );
        expect(anchors, link).toContain(anchor);
      }
    }
  },
);

describeIfInstalled(isCommand("go"), "Go is not installed", "in the folder of a Go module", () => {
  test("adds no packages to the module", () => {
    writeFileSync(join(dir, "go.mod"), "module example.com/app\n\ngo 1.23\n");
    expect(execFileSync("go", ["list", "./..."], { cwd: dir, encoding: "utf8", stdio: "pipe" })).toBe("");
  });
});

test("runs as a plugin, from its own annotations", () => {
  mkdirSync(join(dir, "proto"));
  cpSync(join(root, "golden/sse/chat"), join(dir, "proto/chat"), { recursive: true });
  writeFileSync(
    join(dir, "buf.yaml"),
    JSON.stringify({ version: "v2", modules: [{ path: "proto" }, { path: "node_modules/protoc-gen-sse/proto" }] }),
  );
  const plugins = [{ local: "node_modules/.bin/protoc-gen-sse", out: "gen" }];
  writeFileSync(
    join(dir, "buf.gen.yaml"),
    JSON.stringify({ version: "v2", inputs: [{ directory: "proto" }], plugins }),
  );
  execFileSync(join(root, "node_modules/.bin/buf"), ["generate"], { cwd: dir });
  expect(files(join(dir, "gen"))).toEqual(
    expect.arrayContaining(["chat/v1/chat_client.ts", "chat/v1/chat_server.ts", "sse/runtime/client.ts"]),
  );
});

test("prints with --help what a plugin is, how it is started, and what messages=json needs", () => {
  const help = execFileSync(join(dir, "node_modules/.bin/protoc-gen-sse"), ["--help"], { encoding: "utf8" });
  expect(help).toMatch(/^protoc-gen-sse is a protoc plugin: a program that buf or protoc runs\./);
  expect(help).toContain("npx protoc-gen-sse init ");
  expect(help).toMatch(/With messages=json .* json_types=true/s);
  for (const option of Object.keys(optionTable)) {
    expect(help).toContain(`\n  ${option}=`);
  }
});

test("says in a terminal that it waits for no input, and what to run instead", () => {
  const plugin = join(dir, "node_modules/.bin/protoc-gen-sse");
  // `script` of util-linux runs a command in a terminal; --return has its exit code.
  const { status, stdout } = spawnSync("script", ["--return", "--quiet", "--command", plugin, "/dev/null"], {
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^protoc-gen-sse is a protoc plugin/);
  expect(stdout).toContain("npx protoc-gen-sse init");
});

test.each([
  ["--hepl", 'unknown argument "--hepl" (did you mean "--help"?)'],
  ["innit", 'unknown argument "innit" (did you mean "init"?)'],
  ["market.proto", 'unknown argument "market.proto": the arguments are init, --help and --version\n'],
])("explains that %s is no argument", (argument, message) => {
  const plugin = join(dir, "node_modules/.bin/protoc-gen-sse");
  const { status, stderr } = spawnSync(plugin, [argument], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain(message);
});

test("reports a request that it cannot read in a few lines", () => {
  const plugin = join(dir, "node_modules/.bin/protoc-gen-sse");
  const { status, stderr } = spawnSync(plugin, { input: Uint8Array.of(10, 200, 1), encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^protoc-gen-sse \d.*: \w*Error: /);
  expect(stderr.length).toBeLessThan(3000);
});

test("exports the runtime that it emits", () => {
  const script = `
    const names = await Promise.all(["client", "client-json", "server"].map((m) => import("protoc-gen-sse/" + m)));
    console.log(JSON.stringify(names.map((module) => Object.keys(module))));
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: dir, encoding: "utf8" });
  const [client, json, server] = JSON.parse(output) as string[][]; // what the script prints
  expect(client).toEqual(expect.arrayContaining(["Transport", "defineMethod", "StatusError", "handleEvents"]));
  expect(json).toEqual(client);
  expect(server).toEqual(expect.arrayContaining(["createServer", "defineService", "StatusError", "Code"]));
});

test("exports the suite of event logs, for any test runner", () => {
  writeFileSync(
    join(dir, "log.test.js"),
    `import { test } from "node:test";
    import { createMemoryEventLog } from "protoc-gen-sse/server";
    import { testEventLog } from "protoc-gen-sse/testing";
    for (const { name, run } of testEventLog(createMemoryEventLog)) test(name, run);`,
  );
  const output = execFileSync(process.execPath, ["--test", "--test-reporter=tap", "log.test.js"], {
    cwd: dir,
    encoding: "utf8",
  });
  expect(output).toContain("ok 1 - append gives every entry a cursor of its own");
  expect(output).toContain("# fail 0");
});

test("has the licence, and says that emitted code is free of it", () => {
  expect(readFileSync(join(installed, "LICENSE"), "utf8")).toMatch(/used, changed and distributed without restriction/);
});
