/**
 * The promises of the README, over real sockets: the emitted client and server of the golden case `sse`,
 * each using the runtime that was emitted beside it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { type Server, serve } from "srvx";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { loadCase } from "./golden.js";
import { cacheFolder, writeProject } from "./golden-code.js";

const cache = cacheFolder("end-to-end");
const generated = (path: string) => import(join(cache, "sse", path));

interface Context {
  readonly signal: AbortSignal;
  sleep(ms: number): Promise<void>;
}
type Search = (request: object, context: Context) => AsyncGenerator<{ text: string }>;

let server: Server;
let url: string;
let search: Search;
/** Resolves when the handler of a stream has ended, with the reason of its signal. */
let ended: Promise<unknown>;

beforeAll(async () => {
  writeProject(cache, [loadCase("sse")]);
  const { createServer } = await generated("sse/runtime/server.ts");
  const { createChatService } = await generated("chat/v1/chat_server.ts");
  const handlers = {
    search(request: object, context: Context) {
      const stream = search(request, context);
      const { promise, resolve } = withResolvers<unknown>();
      ended = promise;
      return (async function* () {
        try {
          yield* stream;
        } finally {
          resolve(context.signal.reason);
        }
      })();
    },
  };
  const { fetch } = createServer({
    services: [createChatService(handlers, { unimplemented: "501" })],
    onError: () => undefined,
  });
  server = serve({
    fetch: (r: Request) => fetch(r),
    port: 0,
    hostname: "127.0.0.1",
    silent: true,
    gracefulShutdown: false,
  });
  await server.ready();
  url = server.url ?? "";
});
afterAll(() => server.close(true));

async function createClient(baseUrl = url) {
  const { ChatServiceClient } = await generated("chat/v1/chat_client.ts");
  return new ChatServiceClient({ baseUrl });
}

async function* ticking(_: object, { sleep }: Context) {
  for (let i = 0; ; i++) {
    yield { text: String(i) };
    await sleep(5);
  }
}

async function* idle(_: object, { signal }: Context) {
  yield { text: "only" };
  await once(signal, "abort");
}

describe("a way out of the stream closes the connection and ends the handler", () => {
  test.each([
    ["ticking", ticking],
    ["idle", idle],
  ])("break, while the handler is %s", async (_, handler) => {
    search = handler;
    for await (const message of (await createClient()).search({})) {
      expect(message.text).toBeDefined();
      break;
    }
    await ended;
  });

  test.each([
    ["ticking", ticking],
    ["idle", idle],
  ])("a client process that is killed, while the handler is %s", async (_, handler) => {
    search = handler;
    // curl is not everywhere; a bare fetch in a process of its own is as good a client to kill.
    const script = `const r = await fetch(process.argv[1]); for await (const c of r.body) process.stdout.write(c);`;
    const child = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      script,
      new URL("/v1/messages:search", url).href,
    ]);
    let output = "";
    for await (const chunk of child.stdout) {
      output += chunk;
      if (output.includes("data: ")) {
        break;
      }
    }
    child.kill("SIGKILL");
    await ended;
  });

  test("a process that breaks out ends by itself", async () => {
    search = ticking;
    const script = `
      const { Transport, defineMethod } = await import(${JSON.stringify(join(import.meta.dirname, "../dist/runtime/client-json.js"))});
      const method = defineMethod("chat.v1.ChatService.Search", { bindings: [{ method: "GET", path: "/v1/messages:search" }], stream: {} });
      for await (const message of new Transport({ baseUrl: process.argv[1] }).stream(method, {})) break;
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, url], { stdio: "inherit" });
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    await ended;
  });
});

describe("an error of the handler", () => {
  async function failure(handler: Search) {
    search = handler;
    const got: string[] = [];
    try {
      for await (const message of (await createClient()).search({})) {
        got.push(message.text);
      }
    } catch (error) {
      return { got, error };
    }
    throw new Error("the stream ended without an error");
  }

  test("before the first event is an HTTP status, after it the same typed error", async () => {
    const { StatusError, Code } = await generated("sse/runtime/server.ts");
    const { StatusError: ClientStatusError } = await generated("sse/runtime/client.ts");
    const early = await failure(async function* () {
      yield* [];
      throw new StatusError(Code.NotFound, "no such room");
    });
    expect(early).toMatchObject({ got: [], error: { status: 404, statusCode: Code.NotFound, phase: "open" } });
    const late = await failure(async function* (_, { sleep }) {
      yield { text: "a" };
      await sleep(50);
      throw new StatusError(Code.NotFound, "no such room");
    });
    expect(late).toMatchObject({ got: ["a"], error: { statusCode: Code.NotFound, phase: "body" } });
    for (const { error } of [early, late]) {
      expect(error).toBeInstanceOf(ClientStatusError);
      expect(error).toMatchObject({ message: "no such room" });
    }
  });

  test("that is unexpected is hidden from the client", async () => {
    for (const wait of [0, 50]) {
      const { error } = await failure(async function* (_, { sleep }) {
        if (wait > 0) {
          yield { text: "a" };
        }
        await sleep(wait);
        throw new Error("password=hunter2");
      });
      expect(error).toMatchObject({ message: "internal error", statusCode: 13 });
    }
  });
});

describe("a connection that is cut", () => {
  let proxy: TcpServer | undefined;
  afterEach(() => void proxy?.close());

  /** A proxy that ends the connection to the client in its way once it has carried the text. */
  async function cutAfter(text: string, cut: (client: Socket) => void): Promise<string> {
    proxy = createTcpServer((client) => {
      const upstream = connect(Number(new URL(url).port), "127.0.0.1");
      client.on("error", () => upstream.destroy()).pipe(upstream);
      upstream.on("error", () => client.destroy());
      let seen = "";
      upstream.on("data", (chunk: Buffer) => {
        client.write(chunk);
        seen += chunk.toString("latin1");
        if (!seen.includes(text)) {
          return;
        }
        upstream.destroy();
        cut(client);
      });
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    const address = proxy.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  test.each([
    ["by a reset", (client: Socket) => void client.resetAndDestroy(), "network"],
    ["in the middle of a chunk", (client: Socket) => void client.end(), "network"],
    ["as if it were complete", (client: Socket) => void client.end("0\r\n\r\n"), "truncated"],
  ])("%s is an error, never a quiet end", async (_, cut, code) => {
    search = idle;
    const client = await createClient(await cutAfter('data: {"text":"only"}\n\n\r\n', cut));
    const got: string[] = [];
    const reading = (async () => {
      for await (const message of client.search({})) {
        got.push(message.text);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code, phase: "body" });
    expect(got).toEqual(["only"]);
    await ended;
  });
});

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
