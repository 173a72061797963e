// Stands in for server.ts of the guide: handlers that do what the symbol says, and what the test asks of the process.
import { createMarketService } from "./gen/market/v1/market_server.js";
import { createServer } from "./gen/sse/runtime/server.js";

const HOUR = 3_600_000;
/** It has a `process`, most of which is not implemented. */
const isWorkerd = globalThis.navigator?.userAgent === "Cloudflare-Workers";

/** The timers that run, in any runtime: of the server and of the adapter. */
const timers = new Set();
const { setTimeout: set, clearTimeout: clear } = globalThis;
globalThis.setTimeout = (callback, ms, ...rest) => {
  const timer = set(() => {
    timers.delete(timer);
    callback(...rest);
  }, ms);
  timers.add(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => {
  timers.delete(timer);
  clear(timer);
};

let handlers = 0;
let calls = 0;
let draining = false;

/** Runs a handler and counts it while it runs. */
async function* counted(events) {
  handlers++;
  try {
    yield* events;
  } finally {
    handlers--;
  }
}

/** Waits for the drain; not for ever, since workerd has none. */
async function drained(sleep) {
  for (let left = 100; left > 0 && !draining; left--) {
    await sleep(20);
  }
  await sleep(50);
}

const server = createServer({
  services: [
    createMarketService({
      async getQuote({ symbol }, { sleep }) {
        handlers++;
        try {
          // workerd notices that a client has gone only when there is something to write.
          if (symbol === "hang") {
            await sleep(isWorkerd ? 50 : HOUR);
          }
          if (!/^(slow|large)/.test(symbol)) {
            return { symbol, price: 187.2 };
          }
          await drained(sleep);
          console.log(`given ${symbol};`);
          return { symbol: symbol.startsWith("large") ? symbol.padEnd(16 * 1024 * 1024, "x") : symbol, price: 187.2 };
        } finally {
          handlers--;
        }
      },
      watchTrades: ({ symbol }, { sleep }) => counted(symbol === "flood" ? flood() : quiet(sleep)),
      ask: ({ question }, { sleep }) => counted(answer(question, sleep)),
    }),
  ],
  commitWindowMs: 1,
  ...(isWorkerd && { heartbeatMs: 100 }),
  onCallStart: () => calls++,
  onCallEnd: () => calls--,
});

async function* quiet(sleep) {
  await sleep(HOUR);
  yield* [];
}

async function* flood() {
  const symbol = "x".repeat(4096);
  for (let sequence = 1n; ; sequence++) {
    yield { sequence, symbol };
  }
}

async function* answer(question, sleep) {
  yield { event: { case: "delta", value: { text: "well" } } };
  if (question === "slow") {
    await drained(sleep);
  }
  yield { event: { case: "done", value: { deltas: 1 } } };
}

async function fetch(request, ...value) {
  if (new URL(request.url).pathname !== "/v1/state") {
    return server.fetch(request, ...value);
  }
  const before = look();
  // The answer to this request is built after the look.
  return Response.json({ ...before, heap: await heapUsed() });
}

function look() {
  const resources = isWorkerd ? [] : (process.getActiveResourcesInfo?.() ?? []);
  return {
    calls,
    handlers,
    timers: timers.size,
    nodeTimers: resources.filter((kind) => kind === "Timeout").length,
  };
}

/** Bytes of the heap that are in use after a collection; undefined if the runtime does not report it. */
async function heapUsed() {
  if (globalThis.Bun) {
    Bun.gc(true);
    return (await import("bun:jsc")).heapStats().heapSize;
  }
  if (isWorkerd) {
    return undefined;
  }
  if (!globalThis.gc) {
    const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import("node:v8"), import("node:vm")]);
    setFlagsFromString("--expose-gc");
    globalThis.gc = runInNewContext("gc");
  }
  // With an argument it would collect the young alone.
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

process.on("exit", () => console.log(`left ${JSON.stringify({ calls, handlers, timers: timers.size })};`));

const stub = {
  ...server,
  fetch,
  drain(options) {
    draining = true;
    const drained = server.drain(options);
    console.log("draining;");
    return drained;
  },
};

export { stub as server };
