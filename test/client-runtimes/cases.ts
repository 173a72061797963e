/**
 * What a client does, wherever it runs. Plain JavaScript and Web APIs, so that each runtime runs this file unchanged.
 * server.ts answers: what it does depends on the symbol, up to the first dot.
 */
import type { MarketServiceClient } from "../../templates/typescript/testing/market-client.js";
import type { State } from "./server.js";

/** A client of one runtime and one kind of messages. */
export interface Subject {
  readonly baseUrl: string;
  /** Tells the symbols of this run from those of others. */
  readonly run: string;
  /** With `messages=json` the same surface has other types; the cases use what both have in common. */
  readonly Client: typeof MarketServiceClient;
  // biome-ignore lint/suspicious/noExplicitAny: the handlers of both kinds of messages
  readonly handleEvents: (stream: any, handlers: any) => Promise<void>;
}

/** What became of a case: an error, or nothing when it did what it should. */
export type Results = Record<string, string | undefined>;

/** Longer than any test takes. */
const HOUR = 3_600_000;

const cases: Record<string, (subject: Subject) => Promise<void>> = {
  async "a unary call"(subject) {
    const { client, symbol } = start(subject, "quote");
    equal((await client.getQuote({ symbol })).price, 187.2);
  },

  async "an error of a unary call"(subject) {
    const { client, symbol } = start(subject, "missing");
    const error = await failure(client.getQuote({ symbol }));
    equal([error.code, error.status, error.statusCode, error.phase], ["status", 404, 5, "open"]);
    check(error.message.includes("no such symbol"), error.message);
  },

  async "an abort of a unary call"(subject) {
    const { client, symbol, state } = start(subject, "hang");
    const abort = new AbortController();
    const failed = failure(client.getQuote({ symbol }, { signal: abort.signal }));
    await state(({ requests }) => requests.length === 1);
    const reason = new Error("changed my mind");
    abort.abort(reason);
    check((await failed) === reason, "the reason of the signal");
    await state(({ ended }) => ended === 1);
  },

  async "a server that is not there"(subject) {
    // Nothing listens there, and it is none of the ports that `fetch` refuses by itself.
    const client = new subject.Client({ baseUrl: "http://127.0.0.1:2" });
    equal((await failure(client.getQuote({ symbol: "A" }))).code, "network");
    const stream = client.watchTrades({ symbol: "A" }, { reconnect: false });
    equal((await failure(stream.next())).code, "network");
  },

  async "a stream"(subject) {
    const { client, symbol, state } = start(subject, "count");
    const stream = client.watchTrades({ symbol });
    equal(stream.state, "idle");
    equal((await stream.opened).status, 200);
    equal(await sequences(stream), "1 2 3 4 5");
    equal([stream.state, stream.lastEventId], ["closed", "5"]);
    const { requests, reason } = await state(({ ended }) => ended === 1);
    equal([requests, reason], [[""], ""]);
  },

  async "a stream of JSON Lines"(subject) {
    const { client, symbol } = start(subject, "count");
    equal(await sequences(client.watchTrades({ symbol }, { format: "jsonl" })), "1 2 3 4 5");
  },

  async "a POST that is answered with a oneof of events"(subject) {
    const { client } = start(subject, "ask");
    const got: string[] = [];
    await subject.handleEvents(client.ask({ question: "Wie geht’s? 👋" }), {
      delta: ({ text }: { text: string }) => void got.push(text),
      toolCall: ({ name }: { name: string }) => void got.push(name),
      done: ({ tokens }: { tokens: number }) => void got.push(String(tokens)),
    });
    equal(got, ["Wie", "geht’s?", "👋", "lookup", "3"]);
  },

  async "a break"(subject) {
    const { client, symbol, state } = start(subject, "endless");
    const stream = client.watchTrades({ symbol });
    for await (const { sequence } of stream) {
      if (String(sequence) === "3") {
        break;
      }
    }
    equal(stream.state, "closed");
    equal((await state(({ ended }) => ended === 1)).reason, "client");
  },

  async "a web stream that is cancelled"(subject) {
    const { client, symbol, state } = start(subject, "endless");
    const reader = client.watchTrades({ symbol }).toReadableStream().getReader();
    equal(String((await reader.read()).value?.sequence), "1");
    await reader.cancel();
    await state(({ ended }) => ended === 1);
  },

  async "an abort while connecting"(subject) {
    const { client, symbol, state } = start(subject, "hang");
    const abort = new AbortController();
    const stream = client.watchTrades({ symbol }, { signal: abort.signal });
    const failed = failure(stream.next());
    await state(({ requests }) => requests.length === 1);
    equal(stream.state, "connecting");
    const reason = new Error("changed my mind");
    abort.abort(reason);
    check((await failed) === reason, "the reason of the signal");
    const { requests } = await state(({ ended }) => ended === 1);
    equal(requests, [""]);
  },

  async "an abort while open"(subject) {
    const { client, symbol, state } = start(subject, "quiet");
    const abort = new AbortController();
    const stream = client.watchTrades({ symbol }, { signal: abort.signal });
    await stream.opened;
    const failed = failure(stream.next());
    equal(stream.state, "open");
    const reason = new Error("changed my mind");
    abort.abort(reason);
    check((await failed) === reason, "the reason of the signal");
    equal(stream.state, "closed");
    const { requests, reason: serverReason } = await state(({ ended }) => ended === 1);
    equal([requests, serverReason], [[""], "client"]);
  },

  async "an abort while waiting to reconnect"(subject) {
    const { client, symbol, state } = start(subject, "busy");
    const abort = new AbortController();
    let onWait = (_error: unknown): void => {};
    const waits = new Promise((resolve) => (onWait = resolve));
    const stream = client.watchTrades(
      { symbol },
      {
        signal: abort.signal,
        reconnect: { initialDelayMs: HOUR, maxDelayMs: HOUR },
        onReconnect: ({ error }) => onWait(error),
      },
    );
    const failed = failure(stream.next());
    equal(((await waits) as Failure).status, 503);
    equal(stream.state, "waiting");
    const reason = new Error("changed my mind");
    abort.abort(reason);
    check((await failed) === reason, "the reason of the signal");
    equal(stream.state, "closed");
    equal((await state(() => true)).requests, [""]);
  },

  async "a connection that is killed, and resumed"(subject) {
    const { client, symbol, state } = start(subject, "killed");
    const errors: string[] = [];
    const stream = client.watchTrades(
      { symbol },
      { reconnect: { initialDelayMs: 1 }, onReconnect: ({ error }) => void errors.push((error as Failure).code) },
    );
    equal(await sequences(stream), "1 2 3 4 5 6");
    check(errors.length === 1 && lost(errors[0]), `one reconnection: ${errors}`);
    equal((await state(({ ended }) => ended === 2)).requests, ["", "3"]);
  },

  async "a connection that is killed, and not resumed"(subject) {
    const { client, symbol } = start(subject, "killed");
    const stream = client.watchTrades({ symbol }, { reconnect: false });
    const error = await failure(sequences(stream));
    check(lost(error.code), String(error));
    equal([error.phase, stream.lastEventId], ["body", "3"]);
  },

  async "a body that ends before its stream"(subject) {
    const { client, symbol } = start(subject, "cut");
    equal((await failure(sequences(client.watchTrades({ symbol }, { reconnect: false })))).code, "truncated");
  },

  async "a server that is silent for longer than it promised"(subject) {
    const { client, symbol, state } = start(subject, "silent");
    const error = await failure(sequences(client.watchTrades({ symbol }, { reconnect: false })));
    equal([error.code, error.kind], ["timeout", "idle"]);
    await state(({ ended }) => ended === 1);
  },

  async "a limit for the head"(subject) {
    const { client, symbol, state } = start(subject, "hang");
    const stream = client.watchTrades({ symbol }, { reconnect: false, connectTimeoutMs: 100 });
    const error = await failure(stream.next());
    equal([error.code, error.kind], ["timeout", "connect"]);
    await state(({ ended }) => ended === 1);
  },

  async "an error before the head of a stream"(subject) {
    const { client, symbol, state } = start(subject, "missing");
    const error = await failure(client.watchTrades({ symbol }).next());
    equal([error.code, error.status, error.statusCode, error.phase], ["status", 404, 5, "open"]);
    equal((await state(() => true)).requests, [""]);
  },

  async "an error after the head of a stream"(subject) {
    const { client, symbol } = start(subject, "breaks");
    const stream = client.watchTrades({ symbol }, { reconnect: false });
    equal(String((await stream.next()).value?.sequence), "1");
    const error = await failure(stream.next());
    equal([error.code, error.statusCode, error.phase], ["status", 15, "body"]);
    check(error.message.includes("the disk is gone"), error.message);
  },

  async "a reader that is slower than its server"(subject) {
    const { client, symbol, state } = start(subject, "flood");
    const stream = client.watchTrades({ symbol });
    await stream.next();
    let last = -1;
    const rest = await state(({ asked }) => {
      const still = asked === last;
      last = asked;
      return still;
    }, 300);
    // 4 KiB each. Most runtimes take 4 MiB; Chromium itself takes 70 to 100, also when a page reads with nothing but `fetch`.
    check(rest.asked < 50_000, `asked for ${rest.asked} events of 100,000`);
    for (let sequence = 2; sequence <= 5000; sequence++) {
      equal(String((await stream.next()).value?.sequence), String(sequence));
    }
    await stream.return();
    equal((await state(({ ended }) => ended === 1)).reason, "client");
  },
};

