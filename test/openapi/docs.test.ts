/** docs/openapi.md: every command of it runs, every file of it works. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { chromium, chromiumFlags } from "../chromium.js";
import { runPlugin } from "../compile-text.js";
import { compile, root, writeFiles } from "../golden.js";
import { cacheFolder } from "../golden-code.js";
import { installTools, packages, runTool, strict } from "./tools.js";
import { findAll } from "./validators.js";

const dir = cacheFolder("openapi-docs");
const text = readFileSync(join(root, "docs/openapi.md"), "utf8");

/** The blocks of a language, by the section that they stand in. */
function blocks(language: string): [section: string, block: string][] {
  return text.split(/^## /m).flatMap((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    return [...section.matchAll(/^```(\w+)\n(.*?)^```/gms)].flatMap(([, found, block = ""]) =>
      found === language ? [[title, block] as [string, string]] : [],
    );
  });
}

const [[, generation = ""] = [], [, base = ""] = []] = blocks("yaml");
const commands = blocks("sh").flatMap(([section, block]) =>
  block
    .trim()
    .split("\n")
    .map((command): [string, string] => [section, command]),
);

/** Runs a command of the page in the project; `npm install` only looks whether the tools are those that are locked. */
function run(command: string): void {
  const install = /^npm install (?:--save-dev )?(.*)$/.exec(command);
  const line = install === null ? command : `npm ls --depth=0 ${install[1]}`;
  const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", line], {
    cwd: install === null ? dir : join(packages, ".."),
    encoding: "utf8",
  });
  expect({ command, status, output: status === 0 ? "" : stdout + stderr }).toEqual({ command, status: 0, output: "" });
}

beforeAll(async () => {
  await installTools();
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  symlinkSync(packages, join(dir, "node_modules"));
  const { devDependencies } = JSON.parse(readFileSync(join(packages, "../package.json"), "utf8"));
  writeFiles(dir, { "openapi-base.yaml": base, "package.json": JSON.stringify({ devDependencies }) });
  const [plugin] = parse(generation).plugins;
  const { error, files } = runPlugin(
    create(CodeGeneratorRequestSchema, {
      fileToGenerate: ["market/v1/market.proto"],
      protoFile: compile(["proto", "examples/market/proto"]),
      parameter: plugin.opt.join(",").replace("openapi-base.yaml", join(dir, "openapi-base.yaml")),
    }),
  );
  expect(error).toBe("");
  writeFiles(join(dir, plugin.out), Object.fromEntries(files));
}, 600_000);

describe.sequential("the commands", () => {
  test("are there for four tools", () => {
    expect(new Set(commands.map(([section]) => section))).toEqual(
      new Set(["openapi-typescript", "hey-api", "Scalar", "Redocly"]),
    );
  });

  test.each(commands)("of %s: %s", (_, command) => run(command));

  test("make code that compiles strictly with what the page writes against it", () => {
    const written = blocks("ts").map(([section, block]) => [`src/${section}.ts`, `${block}\nexport {};\n`]);
    expect(written).toHaveLength(2);
    const more = 'export const trade: Trade = { symbol: "AAPL", sequence: "1" };\n';
    writeFiles(dir, {
      ...Object.fromEntries(
        written.map(([name = "", block = ""]) => [name, block.includes("type Trade") ? block + more : block]),
      ),
      "tsconfig.json": JSON.stringify({ compilerOptions: strict, include: ["src"] }),
    });
    expect(runTool("tsc", ["-p", "."], dir)).toBe("");
  });

  test("make a page of Redocly that holds the document", () => {
    const page = readFileSync(join(dir, "public/redoc.html"), "utf8");
    for (const path of ["/v1/quotes/{symbol}", "/v1/trades/{symbol}:watch", "/v1/ask"]) {
      expect(page).toContain(path);
    }
  });

  if (chromium === undefined) {
    const how = "chromium is not installed: apt-get install chromium";
    if (process.env["CI"] !== undefined) {
      throw new Error(how);
    }
    console.warn(`SKIPPED: the page of Scalar in a browser. ${how}`);
  }

  test.skipIf(chromium === undefined)(
    "make a page of Scalar that shows the document, with nothing from elsewhere",
    async () => {
      const [[, html = ""] = []] = blocks("html");
      writeFiles(join(dir, "public"), { "index.html": html });
      const requests: string[] = [];
      const url = await serveFolder(join(dir, "public"), requests);
      const dom = await dumpDom(chromium ?? "", url);
      for (const path of ["/v1/quotes/{symbol}", "/v1/trades/{symbol}:watch", "/v1/ask"]) {
        expect(dom).toContain(path);
      }
      expect(dom).not.toMatch(/(?:src|href)="https?:\/\/[^"]*\.(?:js|css|woff2?)"/);
      expect(requests).toEqual(expect.arrayContaining(["/", "/scalar.js", "/openapi.yaml"]));
    },
  );
});

describe("the linters", () => {
  test("find in the document what the page says, and no error", async () => {
    const explained = [...text.matchAll(/^\| (Redocly|Spectral) `(\S+)`/gm)].map(
      ([, tool = "", rule = ""]) => `${tool.toLowerCase()}/${rule}`,
    );
    expect(explained.length).toBeGreaterThan(5);
    for (const name of ["MarketService.openapi.yaml", "MarketService.openapi-3.1.yaml"]) {
      const findings = await findAll(readFileSync(join(dir, "gen/market/v1", name), "utf8"));
      expect(findings.filter(({ isError, rule }) => isError || !explained.includes(rule))).toEqual([]);
    }
  });
});

/** Serves files until the test ends; the paths that were asked for go to `requests`. */
async function serveFolder(folder: string, requests: string[]): Promise<string> {
  const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".yaml": "application/yaml" };
  const server = createServer(({ url = "/" }, response) => {
    requests.push(url);
    const file = join(folder, url === "/" ? "index.html" : url);
    if (!existsSync(file)) {
      return response.writeHead(404).end();
    }
    return response.writeHead(200, { "Content-Type": types[extname(file)] ?? "" }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // of a TCP server
}

/** The page as a browser has it when its scripts have run. The server is ours, so the browser is a process beside us. */
async function dumpDom(browser: string, url: string): Promise<string> {
  const flags = [...chromiumFlags(join(dir, "profile")), "--virtual-time-budget=20000", "--dump-dom"];
  const child = spawn(browser, [...flags, url], { stdio: ["ignore", "pipe", "ignore"] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
