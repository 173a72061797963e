/** The examples as somebody has them who copies one: outside the tree, with the packed package. */
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { chromium } from "../chromium.js";
import { freePort } from "../event-log/servers.js";
import { root } from "../golden.js";
import { openTerminal, type Terminal } from "./terminal.js";

const examples = join(root, "examples");
const made = ["node_modules", "gen", "dist", ".next", ".wrangler"];

let terminal: Terminal;
beforeAll(async () => {
  terminal = await openTerminal();
});
afterAll(() => terminal.close());

/** Copies an example, makes it use the package as its README says, and builds it. */
async function build(name: string): Promise<string> {
  const folder = terminal.folder(name);
  cpSync(join(examples, name), folder, { recursive: true, filter: (path) => !made.includes(basename(path)) });
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const [, install] = /`(npm install (?:--save-dev )?protoc-gen-sse@latest)`/.exec(readme) ?? [];
  if (install === undefined) {
    throw new Error(`examples/${name}/README.md does not say that a copy needs \`npm install protoc-gen-sse@latest\``);
  }
  await terminal.run(folder, install);
  await terminal.run(folder, "npm run build");
  return folder;
}

/** Examples that serve a stream with `npm start`: a request, and what its response has. */
const served: Readonly<
  Record<string, { readonly path: string; readonly init?: RequestInit; readonly events: RegExp }>
> = {
  hono: {
    path: "/v1/messages:watch",
    init: { headers: { Authorization: `Basic ${btoa("ada:secret")}` } },
    events: /^id: 1\ndata: {"id":"1","user":"ada","text":"hello"}$/m,
  },
  next: {
    path: "/api/jobs/7:watch",
    events: /^id: 10\ndata: {"percent":10}\n(?:.*\n)*id: 100\ndata: {"percent":100}\n\n:end$/m,
  },
  workers: {
    path: "/v1/ask",
    init: {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question: "how are you" }),
    },
    events: /^event: delta\ndata: {"text":"You "}\n(?:.*\n)*event: done\ndata: {"words":5}$/m,
  },
};

describe.each(readdirSync(examples))("examples/%s", (name) => {
  test("builds outside the tree, and streams", { timeout: 600_000 }, async () => {
    const folder = await build(name);
    const { path, init, events } = served[name] ?? {};
    if (path === undefined || events === undefined) {
      return; // it has tests of its own
    }
    const port = await freePort();
    await terminal.serve(folder, `PORT=${port} npm start`, port);
    const url = `http://localhost:${port}`;
    const response = await fetch(`${url}${path}`, { headers: {}, ...init });
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    if (name === "hono") {
      expect((await fetch(`${url}${path}`)).status).toBe(401);
      const headers = { ...init?.headers, "Content-Type": "application/json" };
      await fetch(`${url}/v1/messages`, { method: "POST", headers, body: '{"text":"hello"}' });
    }
    if (name === "next" && chromium !== undefined) {
      const browser = await playwright.launch({ executablePath: chromium });
      onTestFinished(() => browser.close());
      const page = await browser.newPage();
      await page.goto(url);
      await page.getByText("100 %").waitFor();
    }
    let text = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (events.test(text)) {
        break;
      }
    }
    expect(text).toMatch(events);
  });
});
