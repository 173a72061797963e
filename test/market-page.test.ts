/** examples/market in a real browser: the page as `npm run build` makes it, at the server that it comes with. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { type Browser, type BrowserContextOptions, chromium as driver, type Page, request } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chromium } from "./chromium.js";
import { waitFor } from "./conformance/wait-for.js";
import { root } from "./golden.js";
import { cacheFolder } from "./golden-code.js";
import { isCommand } from "./is-command.js";

const missing =
  (chromium === undefined && "apt-get install chromium") || (!isCommand("openssl") && "apt-get install openssl");
if (missing) {
  const how = `the page of examples/market: ${missing}`;
  if (process.env["CI"] !== undefined) {
    throw new Error(how);
  }
  console.warn(`SKIPPED: ${how}`);
}

// `../..` is our package, as it is for examples/market.
const dir = cacheFolder("market-page");
const screenshots = join(dir, "screenshots");
const certificate = { TLS_CERT: join(dir, "cert.pem"), TLS_KEY: join(dir, "key.pem") };

let browser: Browser;
/** The client of the page, as a script that sets `market`. */
let clientScript: string;
/** What a test has started. */
const servers = new Set<ChildProcess>();

beforeAll(async () => {
  if (missing) {
    return;
  }
  buildExample();
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"],
    ...["-keyout", certificate.TLS_KEY, "-out", certificate.TLS_CERT],
  ]);
  const { outputFiles } = await build({
    entryPoints: [join(dir, "web/gen/market/v1/market_client.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "market",
  });
  clientScript = outputFiles[0]?.text ?? "";
  browser = await driver.launch({ executablePath: chromium ?? "", args: ["--no-sandbox"] });
}, 600_000);

afterEach(async () => {
  await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
  await Promise.all([...servers].map((server) => stop(server, "SIGKILL")));
});

afterAll(() => browser?.close());

