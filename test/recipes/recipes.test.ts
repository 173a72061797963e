/** docs/recipes.md: every program compiles under the strictest flags, and those with behaviour are run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium as driver } from "playwright-core";
import { toNodeHandler } from "srvx/node";
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { parse } from "yaml";
import { validateProto } from "../../src/annotations/testing/validate-proto.js";
import { chromium } from "../chromium.js";
import { compileText, runPlugin } from "../compile-text.js";
import { waitFor } from "../conformance/wait-for.js";
import { root, writeFiles } from "../golden.js";
import { cacheFolder, typeCheck, writeProject, writeTsconfig } from "../golden-code.js";
import { installPackages } from "../install-packages.js";

const text = readFileSync(join(root, "docs/recipes.md"), "utf8");
const cache = cacheFolder("recipes");

const blocks = Array.from(text.matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, language = "", code = ""]) => ({
  language,
  code,
}));
const programs = Object.fromEntries(
  blocks
    .filter(({ language }) => language === "ts")
    .map(({ code }) => [/^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? "", code] as const),
);

/** The service that the page calls `./market.js`. Its trades are endless, and begin after the client's last one. */
const market = `
  import { createMarketService } from "./gen/market/v1/market_server.js";
  import { Code, StatusError } from "./gen/sse/runtime/server.js";

  /** Streams whose handler has not ended. */
  export const open: Set<string> = new Set<string>();

  export const market = createMarketService({
    getQuote({ symbol }) {
      if (symbol === "?") {
        throw new StatusError(Code.NotFound, "no such symbol");
      }
      return { symbol, price: 187.2 };
    },

    async *watchTrades({ symbol }, context) {
      open.add(symbol);
      try {
        for (let sequence = BigInt(context.lastEventId ?? 0) + 1n; ; sequence++) {
          yield { sequence, symbol, price: 187.2, size: 10 };
          await context.sleep(5);
        }
      } finally {
        open.delete(symbol);
      }
    },

    async *ask() {
      yield { event: { case: "done", value: { deltas: 0 } } };
    },
  });
`;

/** The protos that the programs use: those of the page, with what it leaves out, and two versions of the market. */
function protos(): Record<string, string> {
  const market = readFileSync(join(root, "examples/market/proto/market/v1/market.proto"), "utf8");
  const [rules = "", reports = ""] = blocks.filter(({ language }) => language === "proto").map(({ code }) => code);
  return {
    "buf/validate/validate.proto": validateProto(),
    "market/v1/market.proto": market,
    "market/v2/market.proto": market.replaceAll("market.v1", "market.v2").replace('"/v1"', '"/v2"'),
    "quotes/v1/quotes.proto": [
      'syntax = "proto3";',
      "package quotes.v1;",
      'import "sse/v1/annotations.proto";',
      rules,
      "service QuoteService {",
      '  rpc GetQuote(GetQuoteRequest) returns (Quote) { option (sse.v1.http) = {get: "/quotes/{symbol}"}; }',
      "}",
      "message Quote { string symbol = 1; double price = 2; }",
    ].join("\n"),
    "reports/v1/reports.proto": reports,
  };
}

beforeAll(async () => {
  await installPackages(import.meta.dirname);
  const { fileToGenerate, ...request } = compileText(protos(), "emit=client+server");
  const ours = { ...request, fileToGenerate: fileToGenerate.filter((name) => !name.startsWith("buf/")) };
  const { error, files } = runPlugin(ours);
  expect(error).toBe("");
  const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
  writeFiles(join(dir, "want"), Object.fromEntries(files));
  writeProject(cache, [{ name: "gen", dir, request: ours }]);
  rmSync(dir, { recursive: true });
  symlinkSync(join(import.meta.dirname, "node_modules"), join(cache, "node_modules"));
  writeFiles(cache, {
    ...programs,
    "market.ts": market,
    // What the page says in words.
    "uses.ts": `
      import type { MarketServiceClient } from "./gen/market/v1/market_client.js";
      import { keepFresh } from "./keep-fresh.js";
      export const use = (client: MarketServiceClient) => keepFresh(client.watchTrades({ symbol: "AAPL" }));
    `,
    // The server that the route of Next.js imports.
    "server.ts": `
      import { createServer, type Server } from "./gen/sse/runtime/server.js";
      import { market } from "./market.js";
      export const server: Server = createServer({ services: [market] });
    `,
  });
}, 300_000);

