/** The emitted server on the runtimes that it is made for, and behind a proxy and a compressor, over real sockets. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineMethod, Transport, TruncatedError } from "../../templates/typescript/client-json.js";
import { disconnect, type Exchange, type ExchangeOptions, exchange, fetchFrom } from "./exchange.js";
import { absent, bundle, type Running, runtimes, start } from "./runtimes.js";
import { waitFor } from "./wait-for.js";

/** As in service.js. */
const EVENTS = 100_000;
const MIB = 1024 * 1024;
/** To end what hangs: 400 MiB through gzip take a while on a busy machine. */
const LONG = 180_000;

interface Calls {
  readonly started: number;
  readonly ended: number;
  readonly asked: number;
  readonly reason: string;
}

beforeAll(bundle);

describe.each(runtimes.map((runtime) => [runtime.name, runtime] as const))("%s", (_name, runtime) => {
  const why = absent(runtime);
  if (why !== undefined) {
    if (process.env["CI"] !== undefined) {
      throw new Error(`${runtime.name}: ${why}`);
    }
    console.warn(`SKIPPED: the server on ${runtime.name}. ${why}`);
  }
  const testIfInstalled = test.skipIf(why !== undefined);

  let running: Running;
  /** Open from the first test to the last, without any event. */
  let quiet: Exchange;
  /** The same as JSON Lines with heartbeats. */
  let lines: Exchange;
  /** The same without heartbeats. */
  let silent: Exchange;

  const get = (path: string, options?: ExchangeOptions) => exchange(running.address, path, options);
  const watch = (program: string, options?: ExchangeOptions) => get(`/v1/programs/${program}/log`, options);

  async function calls(program: string): Promise<Calls | undefined> {
    const state = await get("/state");
    await waitFor(() => state.ended() === "end", "the state");
    return JSON.parse(state.text())[program];
  }

  async function handlerEnds(program: string): Promise<void> {
    let last: Calls | undefined;
    await waitFor(
      async () => {
        last = await calls(program);
        return last !== undefined && last.ended === last.started;
      },
      `the end of the handler of ${program}`,
      () => JSON.stringify(last),
    );
    expect(last).toMatchObject({ reason: "client" });
  }

  beforeAll(async () => {
    if (why !== undefined) {
      return;
    }
    running = await start(runtime);
    quiet = await watch("quiet-long");
    lines = await watch("quiet-lines", { headers: { accept: "application/jsonl; profile=sse-1" } });
    silent = await get("/v1/alerts:watch", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
  });
  afterAll(async () => {
    if (why !== undefined) {
      return;
    }
    if (runtime.protocol === "h2") {
      disconnect(running.address.port ?? 0);
    }
    await running.stop();
  });

  testIfInstalled("sends head and first byte before the first event", async () => {
    const stream = await watch("quiet");
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({ "content-type": "text/event-stream" });
    await stream.until(":sse/1 heartbeat=");
    stream.leave();
  });

  if (!runtime.lateHead) {
    testIfInstalled("sends the head of plain JSON Lines before the first line", async () => {
      const stream = await watch("quiet-plain", { headers: { accept: "application/jsonl" } });
      expect(stream.headers).toMatchObject({ "content-type": "application/jsonl" });
      expect(stream.text()).toBe("");
      stream.leave();
    });
  }

  testIfInstalled(
    "ends JSON Lines that were asked for with their control frames by the line that says so",
    async () => {
      const stream = await watch("ends", { headers: { accept: "application/jsonl; profile=sse-1" } });
      await waitFor(() => stream.ended() !== undefined, "the end of JSON Lines");
      expect([stream.ended(), stream.text()]).toEqual(["end", '\n{"cursor":"1"}\n{"@end":{}}\n']);
    },
  );

  testIfInstalled("sends each event as it comes", async () => {
    const stream = await watch("ticking-read");
    expect(stream.headers["content-encoding"]).toBe(runtime.encoding);
    await stream.until('data: {"cursor":"3"}\n\n');
    stream.leave();
    await handlerEnds("ticking-read");
  });

  testIfInstalled("answers an early error with its status", async () => {
    const answer = await watch("missing");
    await waitFor(() => answer.ended() === "end", "the end of an error");
    expect(answer.status).toBe(404);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(answer.text())).toEqual({ code: 5, message: "no such program" });
  });

  testIfInstalled.each([
    ["breaks", '{"code":15,"message":"the disk is gone"}'],
    ["crashes", '{"code":13,"message":"internal error"}'],
  ])("ends a stream that %s with an event", async (program, status) => {
    const stream = await watch(program);
    await waitFor(() => stream.ended() !== undefined, "the end of a stream");
    expect([stream.status, stream.ended()]).toEqual([200, "end"]);
    expect(stream.text()).toMatch(/"text":"fine"\}\n\nevent: error\ndata: .*\n\n$/);
    expect(stream.text()).toContain(`event: error\ndata: ${status}\n\n`);
  });

  testIfInstalled("ends a handler that is idle when its client goes", async () => {
    const stream = await watch("quiet-left");
    await stream.until(":sse/1");
    stream.leave();
    await handlerEnds("quiet-left");
  });

  testIfInstalled("ends a handler that ticks when its client goes", async () => {
    const stream = await watch("ticking-left");
    await stream.until('{"cursor":"2"}');
    stream.leave();
    await handlerEnds("ticking-left");
  });

  testIfInstalled("asks a handler for little while its client does not read, and ends it when that goes", async () => {
    const stream = await watch("flood-left", { read: false });
    expect(await askedAtRest("flood-left")).toBeLessThan(EVENTS / 10);
    stream.leave();
    await handlerEnds("flood-left");
  });

  testIfInstalled(
    "keeps its memory flat over 100,000 events of 4 KiB, for a client that reads late",
    async () => {
      const before = running.memory();
      const stream = await watch("flood-read", { read: false });
      expect(await askedAtRest("flood-read")).toBeLessThan(EVENTS / 10);
      const held = running.memory() - before;
      stream.resume();
      let most = 0;
      const ended = () => {
        most = Math.max(most, running.memory() - before);
        return stream.ended() !== undefined;
      };
      await waitFor(ended, "the end of the flood", () => stream.events(), LONG);
      expect(stream.ended()).toBe("end");
      expect(stream.text()).toMatch(/\n\n:end\n$/);
      expect(stream.events()).toBe(EVENTS);
      // 400 MiB go through.
      expect(held).toBeLessThan(100 * MIB);
      expect(most).toBeLessThan(200 * MIB);
    },
    LONG + 60_000,
  );

  testIfInstalled("keeps a quiet stream open with heartbeats", async () => {
    await quiet.until(":\n:\n:\n");
    expect(quiet.ended()).toBeUndefined();
    if (runtime.idleLimit) {
      await waitFor(() => silent.ended() !== undefined, "the runtime's end of a silent stream");
    }
    await lines.until("\n\n\n\n");
    expect([lines.ended(), lines.text()]).toEqual([undefined, expect.stringMatching(/^\n+$/)]);
    quiet.leave();
    lines.leave();
    silent.leave();
    await handlerEnds("quiet-long");
    await handlerEnds("quiet-lines");
  });

  testIfInstalled("drains: a resumable stream ends, to be resumed elsewhere, and no other begins", async () => {
    const stream = await watch("quiet-drained");
    await stream.until(":sse/1");
    expect((await get("/drain")).status).toBe(200);
    await waitFor(() => stream.ended() !== undefined, "the end of a drained stream");
    expect(stream.ended()).toBe("end");
    expect(stream.text()).toMatch(/^:sse\/1 [^\n]* end\nretry: \d+\n$/);
    expect((await watch("quiet-late")).status).toBe(503);
  });

  if (runtime.proxy) {
    testIfInstalled("is killed behind its proxy, and the client of JSON Lines hears of it", async () => {
      const other = await start(runtime);
      try {
        const method = defineMethod<Record<string, never>, { cursor: string }>("logs.v1.LogService.TailLog", {
          bindings: [{ method: "GET", path: "/v1/programs/ticking/log" }],
          stream: {},
        });
        const client = new Transport({ baseUrl: "http://proxy", fetch: fetchFrom(other.address) });
        const stream = client.stream(method, {}, { format: "jsonl" });
        expect((await stream.next()).value).toEqual({ cursor: "1" });
        await other.kill();
        const drained = stream.collect({ max: EVENTS });
        // HTTP/1.0 between nginx and the server: to nginx, and to HTTP, that was a complete body.
        await expect(drained).rejects.toBeInstanceOf(TruncatedError);
      } finally {
        await other.stop();
      }
    });
  }

  /** How often a handler was asked, once that no longer grows. */
  async function askedAtRest(program: string): Promise<number> {
    let asked = -1;
    await waitFor(async () => {
      const last = asked;
      await new Promise((resolve) => setTimeout(resolve, 300));
      asked = (await calls(program))?.asked ?? 0;
      return asked > 0 && asked === last;
    }, `the rest of ${program}`);
    return asked;
  }
});