describe.skipIf(missing)("the page", () => {
  test("lists the symbols, streams quotes and trades, and draws them", async () => {
    const { url } = await startServer();
    const page = await openPage(url);
    await page.locator("nav button").nth(15).waitFor();
    await hasTrades(page, "AAPL", 2_420); // two minutes of the past, and what happens now
    expect(await connection(page, "AAPL")).toMatchObject({ state: "open", attempts: "1", gaps: "0" });
    expect(await page.locator("#quotes-connection").textContent()).toContain("open");
    await waitFor(async () => (await colors(page)) > 20, "a chart with more colors than its background");
    expect(page.failures).toEqual([]);
  });

  test.each<[name: string, symbols: string, options: BrowserContextOptions]>([
    ["light", "AAPL", { viewport: { width: 1280, height: 800 } }],
    ["dark", "AAPL,MSFT,NVDA,TSLA", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
    ["phone", "AAPL", { viewport: { width: 390, height: 844 } }],
  ])("has its place in a window: %s", async (name, symbols, options) => {
    const { url } = await startServer();
    const page = await openPage(url, symbols, options);
    for (const symbol of symbols.split(",")) {
      await hasTrades(page, symbol, 2_400);
    }
    await waitFor(async () => (await colors(page)) > 20, "the chart");
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
    const [width, visible] = await page.evaluate(() => [
      document.body.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(width).toBeLessThanOrEqual(visible ?? 0);
  });

  test("opens and closes panels, and keeps them in its address", async () => {
    const { url } = await startServer();
    const page = await openPage(url, "");
    await page.getByText("Choose a symbol").waitFor();
    await page.locator("nav [data-symbol=MSFT]").click();
    await hasTrades(page, "MSFT", 1);
    expect(page.url()).toBe(`${url}?symbols=MSFT`);
    await page.reload();
    await hasTrades(page, "MSFT", 1);
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByText("Choose a symbol").waitFor();
    expect(page.url()).toBe(`${url}?symbols=`);
    await hasWatchers(url, "MSFT", 0);
  });

  test("closes the connection with Stop, and continues without a gap", async () => {
    const { url } = await startServer();
    const page = await openPage(url);
    await hasTrades(page, "AAPL", 2_400);
    await hasWatchers(url, "AAPL", 1);
    await page.getByRole("button", { name: "Stop" }).click();
    await hasWatchers(url, "AAPL", 0);
    const stopped = await connection(page, "AAPL");
    expect(stopped.state).toBe("closed");
    await page.getByRole("button", { name: "Resume" }).click();
    await hasTrades(page, "AAPL", stopped.trades + 20);
    expect(await connection(page, "AAPL")).toMatchObject({ state: "open", gaps: "0" });
  });

  test.each<[signal: "SIGKILL" | "SIGTERM", protocol: string, env: NodeJS.ProcessEnv]>([
    ["SIGKILL", "HTTP/1.1", {}],
    ["SIGTERM", "HTTP/1.1", {}],
    ["SIGTERM", "HTTP/2", certificate],
  ])("resumes without a gap after a restart: %s, %s", async (signal, _, env) => {
    const server = await startServer("0", env);
    const page = await openPage(server.url);
    await hasTrades(page, "AAPL", 2_400);
    const before = await connection(page, "AAPL");
    await stop(server.process, signal);
    await waitFor(async () => (await connection(page, "AAPL")).state === "waiting", "the wait");
    if (signal === "SIGKILL") {
      await page.screenshot({ path: join(screenshots, "waiting.png") });
    }
    await startServer(new URL(server.url).port, env);
    await hasTrades(page, "AAPL", before.trades + 100);
    const after = await connection(page, "AAPL");
    expect(after).toMatchObject({ state: "open", gaps: "0" });
    expect(Number(after.attempts)).toBeGreaterThan(1);
    await waitFor(async () => ((await page.textContent("#quotes-connection")) ?? "").includes("open"), "the quotes");
    await page.getByRole("button", { name: "Stop" }).click();
    await waitFor(async () => (await connection(page, "AAPL")).state === "closed", "the end");
    expect((await connection(page, "AAPL")).problem).toBe("");
  });

  test.each(["online", "visibilitychange"])("connects again at once: %s", async (event) => {
    const server = await startServer();
    const page = await openPage(server.url, "", { viewport: { width: 800, height: 600 } });
    await page.clock.install();
    await page.goto(`${server.url}?symbols=AAPL`);
    await hasWatchers(server.url, "AAPL", 1);
    await stop(server.process, "SIGKILL");
    await waitFor(async () => (await connection(page, "AAPL")).state === "waiting", "the wait");
    // From now on, no delay of the page ends.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 10));
    await startServer(new URL(server.url).port);
    await hasWatchers(server.url, "AAPL", 1, () =>
      page.evaluate((name) => (name === "online" ? window : document).dispatchEvent(new Event(name)), event),
    );
  });

  test("says so if the server has no such symbol", async () => {
    const { url } = await startServer();
    const page = await openPage(url, "NONE");
    await page.getByText('StatusError: no such symbol: "NONE"').waitFor();
    expect((await connection(page, "NONE")).state).toBe("closed");
  });
});

describe.skipIf(missing)("a stream in a browser", () => {
  const protocols: [name: string, env: NodeJS.ProcessEnv][] = [
    ["HTTP/1.1", {}],
    ["HTTP/2", certificate],
  ];

  test.each(protocols)("is closed by break, with its connection and its handler: %s", async (_, env) => {
    const { url } = await startServer("0", env);
    const page = await openPage(url, "");
    await page.addScriptTag({ content: clientScript });
    // More streams than there are connections: an open one would keep the last from its server.
    for (let count = 0; count < 8; count++) {
      const { watchers, state } = await page.evaluate(async () => {
        const client = new market.MarketServiceClient({ baseUrl: "/" });
        const trades = client.watchTrades({ symbol: "IBM" });
        let watchers: number | undefined;
        for await (const _ of trades) {
          watchers = (await client.getQuote({ symbol: "IBM" })).watchers;
          break;
        }
        return { watchers, state: trades.state };
      });
      expect({ watchers, state }).toEqual({ watchers: 1, state: "closed" });
      await hasWatchers(url, "IBM", 0);
    }
  });

  test.each(protocols)("ends its handler when its tab is closed, left or crashes: %s", async (_, env) => {
    const { url } = await startServer("0", env);
    const [closed, left, crashed] = await Promise.all([openPage(url), openPage(url), openPage(url)]);
    await hasWatchers(url, "AAPL", 3);
    await closed?.close();
    await hasWatchers(url, "AAPL", 2);
    await left?.goto("about:blank");
    await hasWatchers(url, "AAPL", 1);
    await crashed?.goto("chrome://crash").catch(() => {}); // there is nobody to answer
    await hasWatchers(url, "AAPL", 0);
  });

  test("shares the connection of HTTP/2 with seven others", async () => {
    const { url } = await startServer("0", certificate);
    const symbols = ["AAPL", "AMD", "AMZN", "ASML", "GOOG", "IBM", "INTC", "META"];
    const page = await openPage(url, symbols.join(","));
    const used = await page.evaluate(() =>
      performance
        .getEntries()
        .flatMap((entry) => (entry instanceof PerformanceResourceTiming ? entry.nextHopProtocol : [])),
    );
    expect(new Set(used)).toEqual(new Set(["h2"]));
    for (const symbol of symbols) {
      await hasTrades(page, symbol, 2_440);
      expect(await connection(page, symbol)).toMatchObject({ state: "open", attempts: "1", gaps: "0" });
    }
  });

  test("goes on over HTTP/2 beside seven streams that nobody reads", async () => {
    const { url } = await startServer("0", certificate);
    const page = await openPage(url, "");
    await page.addScriptTag({ content: clientScript });
    const trades = await page.evaluate(async () => {
      const client = new market.MarketServiceClient({ baseUrl: "/" });
      // From the first trade of the exchange on: more than any buffer holds.
      for (const symbol of ["AAPL", "AMD", "AMZN", "ASML", "GOOG", "IBM", "INTC"]) {
        await client.watchTrades({ symbol }, { lastEventId: "1" })[Symbol.asyncIterator]().next();
      }
      const live = await client.watchTrades({ symbol: "META" }).collect({ max: 100 });
      return live.length;
    });
    expect(trades).toBe(100);
  });

  test("explains over HTTP/1.1 why a seventh connection waits", async () => {
    const { url } = await startServer();
    const page = await openPage(url, "AAPL,AMD,AMZN,ASML,GOOG,IBM", { viewport: { width: 1500, height: 1000 } }); // and the quotes
    const waiting = page.locator("article[data-symbol=IBM]");
    await waiting
      .getByText("connect timeout after 5000 ms: over HTTP/1.1, a browser opens at most six connections")
      .waitFor();
    await page.screenshot({ path: join(screenshots, "six-connections.png") });
    await page.locator("article[data-symbol=AMD]").getByRole("button", { name: "Close" }).click();
    await hasTrades(page, "IBM", 1);
  });
});

describe.skipIf(missing)("npm run dev", () => {
  test("waits for the server, streams through the proxy of Vite, and resumes", async () => {
    const first = await startServer(); // for a port that is free
    await stop(first.process, "SIGKILL");
    const dev = start(
      ["node_modules/vite/bin/vite.js", "web", "--port", "0", "--host", "127.0.0.1"],
      { MARKET_URL: first.url },
      "ignore", // it reports each request that the server does not answer
    );
    const url = /http:\S+/.exec(await lineWith(dev, "Local:"))?.[0] ?? "";
    const page = await openPage(url);
    await waitFor(async () => (await connection(page, "AAPL")).state === "waiting", "the wait");
    const server = await startServer(new URL(first.url).port);
    await hasTrades(page, "AAPL", 2_410);
    await stop(server.process, "SIGKILL");
    await waitFor(async () => (await connection(page, "AAPL")).state === "waiting", "the wait");
    const { trades } = await connection(page, "AAPL");
    await startServer(new URL(first.url).port);
    await hasTrades(page, "AAPL", trades + 20);
    expect(await connection(page, "AAPL")).toMatchObject({ state: "open", gaps: "0" });
    await page.getByRole("button", { name: "Close" }).click();
    await hasWatchers(first.url, "AAPL", 0);
  });
});

/** Builds a copy of the example: the example itself may be in use, by `make demo`. */
function buildExample(): void {
  const example = join(root, "examples/market");
  const lock = (folder: string) => {
    const file = join(folder, "package-lock.json");
    return existsSync(file) && readFileSync(file, "utf8");
  };
  const isInstalled = lock(dir) === lock(example) && existsSync(join(dir, "node_modules"));
  const made = ["node_modules", "gen", "dist"];
  for (const folder of ["src", "proto", "web"]) {
    rmSync(join(dir, folder), { recursive: true, force: true });
  }
  cpSync(example, dir, { recursive: true, filter: (path) => !made.includes(basename(path)) });
  const npm = (...args: string[]) => execFileSync("npm", args, { cwd: dir, stdio: "pipe" });
  if (!isInstalled) {
    npm("ci", "--no-audit", "--no-fund");
  }
  npm("run", "build");
}

interface Server {
  readonly url: string;
  readonly process: ChildProcess;
}

async function startServer(port = "0", env: NodeJS.ProcessEnv = {}): Promise<Server> {
  const server = start(["dist/src/server.js", port], env);
  return { process: server, url: await lineWith(server, "http") };
}

function start(args: string[], env: NodeJS.ProcessEnv, stderr: "inherit" | "ignore" = "inherit"): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: dir,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", stderr],
  });
  servers.add(child);
  return child;
}

