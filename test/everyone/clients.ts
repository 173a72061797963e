/** The clients of the market, and how each runs. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Browser, chromium as driver } from "playwright-core";
import { describe } from "vitest";
import { chromium } from "../chromium.js";
import { describeWithGo } from "../go/go.js";
import { cacheFolder } from "../golden-code.js";
import { describeIfInstalled } from "../is-command.js";
import { describeWithPython, pythonCommand } from "../python/python.js";

export interface Client {
  readonly name: string;
  /** Describes its tests if its tools are installed. */
  describe(name: string, define: () => void): void;
  /** Runs it until it has every trade. Rejects if it fails, or is stopped. */
  run(run: Run): Promise<void>;
}

interface Run {
  /** Of the server. */
  readonly url: string;
  /** Called with each line of its output. */
  readonly print: (line: string) => void;
  /** Stops it. */
  readonly signal: AbortSignal;
}

export const folder: string = cacheFolder("everyone");
const pythonFolder = cacheFolder("everyone-python");
const python = pythonCommand("python");

function pythonClient(name: string, mode: string): Client {
  const script = join(import.meta.dirname, "client/main.py");
  const env = { ...python.env, PYTHONPATH: pythonFolder, PYTHONUNBUFFERED: "1" };
  return {
    name,
    describe: describeWithPython,
    run: (run) => runProcess(run, python.command, [script, mode, run.url], env),
  };
}

export const clients: readonly Client[] = [
  {
    name: "TypeScript in Node",
    describe,
    run: (run) => runProcess(run, process.execPath, [join(folder, "dist/client.js"), run.url]),
  },
  {
    name: "TypeScript in Chromium",
    describe: (name, define) =>
      describeIfInstalled(chromium !== undefined, "Chromium is not installed: apt-get install chromium", name, define),
    run: runPage,
  },
  pythonClient("Python", "sync"),
  pythonClient("Python with asyncio", "asyncio"),
  {
    name: "Go",
    describe: describeWithGo,
    run: (run) => runProcess(run, join(folder, "client"), [run.url]),
  },
];

let browser: Browser | undefined;

/** A page of another origin than every server of the market. */
const pages = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
});

/** Starts one browser for all servers, if it is installed. */
export async function openBrowser(): Promise<void> {
  if (chromium !== undefined) {
    browser = await driver.launch({ executablePath: chromium, args: ["--no-sandbox"] });
    pages.listen(0, "127.0.0.1");
  }
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  pages.close();
}

async function runPage({ url, print, signal }: Run): Promise<void> {
  const page = await browser?.newPage();
  if (page === undefined) {
    throw new Error("Chromium was not started");
  }
  signal.addEventListener("abort", () => page.close());
  try {
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`); // of a TCP server
    page.on("console", (message) => message.type() === "log" && print(message.text()));
    await page.addScriptTag({ path: join(folder, "dist/client.js") });
    await page.evaluate((baseUrl) => run(baseUrl), url);
  } finally {
    await page.close();
  }
}

/** In the page: what client.js sets. */
declare function run(baseUrl: string): Promise<void>;

async function runProcess(
  { print, signal }: Run,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGKILL" });
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  createInterface({ input: child.stdout }).on("line", print);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) {
    throw new Error(`${command} ended with ${code}: ${errors}`);
  }
}
