/**
 * Two nodes over one Redis, a client that watches, and a publisher. The nodes are killed in turn while events are published, and
 * one is deployed again with `drain`. `DEMO_EVENTS` and `DEMO_KILLS` change the sizes.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AlertServiceClient } from "../../gen/market/v1/alerts_client.js";
import { startBalancer } from "./balancer.js";

const events = Number(process.env["DEMO_EVENTS"] ?? 300);
const kills = Number(process.env["DEMO_KILLS"] ?? 4);

if (spawnSync("redis-server", ["--version"]).error) {
  console.error(
    "this demo needs redis-server: install it with `apt-get install redis-server` (Debian, Ubuntu) or `brew install redis` (macOS)",
  );
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "market-redis-"));
const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) {
    child.kill("SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true });
});

const redisPort = await freePort();
const redis = run("redis-server", [
  ...["--bind", "127.0.0.1", "--port", String(redisPort), "--dir", folder],
  ...["--save", "", "--appendonly", "no"],
]);
await lineWith(redis, "Ready to accept connections");
console.log(`redis    listens on port ${redisPort}`);

const balancer = await startBalancer();
const nodes = [await startNode("A"), await startNode("B")];

const watcher = script("watcher", [balancer.url, String(events), String(Math.max(1, Math.round(events / 300)))]);
const watched = once(watcher, "exit");
const output = createInterface({ input: piped(watcher) });
const opened = once(output, "line");
output.on("line", (line) => console.log(line));
await opened;

// One part of the events while nothing happens, one for each kill, and one for the deployment.
const parts = kills + 2;
const client = new AlertServiceClient({ baseUrl: balancer.url });
let published = 0;
for (let part = 0; part < parts; part++) {
  const until = Math.round((events * (part + 1)) / parts);
  const isLast = part === parts - 1;
  await Promise.all([publish(until), part === 0 ? undefined : isLast ? deploy(part) : kill(part)]);
}
const [code] = await watched;
console.log(`publisher ${published} events, ${kills} kills, 1 deployment`);

for (const { process: node } of nodes) {
  node.kill("SIGTERM");
  await once(node, "exit");
}
balancer.close();
redis.kill("SIGTERM");
await once(redis, "exit");
process.exitCode = code === 0 ? 0 : 1;

/** Publishes one event after the other. A call whose node died is repeated: its key keeps the event single. */
async function publish(until: number): Promise<void> {
  while (published < until) {
    const number = published + 1;
    try {
      await client.publishAlert({ key: `alert-${number}`, text: `alert ${number}` });
      published = number;
    } catch {
      await sleep(20);
    }
    await sleep(2);
  }
}

/** A crash, and the restart of an orchestrator. */
async function kill(part: number): Promise<void> {
  const node = nodeOf(part);
  await sleep(30);
  node.process.kill("SIGKILL");
  await once(node.process, "exit");
  console.log(`node ${node.name}   killed`);
  node.process = await startProcess(node.port);
  console.log(`node ${node.name}   restarted`);
}

/** A deployment: the node ends its streams so that their clients go on elsewhere, and a new one takes its place. */
async function deploy(part: number): Promise<void> {
  const node = nodeOf(part);
  await sleep(30);
  console.log(`node ${node.name}   drains`);
  balancer.ports.splice(balancer.ports.indexOf(node.port), 1);
  node.process.kill("SIGTERM");
  await once(node.process, "exit");
  node.process = await startProcess(node.port);
  balancer.ports.push(node.port);
  console.log(`node ${node.name}   deployed`);
}

interface Node {
  readonly name: string;
  readonly port: number;
  process: ChildProcess;
}

function nodeOf(part: number): Node {
  const node = nodes[part % nodes.length];
  if (node === undefined) {
    throw new Error("there are no nodes");
  }
  return node;
}

async function startNode(name: string): Promise<Node> {
  const port = await freePort();
  const node = { name, port, process: await startProcess(port) };
  balancer.ports.push(port);
  console.log(`node ${name}   listens on port ${port}`);
  return node;
}

async function startProcess(port: number): Promise<ChildProcess> {
  const child = script("node", [String(redisPort), String(port)]);
  await lineWith(child, "http://");
  return child;
}

function script(name: string, args: readonly string[]): ChildProcess {
  return run(process.execPath, [new URL(`${name}.js`, import.meta.url).pathname, ...args]);
}

function run(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.on("exit", () => children.delete(child));
  return child;
}

function piped(child: ChildProcess): NonNullable<ChildProcess["stdout"]> {
  if (child.stdout === null) {
    throw new Error("stdout is not piped");
  }
  return child.stdout;
}

async function lineWith(child: ChildProcess, text: string): Promise<void> {
  const lines = createInterface({ input: piped(child) });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => line.includes(text) && resolve());
    child.once("exit", () => reject(new Error(`the process ended before it was ready`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
