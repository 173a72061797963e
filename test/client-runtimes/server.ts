/** The server that the clients of all runtimes call: the emitted one, and some faults beside it. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerRequest } from "srvx";
import { toNodeHandler } from "srvx/node";
import { Code, createServer, StatusError, type StreamContext } from "../../templates/typescript/server.js";
import { createMarketService } from "../../templates/typescript/testing/market-service.js";

/** What the server has seen of a symbol. */
export interface State {
  /** The `Last-Event-ID` of each request, empty where it had none. */
  readonly requests: string[];
  /** Requests that are over: answered, or given up. */
  ended: number;
  /** Events that were asked for. */
  asked: number;
  /** The reason of the handler's signal. */
  reason: string;
}

const EVENTS = 100_000;
const text = "x".repeat(4096);

const trade = (sequence: number, symbol: string) => ({ sequence: BigInt(sequence), symbol, price: 187.2 });

interface Program {
  readonly state: State;
  readonly after: number;
  readonly symbol: string;
  readonly context: StreamContext;
  /** Cuts the connection as the end of a process does. */
  kill(): void;
}

/** The handlers of `watchTrades`, by the symbol's first part. */
const programs: Record<string, (program: Program) => AsyncGenerator<ReturnType<typeof trade>>> = {
  async *count({ symbol }) {
    for (let sequence = 1; sequence <= 5; sequence++) {
      yield trade(sequence, symbol);
    }
  },
  async *endless({ symbol, context }) {
    for (let sequence = 1; ; sequence++) {
      yield trade(sequence, symbol);
      await context.sleep(5);
    }
  },
  async *quiet({ context }) {
    await context.sleep(3_600_000);
    yield* [];
  },
  async *killed({ symbol, after, context, kill }) {
    for (let sequence = after + 1; sequence <= 6; sequence++) {
      if (sequence === 4 && after === 0) {
        // What was written is on its way.
        await context.sleep(50);
        kill();
        await context.sleep(3_600_000);
      }
      yield trade(sequence, symbol);
    }
  },
  async *missing() {
    yield* [];
    throw new StatusError(Code.NotFound, "no such symbol");
  },
  async *busy() {
    yield* [];
    throw new StatusError(Code.Unavailable, "come back later");
  },
  async *breaks({ symbol }) {
    yield trade(1, symbol);
    throw new StatusError(Code.DataLoss, "the disk is gone");
  },
  async *flood({ state }) {
    while (state.asked < EVENTS) {
      yield trade(++state.asked, text);
    }
  },
};

const head = { "content-type": "text/event-stream", "access-control-allow-origin": "*" };

/** Faults that the emitted server does not have, by the symbol's first part. */
const faults: Record<string, (response: ServerResponse) => void> = {
  hang() {},
  silent: (response) => void response.writeHead(200, head).write(":sse/1 heartbeat=100 end\n"),
  cut: (response) =>
    void response.writeHead(200, head).end(':sse/1 heartbeat=15000 end\nid: 1\ndata: {"sequence":"1"}\n\n'),
};

/** Starts the server. Pages of every origin may call it. */
export async function startMarket() {
  const states = new Map<string, State>();
  const sockets = new WeakMap<Request, { resetAndDestroy(): void }>();

  function stateOf(symbol: string): State {
    const known = states.get(symbol) ?? { requests: [], ended: 0, asked: 0, reason: "" };
    states.set(symbol, known);
    return known;
  }

  const server = createServer({
    services: [
      createMarketService({
        getQuote({ symbol }) {
          if (symbol.startsWith("missing")) {
            throw new StatusError(Code.NotFound, "no such symbol");
          }
          return { symbol, price: 187.2 };
        },
        async *watchTrades({ symbol }, context) {
          const state = stateOf(symbol);
          const program = programs[programOf(symbol)];
          const kill = () => sockets.get(context.request)?.resetAndDestroy();
          try {
            if (program) {
              yield* program({ state, symbol, context, kill, after: Number(context.lastEventId ?? 0) });
            }
          } finally {
            state.reason = context.signal.reason?.reason ?? "";
          }
        },
        async *ask({ question }) {
          const words = question.split(" ");
          for (const word of words) {
            yield { event: { case: "delta", value: { text: word } } };
          }
          yield { event: { case: "toolCall", value: { name: "lookup" } } };
          yield { event: { case: "done", value: { tokens: words.length } } };
        },
      }),
    ],
    cors: { origins: "*" },
    onError: () => {},
  });

  const handler = toNodeHandler((request) => {
    const socket = (request as ServerRequest).runtime?.node?.req?.socket;
    if (socket && "resetAndDestroy" in socket) {
      sockets.set(request, socket);
    }
    return server.fetch(request);
  }) as (request: IncomingMessage, response: ServerResponse) => void; // it takes those of HTTP/2 as well

  const http = createHttpServer((request, response) => {
    const [, kind, symbol = ""] = /^\/(state|v1\/\w+)\/([\w.-]+)/.exec(decodeURIComponent(request.url ?? "")) ?? [];
    if (kind === "state") {
      response.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": "*" });
      response.end(JSON.stringify(stateOf(symbol)));
      return;
    }
    if (request.method !== "OPTIONS") {
      const state = stateOf(symbol);
      state.requests.push(String(request.headers["last-event-id"] ?? ""));
      response.on("close", () => state.ended++);
      const fault = faults[programOf(symbol)];
      if (fault) {
        return fault(response);
      }
    }
    handler(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo; // of a TCP server
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    close() {
      http.closeAllConnections();
      http.close();
    },
  };
}

function programOf(symbol: string): string {
  return symbol.replace(/\..*/, "");
}