async function lineWith({ stdout }: ChildProcess, text: string): Promise<string> {
  for await (const line of createInterface({ input: stdout ?? process.stdin })) {
    if (line.includes(text)) {
      stdout?.resume();
      return line;
    }
  }
  throw new Error(`the process ended before it printed "${text}"`);
}

async function stop(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  servers.delete(server);
  if (server.exitCode === null && server.signalCode === null) {
    const exited = once(server, "exit");
    server.kill(signal);
    await exited;
  }
}

/** A page in a browser of its own, with the connections of its own; what went wrong in it is in `failures`. */
async function openPage(url: string, symbols?: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  const failures: string[] = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  page.on("console", (message) => message.type() === "error" && failures.push(message.text()));
  await page.goto(symbols === undefined ? url : `${url}?symbols=${symbols}`);
  return Object.assign(page, { failures });
}

/** What a panel shows about its connection. */
async function connection(page: Page, symbol: string) {
  const panel = page.locator(`article[data-symbol=${symbol}]`);
  const text = async (part: string) => (await panel.locator(`[data-part=${part}]`).textContent()) ?? "";
  return {
    state: await text("state"),
    problem: await text("problem"),
    attempts: await text("attempts"),
    lastEventId: await text("last-event-id"),
    trades: Number((await text("trades")).replace(/\D/g, "")),
    gaps: await text("gaps"),
  };
}