/** A module of the page. */
async function load(name: string) {
  return import(join(cache, name));
}

/** A client of a program's server in this process. */
async function clientOf(fetch: (request: Request) => Promise<Response>, options: object = {}) {
  const { MarketServiceClient } = await load("gen/market/v1/market_client.ts");
  return new MarketServiceClient({ baseUrl: "http://test", fetch: asFetch(fetch), ...options });
}

/** The client of the programs calls `fetch` with a URL or a Request. */
function asFetch(fetch: (request: Request) => Promise<Response>): typeof globalThis.fetch {
  return (input, init) => fetch(new Request(input as Request, init));
}

/** A client of `market.ts`, and its streams whose handlers have not ended. */
async function marketClient() {
  const { open } = await load("market.ts");
  const { server } = await load("server.ts");
  return { client: await clientOf(server.fetch), open: open as Set<string> };
}

test("every program is a file, and compiles under the strictest flags", () => {
  expect(Object.keys(programs)).toHaveLength(blocks.filter(({ language }) => language === "ts").length);
  expect(Object.keys(programs)).not.toContain("");
  // The declarations of frameworks are not ours to check.
  const lib = ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"];
  writeTsconfig(cache, "tsconfig.json", { lib, types: ["node"], skipLibCheck: true }, ["*.ts", "app/**/*.ts"]);
  expect(typeCheck(cache, "tsconfig.json")).toBe("");
});

