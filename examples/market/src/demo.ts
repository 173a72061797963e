/**
 * Runs server and client as processes of their own, and kills the server while trades stream:
 * `node dist/src/demo.js [command of another client]`. `SERVER` is the command of another server.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const TRADES = 80;
const KILL_AFTER = [15, 50];

const { SERVER } = process.env;

let server = start("server", ["0"]);
const url = await firstLine(server);
console.log(`server   listens on ${url}`);
for (const path of SERVER ? [] : ["openapi.yaml", "openapi-3.1.yaml", "docs", "docs/swagger-ui.js"]) {
  const response = await fetch(new URL(path, url));
  const { length } = await response.text();
  console.log(`document ${path}: ${response.status} ${response.headers.get("Content-Type")}, ${length} characters`);
  if (!response.ok) {
    throw new Error(`the server has no ${path}`);
  }
}

const other = process.argv.slice(2);
const [command = process.execPath, ...script] = other.length > 0 ? other : [process.execPath, pathOf("client")];
const client = run(command, [...script, url, "AAPL", String(TRADES)]);
const exited = once(client, "exit");
let restarted: Promise<void> | undefined;
let seen = 0;
for await (const line of lines(client)) {
  console.log(line);
  if (line.startsWith("trade")) {
    seen++;
  }
  if (KILL_AFTER.includes(seen)) {
    KILL_AFTER.shift();
    await restarted;
    restarted = restart();
  }
}
await restarted;
server.kill();
const [code] = await exited;
process.exitCode = code === 0 && KILL_AFTER.length === 0 ? 0 : 1;

/** Kills the server as a crash would, and starts another on its port a little later. */
async function restart(): Promise<void> {
  server.kill("SIGKILL");
  await once(server, "exit");
  console.log("server   killed");
  await new Promise((resolve) => setTimeout(resolve, 700));
  server = start("server", [new URL(url).port]);
  await firstLine(server);
  console.log("server   restarted");
}

function start(name: string, args: string[]): ChildProcess {
  return SERVER ? run(SERVER, args) : run(process.execPath, [pathOf(name), ...args]);
}

function pathOf(name: string): string {
  return new URL(`${name}.js`, import.meta.url).pathname;
}

function run(command: string, args: string[]): ChildProcess {
  return spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
}

function lines(child: ChildProcess): AsyncIterable<string> {
  if (child.stdout === null) {
    throw new Error("stdout is not piped");
  }
  return createInterface({ input: child.stdout });
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of lines(child)) {
    return line;
  }
  throw new Error("the process ended without a word");
}