async function hasTrades(page: Page, symbol: string, count: number): Promise<void> {
  let last = {};
  await waitFor(
    async () => {
      const now = await connection(page, symbol);
      last = now;
      return now.trades >= count;
    },
    `${count} trades of ${symbol}`,
    () => JSON.stringify(last),
  );
}

/** Waits until the handlers that stream the trades of a symbol are as many. Calls `before` each time before it asks. */
async function hasWatchers(url: string, symbol: string, count: number, before?: () => Promise<unknown>): Promise<void> {
  const api = await request.newContext({ ignoreHTTPSErrors: true });
  let watchers = 0;
  const ask = async () => {
    await before?.();
    ({ watchers = 0 } = await (await api.get(`${url}v1/quotes/${symbol}`)).json());
    return watchers === count;
  };
  await waitFor(ask, `${count} handlers of ${symbol}`, () => watchers);
  await api.dispose();
}

/** The number of different colors in the first chart. */
function colors(page: Page): Promise<number> {
  return page.locator(".chart canvas").evaluateAll((canvases) => {
    const all = canvases.flatMap((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const pixels = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width || 1, height || 1).data;
      return Array.from(new Uint32Array(pixels?.buffer ?? new ArrayBuffer(0)));
    });
    return new Set(all).size;
  });
}

/** In the page: what `clientScript` sets. */
declare const market: {
  readonly MarketServiceClient: new (options: {
    baseUrl: string;
  }) => {
    getQuote(request: { symbol: string }): Promise<{ watchers?: number }>;
    watchTrades(
      request: { symbol: string },
      options?: { lastEventId: string },
    ): AsyncIterable<unknown> & { readonly state: string; collect(options: { max: number }): Promise<unknown[]> };
  };
};
