/** docs/getting-started.md: its commands and files, section by section, in a folder outside the tree. */
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { chromium } from "../chromium.js";
import { freePort } from "../event-log/servers.js";
import { root, writeFiles } from "../golden.js";
import { isCommand } from "../is-command.js";
import { blocksOf, commandsOf, openTerminal, type Terminal, transcriptOf, usePort } from "./terminal.js";

const guide = readFileSync(join(root, "docs/getting-started.md"), "utf8");

/** A section, up to the next heading. */
function section(title: string): string {
  const [, text] = new RegExp(`^##+ ${title}\\n(.*?)(?=^##)`, "ms").exec(`${guide}## `) ?? [];
  if (text === undefined) {
    throw new Error(`no section "${title}"`);
  }
  return text;
}

/** The files that a section shows: their first line is a comment with the path. */
function filesOf(text: string): Record<string, string> {
  const blocks = ["html", "proto", "ts", "yaml"].flatMap((language) => blocksOf(text, language));
  return Object.fromEntries(
    blocks.flatMap((block) => {
      const path = /^(?:\/\/|#|<!--) (\S+\.\w+)(?: -->)?\n/.exec(block)?.[1];
      return path === undefined ? [] : [[path, block]];
    }),
  );
}

for (const [command, exists] of [
  ["protoc", isCommand("protoc")],
  ["chromium", chromium !== undefined],
] as const) {
  if (!exists && process.env["CI"] !== undefined) {
    throw new Error(`${command} is not installed: see .ci/run`);
  }
}

let terminal: Terminal;
let project: string;

/** A copy of the first project without its service. */
function emptyProject(name: string): string {
  const folder = terminal.folder(name);
  cpSync(project, folder, { recursive: true, verbatimSymlinks: true });
  for (const path of ["proto/countdown", "src/gen", "src/service.ts", "src/client.ts", "src/page.ts"]) {
    rmSync(join(folder, path), { recursive: true, force: true });
  }
  return folder;
}

beforeAll(async () => {
  terminal = await openTerminal();
  project = terminal.folder("project");
  const [init = "", commands = ""] = blocksOf(section("A new project"), "sh");
  const printed = await terminal.run(project, init);
  const [install = "", generate = "", server] = commandsOf(commands);
  expect([...printed.matchAll(/^ {2}(n.*)$/gm)].map(([, command]) => command)).toEqual([install, generate, server]);
  await terminal.run(project, install);
  await terminal.run(project, generate);
}, 600_000);
afterAll(() => terminal.close());

async function serve(folder: string): Promise<number> {
  const port = await freePort();
  usePort(folder, port);
  await terminal.run(folder, "npx tsc");
  await terminal.serve(folder, "npx tsx src/server.ts", port);
  return port;
}

describe("docs/getting-started.md", { timeout: 600_000 }, () => {
  test("a new project prints what the page shows", async () => {
    const folder = terminal.folder("new");
    cpSync(project, folder, { recursive: true, verbatimSymlinks: true });
    await serve(folder);
    const [step] = blocksOf(section("A new project"), "console").flatMap(transcriptOf);
    expect(await terminal.run(folder, step?.command ?? "")).toBe(step?.output);
  });

  test("lists the files that init writes", () => {
    const text = section("A new project");
    for (const name of ["package.json", "tsconfig.json", "deno.json", "wrangler.jsonc", "buf.yaml", "buf.gen.yaml"]) {
      expect(text).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|`, "m"));
    }
  });

  test.skipIf(chromium === undefined)("a stream in the browser survives a restart of the server", async () => {
    const folder = terminal.folder("browser");
    cpSync(project, folder, { recursive: true, verbatimSymlinks: true });
    const text = section("A stream in the browser");
    const [install = "", vite = ""] = blocksOf(text, "sh").flatMap(commandsOf);
    await terminal.run(folder, install);
    const pagePort = await freePort();
    const service = readFileSync(join(folder, "src/service.ts"), "utf8");
    const lastLine = /export const server = .*$/s;
    const [replacement = ""] = blocksOf(text, "ts").filter((block) => lastLine.test(block));
    writeFiles(folder, {
      ...filesOf(text),
      "src/service.ts": service.replace(lastLine, replacement.replace("5173", String(pagePort))),
    });
    const port = await freePort();
    usePort(folder, port);
    await terminal.run(folder, "npx tsc");
    const server = await terminal.serve(folder, "npx tsx src/server.ts", port);
    await terminal.serve(folder, `${vite} --port ${pagePort} --strictPort`, pagePort);
    const browser = await playwright.launch({ executablePath: chromium ?? "" });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(`http://localhost:${pagePort}/`);
    const shows = (pattern: RegExp) =>
      page.waitForFunction(`${pattern}.test(document.querySelector("output").textContent)`, undefined, {
        timeout: 120_000,
      });
    await shows(/\d/);
    await server.stop();
    await shows(/…/);
    await terminal.serve(folder, "npx tsx src/server.ts", port);
    await shows(/Lift-off!/);
  });

  test.skipIf(!isCommand("protoc"))("protoc generates what buf does", async () => {
    const folder = terminal.folder("protoc");
    cpSync(project, folder, { recursive: true, verbatimSymlinks: true });
    rmSync(join(folder, "src/gen"), { recursive: true });
    const [commands = ""] = blocksOf(section("protoc instead of buf"), "sh");
    await terminal.run(folder, commands);
    // Headers name the parameters, and protoc writes the options into its descriptors in another order.
    const differs = `diff -r --exclude '*_pb.ts' -I 'generated by' src/gen ${join(project, "src/gen")}`;
    await terminal.run(folder, differs);
    await terminal.run(folder, "npx tsc");
  });

  test("a service with google.api.http is served as it is", async () => {
    const folder = emptyProject("google");
    const text = section("With google.api.http");
    const [install = ""] = /npm install [^`]*/.exec(text) ?? [];
    await terminal.run(folder, install);
    writeFiles(folder, filesOf(text));
    await terminal.run(folder, "npx buf generate");
    const port = await serve(folder);
    const url = `http://localhost:${port}/v1/orders/7`;
    expect(await (await fetch(url)).json()).toEqual({ id: "7", state: "paid" });
    expect(await (await fetch(`${url}:watch`)).text()).toContain(
      'data: {"id":"7","state":"paid"}\n\ndata: {"id":"7","state":"shipped"}\n\n:end\n',
    );
  });

  test("a service with the annotations of sebuf is served, and resumes", async () => {
    const folder = emptyProject("sebuf");
    cpSync(join(root, "golden/sebuf/sebuf"), join(folder, "proto/sebuf"), { recursive: true });
    writeFiles(folder, filesOf(section("With sebuf")));
    await terminal.run(folder, "npx buf generate");
    const port = await serve(folder);
    const response = await fetch(`http://localhost:${port}/v1/news/weather`, { headers: { "Last-Event-ID": "1" } });
    expect(await response.text()).toContain('end\nid: 2\ndata: {"number":"2","title":"Sun"}\n\n:end\n');
  });

  test("a service of Connect has streams beside it, with the same handlers", async () => {
    const folder = emptyProject("connect");
    const text = section("With Connect");
    const [install = ""] = blocksOf(text, "sh");
    await terminal.run(folder, install);
    writeFiles(folder, filesOf(text));
    await terminal.run(folder, "npx buf generate");
    const port = await serve(folder);
    const url = `http://localhost:${port}`;
    const unary = await fetch(`${url}/shop.v1.StockService/GetStock`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"item":"tea"}',
    });
    expect(await unary.json()).toEqual({ item: "tea", count: 2 });
    expect(await (await fetch(`${url}/v1/stock/tea:watch`)).text()).toContain(
      'data: {"item":"tea","count":2}\n\ndata: {"item":"tea","count":1}\n\ndata: {"item":"tea"}\n\n:end\n',
    );
  });
});