describe("in a page", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("React reads a stream while a component is shown", async () => {
    const { Window } = await import(join(cache, "node_modules/happy-dom/lib/index.js"));
    const window = new Window();
    onTestFinished(() => window.happyDOM.close());
    vi.stubGlobal("window", window);
    vi.stubGlobal("document", window.document);
    vi.stubGlobal("navigator", window.navigator);
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", false);
    const { default: React } = await import(join(cache, "node_modules/react/index.js"));
    const { default: dom } = await import(join(cache, "node_modules/react-dom/client.js"));
    const { useTrades } = await load("use-trades.ts");
    const { client, open } = await marketClient();
    const Trades = ({ symbol }: { symbol: string }) => {
      const { trades, error } = useTrades(client, symbol);
      return React.createElement(
        "p",
        undefined,
        `${error ?? ""}${trades.map((t: { symbol: string }) => t.symbol).join()}`,
      );
    };
    const place = window.document.createElement("div");
    const tree = dom.createRoot(place);
    tree.render(React.createElement(Trades, { symbol: "R1" }));
    await waitFor(() => /^R1,R1/.test(place.textContent), "trades of the first symbol");
    tree.render(React.createElement(Trades, { symbol: "R2" }));
    await waitFor(() => /^R2,R2/.test(place.textContent), "trades of the second symbol alone");
    await waitFor(() => !open.has("R1"), "the end of the first stream");
    tree.unmount();
    await waitFor(() => !open.has("R2"), "the end of the second stream");
  });

  test("TanStack Query reads a stream while somebody observes it", async () => {
    const { QueryClient, QueryObserver } = await import(
      join(cache, "node_modules/@tanstack/react-query/build/modern/index.js")
    );
    const { tradesQuery } = await load("trades-query.ts");
    const { client, open } = await marketClient();
    const observer = new QueryObserver(new QueryClient(), tradesQuery(client, "TQ"));
    let result = observer.getCurrentResult();
    const unsubscribe = observer.subscribe((next: typeof result) => (result = next));
    await waitFor(() => result.data?.length > 2, "three trades");
    expect(result).toMatchObject({ status: "success", fetchStatus: "fetching" });
    expect(result.data[0]).toMatchObject({ symbol: "TQ", sequence: 1n });
    unsubscribe();
    await waitFor(() => !open.has("TQ"), "the end of the stream");
    // A component that is shown again.
    result = observer.getCurrentResult();
    onTestFinished(observer.subscribe((next: typeof result) => (result = next)));
    await waitFor(() => open.has("TQ") && result.data?.length > 2, "a new stream");
  });

  test("Vue reads a stream, and another one for another symbol", async () => {
    const { effectScope, nextTick, ref } = await import(join(cache, "node_modules/vue/index.mjs"));
    const { useTrades } = await load("use-trades-vue.ts");
    const { client, open } = await marketClient();
    const symbol = ref("V1");
    const scope = effectScope();
    const { trades, error } = scope.run(() => useTrades(client, symbol));
    await waitFor(() => trades.value.length > 1, "trades");
    symbol.value = "V2";
    await nextTick();
    await waitFor(() => trades.value[1]?.symbol === "V2", "trades of the other symbol");
    expect(new Set(trades.value.map((trade: { symbol: string }) => trade.symbol))).toEqual(new Set(["V2"]));
    await waitFor(() => !open.has("V1"), "the end of the first stream");
    scope.stop();
    await waitFor(() => !open.has("V2"), "the end of the second stream");
    expect(error.value).toBeUndefined();
  });

  test("a store of Svelte reads a stream while somebody subscribes", async () => {
    const { tradesOf } = await load("trades-store.ts");
    const { client, open } = await marketClient();
    const errors: unknown[] = [];
    let trades: readonly unknown[] = [];
    const unsubscribe = tradesOf(client, "SV", (error: unknown) => errors.push(error)).subscribe(
      (value: readonly unknown[]) => (trades = value),
    );
    await waitFor(() => trades.length > 1, "trades");
    unsubscribe();
    await waitFor(() => !open.has("SV"), "the end of the stream");
    expect(errors).toEqual([]);
  });

  test("a stream reconnects when the network is back, and after sleep", async () => {
    const page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    const { keepFresh } = await load("keep-fresh.ts");
    const { client } = await marketClient();
    const stream = client.watchTrades({ symbol: "KF" }, { reconnect: { initialDelayMs: 1 } });
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const reconnect = vi.spyOn(stream, "reconnect");
    const stop = keepFresh(stream);
    const events = stream.withMeta()[Symbol.asyncIterator]();
    await events.next();
    page.dispatchEvent(new Event("online"));
    expect(reconnect).toHaveBeenCalledTimes(1);
    let attempt = 1;
    while (attempt === 1) {
      ({ attempt } = (await events.next()).value);
    }
    vi.advanceTimersByTime(30_000); // awake
    expect(reconnect).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 120_000); // asleep
    vi.advanceTimersByTime(10_000);
    expect(reconnect).toHaveBeenCalledTimes(2);
    stop();
    page.dispatchEvent(new Event("online"));
    vi.advanceTimersByTime(100_000);
    expect(reconnect).toHaveBeenCalledTimes(2);
    await events.return();
  });

  const how = "one stream for many tabs: apt-get install chromium";
  if (chromium === undefined) {
    if (process.env["CI"] !== undefined) {
      throw new Error(how);
    }
    console.warn(`SKIPPED: ${how}`);
  }

  test.skipIf(chromium === undefined)("a SharedWorker has one stream for many tabs", async () => {
    const dist = join(cache, "dist");
    const tab = `import { watchTrades } from "./trades-tab.js";
      let count = 0;
      watchTrades(({ sequence }) => {
        if (count < 3) document.title = ++count + " " + typeof sequence;
      });`;
    writeFiles(cache, { "tab-main.ts": tab });
    await build({
      entryPoints: ["trades-worker.ts", "tab-main.ts"].map((name) => join(cache, name)),
      outdir: dist,
      bundle: true,
      format: "esm",
      target: "es2022",
      logLevel: "warning",
    });
    const { server } = await load("server.ts");
    let streams = 0;
    const api = toNodeHandler(server.fetch) as RequestListener; // its type also names that of node:http2
    const http = createHttpServer((request, response) => {
      const { url = "" } = request;
      if (url.startsWith("/v1/")) {
        streams++;
        api(request, response);
      } else if (url.endsWith(".js")) {
        response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(join(dist, url)));
      } else {
        response.writeHead(200, { "content-type": "text/html" });
        response.end('<!doctype html><meta charset="utf-8"><script type="module" src="/tab-main.js"></script>');
      }
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      http.closeAllConnections();
      http.close();
    });
    const { port } = http.address() as AddressInfo; // of a TCP server
    const browser = await driver.launch({ executablePath: chromium ?? "", args: ["--no-sandbox"] });
    onTestFinished(() => browser.close());
    const context = await browser.newContext();
    const tabs = await Promise.all(Array.from({ length: 3 }, () => context.newPage()));
    for (const tab of tabs) {
      await tab.goto(`http://127.0.0.1:${port}/`);
    }
    for (const tab of tabs) {
      await tab.waitForFunction('document.title === "3 bigint"');
    }
    expect(streams).toBe(1);
  });
});

