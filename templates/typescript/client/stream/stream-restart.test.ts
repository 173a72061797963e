import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { MarketServiceClient } from "../../testing/market-client.js";
import { expectNoUnhandledRejections } from "../../testing/unhandled.js";

expectNoUnhandledRejections();

const script = fileURLToPath(new URL("../../testing/event-log-server.mjs", import.meta.url));
const events = 10_000;

/** A server of its own process, which can be killed; it is started again on the same port. */
async function startProcess(port: number): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, [script, String(port), String(events)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  return { process: child, port: Number(line) };
}

test("a server that is killed and restarted at random moments loses no event, and repeats none", {
  timeout: 300_000,
}, async () => {
  let server = await startProcess(0);
  const { port } = server;
  let kills = 0;
  const restart = async (): Promise<void> => {
    kills++;
    server.process.kill("SIGKILL");
    await once(server.process, "exit");
    server = await startProcess(port);
  };

  const client = new MarketServiceClient({ baseUrl: `http://127.0.0.1:${port}` });
  const retries: number[] = [];
  const stream = client.watchTrades(
    { symbol: "A" },
    { reconnect: { maxAttempts: 1_000, maxDelayMs: 50 }, onReconnect: ({ attempt }) => retries.push(attempt) },
  );
  let restarting: Promise<void> | undefined;
  let nextKill = 1 + Math.floor(Math.random() * 400);
  let count = 0;
  for await (const { sequence } of stream) {
    count++;
    // Neither lost, nor repeated, nor out of order.
    if (sequence !== BigInt(count)) {
      expect.fail(`after ${count - 1} came ${sequence}, with ${kills} kills`);
    }
    expect(stream.lastEventId).toBe(count === 1 ? undefined : String(count - 1));
    if (count === nextKill) {
      nextKill += 1 + Math.floor(Math.random() * 600);
      // At any moment: while the server writes, while the client waits, while the one before is not up yet.
      const wait = Math.random() * 20;
      restarting = Promise.resolve(restarting).then(() =>
        new Promise((resolve) => setTimeout(resolve, wait)).then(restart),
      );
    }
  }
  await restarting;
  expect(count).toBe(events);
  expect(stream.lastEventId).toBe(String(events));
  expect(kills).toBeGreaterThan(10);
  // Each kill, except of a server that had no connection yet, or had sent everything.
  expect(retries.length).toBeGreaterThan(5);
});
