/**
 * The set-ups of the guide under clients that leave, flood and are killed, and then under SIGTERM: no call, timer or
 * memory is left, and no answer that a handler had given is lost.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../conformance/wait-for.js";
import { missing, type Started, setUps, start, writeExamples } from "../docs-server.js";
import { Load } from "./load.js";

const ROUNDS = 5000;
const BATCH = 500;
/** Calls that run at the same time. */
const LANES = 25;
/** What a round may leave for good. HEAD on a stream once left 6,500 bytes. */
const LEAK = 1000;

interface State {
  readonly calls: number;
  readonly handlers: number;
  readonly timers: number;
  readonly nodeTimers: number;
  readonly heap?: number;
}

let cache: string;

beforeAll(() => {
  const read = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
  // The examples are typed; these two are not.
  cache = writeExamples("adapters", { "server.ts": read("server.js"), "worker.ts": read("worker.js") });
});

describe.each(setUps.map((setUp) => [setUp.file, setUp] as const))("%s", (_file, setUp) => {
  const testIfInstalled = test.skipIf(missing(setUp));
  let running: Started;
  let load: Load;
  let before: State;

  beforeAll(async () => {
    running = await start(cache, setUp);
    load = new Load(running.address);
    before = await state();
  });
  afterAll(async () => {
    load?.close();
    await running.stop();
  });

  async function state(): Promise<State> {
    return JSON.parse((await load.send("/v1/state")).text);
  }

  /** Waits until nothing is left of all calls. */
  async function atRest(): Promise<State> {
    let last = before;
    await waitFor(
      async () => {
        last = await state();
        return last.calls + last.handlers === 0 && last.timers <= before.timers && last.nodeTimers <= before.nodeTimers;
      },
      "rest",
      () => JSON.stringify(last),
    );
    return last;
  }

  function ask(question: string) {
    return load.send("/v1/ask", { method: "POST", body: JSON.stringify({ question }) });
  }

  /** Every round has the calls that are hard to end, every fifth also those that end by themselves. */
  async function round(index: number): Promise<void> {
    const { status } = await load.send("/v1/trades/quiet:watch", { method: "HEAD" });
    expect(status).toBe(200);
    if (index % 2) {
      await load.send("/v1/trades/quiet:watch", { leaveAt: ":sse/1" });
    } else {
      await load.send("/v1/quotes/hang", { leaveAt: "" });
    }
    if (index % 5 === 0) {
      expect((await load.send("/v1/quotes/now")).text).toBe('{"symbol":"now","price":187.2}');
      expect((await ask("now")).text).toMatch(/\n:end\n$/);
    }
  }

  testIfInstalled(
    "leaves nothing of rounds of calls that end, HEAD, and calls whose clients go",
    async () => {
      const memory: number[] = [];
      const measure = async () => {
        const { heap = await inspectHeap(running) } = await atRest();
        memory.push(heap);
      };
      for (let done = 0; done < ROUNDS; done += BATCH) {
        let next = 0;
        const lane = async () => {
          while (next < BATCH) {
            await round(next++);
          }
        };
        await Promise.all(Array.from({ length: LANES }, lane));
        await measure();
      }
      // Caches and compiled code grow in the beginning. A collection may leave something to the next one, so the least counts.
      const limit = Math.min(...memory.slice(2, 5)) + LEAK * BATCH * 5;
      await waitFor(
        async () => {
          await measure();
          return Math.min(...memory.slice(-3)) < limit;
        },
        "the memory of calls that have ended",
        () => memory.join(" "),
      );
    },
    180_000,
  );

  testIfInstalled("leaves nothing of floods, of events that nobody reads and of calls", async () => {
    // Until then, the buffers between the two fill up.
    const wait = new Promise((resolve) => setTimeout(resolve, 300));
    const streams = Array.from({ length: 20 }, () =>
      load.send("/v1/trades/flood:watch", { wait, leaveAt: "sequence" }),
    );
    const calls = Array.from({ length: 300 }, () => load.send("/v1/quotes/hang", { leaveAt: "" }));
    await Promise.all([...streams, ...calls]);
    await atRest();
  });

  testIfInstalled("loses no answer at SIGTERM", async () => {
    const names = Array.from({ length: 16 }, (_, index) => `slow-${index}`);
    const quotes = [...names, "large-1", "large-2"].map((name) => load.send(`/v1/quotes/${name}`));
    let read = () => {};
    const wait = new Promise<void>((resolve) => (read = resolve));
    // A client that is slow to read.
    quotes.push(load.send("/v1/quotes/large-3", { wait }));
    const answers = Array.from({ length: 4 }, () => ask("slow"));
    // A Worker does not get the signal, so its endless streams continue until their clients leave.
    const isWorker = setUp.command === "workerd";
    const trades = Array.from({ length: isWorker ? 0 : 4 }, () => load.send("/v1/trades/quiet:watch"));
    let finish = (_rest: string) => {};
    const rest = new Promise<string>((resolve) => (finish = resolve));
    const arriving = load.send("/v1/ask", { method: "POST", body: '{"question":', rest });
    const count = quotes.length + answers.length + trades.length;
    await waitFor(async () => {
      const { handlers, calls } = await state();
      return handlers === count && calls === count + 1;
    }, `${count} handlers and a request that arrives`);
    running.child.kill("SIGTERM");
    setTimeout(read, 500);
    if (!isWorker) {
      await waitFor(() => running.output().includes("draining;"), "the drain");
      expect((await load.send("/v1/trades/quiet:watch")).status).toBe(503);
      expect((await load.send("/v1/quotes/now")).status).toBe(200);
    }
    finish('"now"}');
    answers.push(arriving);

    const given = await Promise.all(quotes);
    expect(
      given.map(({ status, text }) => [status, JSON.parse(text).symbol.replace(/x+$/, ""), text.length > 100]),
    ).toEqual([
      ...names.map((name) => [200, name, false]),
      [200, "large-1", true],
      [200, "large-2", true],
      [200, "large-3", true],
    ]);
    for (const { status, text } of await Promise.all(answers)) {
      expect([status, text.slice(-5)]).toEqual([200, ":end\n"]);
    }
    for (const { text } of await Promise.all(trades)) {
      expect(text).toMatch(/ end\nretry: \d+\n$/);
    }
    expect(await running.ended).toBe(0);
    if (!isWorker) {
      expect(running.output()).toContain('left {"calls":0,"handlers":0,"timers":0};');
    }
  });
});

/** The heap of a Worker in bytes, from the inspector of workerd, after a collection. */
async function inspectHeap({ output }: Started): Promise<number> {
  const [, port] = /"listen-inspector","port":(\d+)/.exec(output()) ?? [];
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
  };
  const socket = await new Promise<Duplex>((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: "/main", headers });
    sent.on("upgrade", (_response, upgraded) => resolve(upgraded));
    sent.on("error", reject);
    sent.end();
  });
  ["HeapProfiler.collectGarbage", "HeapProfiler.collectGarbage", "Runtime.getHeapUsage"].forEach((method, id) => {
    const text = JSON.stringify({ id, method });
    // A text frame of RFC 6455, section 5.2, masked with zeros.
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
  });
  let received = "";
  for await (const chunk of socket) {
    received += chunk;
    const [, usedSize] = /"usedSize":(\d+)/.exec(received) ?? [];
    if (usedSize !== undefined) {
      return Number(usedSize);
    }
  }
  throw new Error(`the inspector said only ${received}`);
}