describe("callers", () => {
  test("a token that has expired is fetched again when the stream reconnects", async () => {
    const { createClient } = await load("with-token.ts");
    const { server } = await load("server.ts");
    const seen: (string | null)[] = [];
    let valid = "t1";
    let tokens = 0;
    const api = asFetch(async (request) => {
      const sent = request.headers.get("authorization");
      seen.push(sent);
      if (sent !== `Bearer ${valid}`) {
        return Response.json({ code: 16, message: "the token has expired" }, { status: 401 });
      }
      return server.fetch(request);
    });
    vi.stubGlobal("fetch", api);
    onTestFinished(() => void vi.unstubAllGlobals());
    const client = createClient("http://test", async () => `t${++tokens}`);
    const trades = client.watchTrades({ symbol: "BT" });
    await trades.next();
    valid = "t2";
    trades.reconnect();
    const numbers = [(await trades.next()).value.sequence, (await trades.next()).value.sequence];
    await trades.return();
    expect(numbers).toEqual([2n, 3n]);
    expect(seen).toEqual(["Bearer t1", "Bearer t1", "Bearer t2"]);
    valid = "t3";
    await expect(client.getQuote({ symbol: "BT" })).rejects.toMatchObject({ status: 401 });
    expect(await client.getQuote({ symbol: "BT" })).toMatchObject({ price: 187.2 });
  });

  test("a cookie says who calls", async () => {
    const { server } = await load("with-cookies.ts");
    const url = "http://test/v1/quotes/AAPL";
    const origin = "https://app.example.com";
    const known = await server.fetch(new Request(url, { headers: { cookie: "a=b; sid=5f3a", origin } }));
    expect(await known.json()).toEqual({ symbol: "AAPL for ada", price: 187.2 });
    expect(known.headers.get("access-control-allow-credentials")).toBe("true");
    for (const cookie of ["sid=", "xsid=5f3a", ""]) {
      expect((await server.fetch(new Request(url, { headers: { cookie } }))).status).toBe(401);
    }
  });

  test("a user has five streams at a time, and sixty calls in a minute", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const { server } = await load("limits.ts");
    const call = (user: string) =>
      server.fetch(new Request("http://test/v1/trades/LM:watch", { headers: { "x-user": user } })) as Promise<Response>;
    const streams = await Promise.all(Array.from({ length: 5 }, () => call("ada")));
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const refused = await call("ada");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
    await refused.body?.cancel();
    const unary = await server.fetch(new Request("http://test/v1/quotes/LM", { headers: { "x-user": "ada" } }));
    expect([unary.status, await unary.json()]).toEqual([200, { symbol: "LM", price: 187.2 }]);
    const other = await call("bob");
    expect(other.status).toBe(200);
    await Promise.all([...streams, other].map(({ body }) => body?.cancel()));
    const statuses: number[] = [];
    for (let i = 0; i < 56; i++) {
      const { status, body } = await call("ada");
      statuses.push(status);
      await body?.cancel();
    }
    expect(statuses).toEqual([...Array.from({ length: 54 }, () => 200), 429, 429]);
    vi.setSystemTime(Date.now() + 60_001);
    const later = await call("ada");
    expect(later.status).toBe(200);
    await later.body?.cancel();
  });
});