export const names: readonly string[] = Object.keys(cases);

export async function runCases(subject: Subject): Promise<Results> {
  const results: Results = {};
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run(subject);
    } catch (error) {
      results[name] = error instanceof Error ? `${error.stack ?? error}` : String(error);
    }
  }
  return results;
}

let count = 0;

/** A client, a symbol that no other case has, and what the server has seen of it. */
function start({ baseUrl, run, Client }: Subject, program: string) {
  const symbol = `${program}.${run}.${count++}`;
  return {
    client: new Client({ baseUrl }),
    symbol,
    /** Waits until what the server has seen is as it should be. */
    async state(done: (state: State) => boolean, pauseMs = 20): Promise<State> {
      for (let left = 300; ; left--) {
        const response = await fetch(`${baseUrl}/state/${symbol}`);
        const state: State = await response.json();
        if (done(state)) {
          return state;
        }
        if (left === 0) {
          throw new Error(`the server has seen only ${JSON.stringify(state)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
  };
}

async function sequences(stream: AsyncIterable<{ readonly sequence: bigint | string }>): Promise<string> {
  const got: string[] = [];
  for await (const { sequence } of stream) {
    got.push(String(sequence));
  }
  return got.join(" ");
}

/** What the errors of a client have, of both kinds of messages and in any runtime. */
interface Failure extends Error {
  readonly code: string;
  readonly phase: string;
  readonly status?: number;
  readonly statusCode?: number;
  readonly kind?: string;
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  return work.then(
    (value) => {
      throw new Error(`no error, but ${JSON.stringify(value, (_key, part) => String(part))}`);
    },
    (error) => error,
  );
}

/** Some runtimes take a connection that is reset for the end of a body, which the promise of `:end` finds out. */
function lost(code: string | undefined): boolean {
  return code === "network" || code === "truncated";
}

function equal(got: unknown, want: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  check(a === b, `got ${a}, want ${b}`);
}

function check(condition: boolean, what: string): void {
  if (!condition) {
    throw new Error(what);
  }
}
