// @ts-check
/** Servers that event logs stand on, each on a free port, with a folder of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Redis without a disk: what its commands cost, and no more. */
export const startRedis = () =>
  start("redis-server", (port, folder) => ["--port", port, "--dir", folder, "--save", "", "--appendonly", "no"]);

/** NATS with JetStream on files. */
export const startNats = () =>
  start("nats-server", (port, folder) => ["-a", "127.0.0.1", "-p", port, "-js", "-sd", folder]);

/** @param {string} command @param {(port: string, folder: string) => string[]} args */
async function start(command, args) {
  const folder = mkdtempSync(join(tmpdir(), `${command}-`));
  const port = await freePort();
  const child = spawn(command, args(String(port), folder), { stdio: "ignore" });
  await once(child, "spawn"); // it throws if the command is not installed
  process.on("exit", () => child.kill("SIGKILL")); // also if something else fails
  while (!(await accepts(port))) {
    if (child.exitCode !== null) {
      throw new Error(`${command} ended with ${child.exitCode}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    port,
    async close() {
      child.kill("SIGKILL");
      await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** @param {number} port */
async function accepts(port) {
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