describe("servers", () => {
  const get = (path: string) => new Request(`http://test${path}`);

  test("a route of Next.js answers calls and streams", async () => {
    const { GET, POST, dynamic } = await load("app/v1/[...path]/route.ts");
    expect(dynamic).toBe("force-dynamic");
    expect(await (await GET(get("/v1/quotes/AAPL"))).json()).toEqual({ symbol: "AAPL", price: 187.2 });
    const client = await clientOf((request) => (request.method === "GET" ? GET : POST)(request));
    expect(await client.ask({ question: "?" }).collect({ max: 2 })).toHaveLength(1);
  });

  test("several services share a port with a page", async () => {
    const { handle } = await load("several.ts");
    expect((await handle(get("/v1/quotes/AAPL"))).headers.get("content-type")).toContain("application/json");
    expect((await handle(get("/v1/reports/a:watch"))).status).toBe(501);
    expect(await (await handle(get("/"))).text()).toContain("<h1>");
  });

  test("two versions of an API answer side by side", async () => {
    const { server } = await load("versions.ts");
    for (const version of ["v1", "v2"]) {
      expect(await (await server.fetch(get(`/${version}/quotes/AAPL`))).json()).toMatchObject({ price: 400 });
    }
  });

  test("a topic is filtered, and a filtered stream resumes", async () => {
    const { market, topicOf } = await load("filters.ts");
    const { createServer } = await load("gen/sse/runtime/server.ts");
    const client = await clientOf(createServer({ services: [market] }).fetch);
    const stream = client.watchTrades({ symbol: "AAPL", minSize: 5 });
    await stream.opened;
    const sizes = [1, 9, 2, 7];
    sizes.forEach((size, i) => {
      topicOf("AAPL").publish({ sequence: BigInt(i + 1), symbol: "AAPL", size });
      topicOf("MSFT").publish({ sequence: BigInt(i + 1), symbol: "MSFT", size });
    });
    expect((await stream.collect({ max: 2 })).map((t: { size: number }) => t.size)).toEqual([9, 7]);
    const resumed = await client.watchTrades({ symbol: "AAPL", minSize: 5 }, { lastEventId: "2" }).collect({ max: 1 });
    expect(resumed).toMatchObject([{ sequence: 4n, symbol: "AAPL" }]);
  });

  test("rules of the proto are checked on both sides", async () => {
    const { client, server } = await load("validated.ts");
    const response = await server.fetch(get("/quotes/aapl"));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("google.rpc.BadRequest");
    expect(await client.getQuote({ symbol: "AAPL" })).toMatchObject({ price: 187.2 });
    await expect(client.getQuote({ symbol: "aapl" })).rejects.toMatchObject({ code: "request" });
    const [yaml = ""] = blocks.filter(({ language }) => language === "yaml").map(({ code }) => code);
    expect(parse(yaml)).toMatchObject({ version: "v2", deps: ["buf.build/bufbuild/protovalidate"] });
  });

  test("a misspelt field or parameter is an error", async () => {
    const { server } = await load("strict.ts");
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"qestion": "?"}' };
    const body = await server.fetch(new Request("http://test/v1/ask", init));
    expect([body.status, await body.text()]).toEqual([400, expect.stringContaining("qestion")]);
    const query = await server.fetch(get("/v1/trades/AAPL:watch?min_sise=1"));
    expect([query.status, await query.text()]).toEqual([400, expect.stringContaining("min_sise")]);
  });

  test("a job shows its progress from its beginning to its end, also to those who come back", async () => {
    const { server } = await load("reports.ts");
    const { ReportServiceClient } = await load("gen/reports/v1/reports_client.ts");
    const client = new ReportServiceClient({ baseUrl: "http://test", fetch: server.fetch });
    const { name } = await client.startReport({ pages: 5 });
    const done = async (options?: object) =>
      (await client.watchReport({ name }, options).collect({ max: 100 })).map((p: { done: number }) => p.done);
    expect(await done()).toEqual([1, 2, 3, 4, 5]);
    expect(await done({ lastEventId: "3" })).toEqual([4, 5]);
    await expect(client.watchReport({ name: "?" }).next()).rejects.toMatchObject({ status: 404 });
  });

  test("an upload shows its progress beside it", async () => {
    const { handle } = await load("uploads.ts");
    const { ReportServiceClient } = await load("gen/reports/v1/reports_client.ts");
    const client = new ReportServiceClient({ baseUrl: "http://test", fetch: asFetch(handle) });
    const { name } = await client.startReport({});
    const watched = client.watchReport({ name }).collect({ max: 100 });
    const chunks = ["abc", "de", "f"].map((part) => new TextEncoder().encode(part));
    const body = new ReadableStream({ pull: (out) => (chunks.length > 0 ? out.enqueue(chunks.shift()) : out.close()) });
    const init = { method: "PUT", body, duplex: "half", headers: { "content-length": "6" } } as RequestInit; // the DOM has no duplex
    expect((await handle(new Request(`http://test/uploads/${name}`, init))).status).toBe(204);
    expect((await watched).map((p: { done: number }) => p.done)).toEqual([3, 5, 6]);
  });
});

describe("operations", () => {
  test("a call is a line of the log when it ends", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const { server } = await load("logs.ts");
    await (await server.fetch(new Request("http://test/v1/quotes/AAPL"))).text();
    const lines = log.mock.calls.map(([line]) => JSON.parse(line));
    expect(lines).toMatchObject([
      { level: "info", pathname: "/v1/quotes/AAPL", method: "GetQuote", status: 200, reason: "end" },
    ]);
  });

  test("metrics count calls", async () => {
    const { handle } = await load("metrics.ts");
    await (await handle(new Request("http://test/v1/quotes/AAPL"))).text();
    const text = await (await handle(new Request("http://test/metrics"))).text();
    expect(text).toContain('calls_total{method="GetQuote",status="200"} 1\n');
    expect(text).toContain("calls_open 0\n");
  });

  test("a client sends the trace along", async () => {
    const { propagation } = await import("@opentelemetry/api");
    propagation.setGlobalPropagator({
      inject: (_context, carrier, setter) => setter.set(carrier, "traceparent", "00-1-2-01"),
      extract: (context) => context,
      fields: () => ["traceparent"],
    });
    onTestFinished(() => propagation.disable());
    const { client } = await load("traced-client.ts");
    let sent: string | null = null;
    const fetch = asFetch(async (request) => {
      sent = request.headers.get("traceparent");
      return Response.json({});
    });
    await client.getQuote({ symbol: "AAPL" }, { fetch });
    expect(sent).toBe("00-1-2-01");
  });

  test("tests run in process", async () => {
    const dir = mkdtempSync(join(tmpdir(), "protoc-gen-sse-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    await build({
      entryPoints: [join(cache, "market.test.ts")],
      outfile: join(dir, "market.test.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "warning",
    });
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const output = execFileSync(process.execPath, ["--test", join(dir, "market.test.mjs")], { encoding: "utf8", env });
    expect(output).toMatch(/pass 2\b/);
  });
});
