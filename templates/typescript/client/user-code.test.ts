/** Code of the user may end, fail or re-enter the call that it is called from: nothing is sent after that. */
import { describe, expect, test } from "vitest";
import type { AskEvent, Trade } from "../../../test/gen/market/v1/market_pb.js";
import type { CallOptions, ClientOptions, EventStream, StreamOptions, UnaryRequest } from "../client.js";
import { startFrameServer } from "../testing/frames.js";
import { startServer } from "../testing/http-server.js";
import { MarketServiceClient } from "../testing/market-client.js";
import { expectNoUnhandledRejections } from "../testing/unhandled.js";

expectNoUnhandledRejections();

/** Options under which `act` is called at one place; it is called each time that the place is reached. */
type Place = (act: () => unknown) => Partial<ClientOptions>;

/** What unary calls and streams call. */
const places: Readonly<Record<string, Place>> = {
  "headers()": (act) => ({
    headers: () => {
      act();
      return {};
    },
  }),
  "headers() that resolves later": (act) => ({
    headers: async () => {
      await new Promise(setImmediate);
      act();
      return {};
    },
  }),
  "an interceptor before it calls next": (act) => ({
    interceptors: [
      (next) => async (request) => {
        act();
        return next(request);
      },
    ],
  }),
  "an interceptor after it called next": (act) => ({
    interceptors: [
      (next) => async (request) => {
        const response = await next(request);
        act();
        return response;
      },
    ],
  }),
  "fetch, before the request": (act) => ({
    fetch: (url, init) => {
      act();
      return fetch(url, init);
    },
  }),
  "fetch, after the response": (act) => ({
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      act();
      return response;
    },
  }),
  onResponse: (act) => ({ onResponse: () => void act() }),
  "the validator": (act) => ({
    validator: {
      validate() {
        act();
        return { kind: "valid" };
      },
    },
  }),
  readError: (act) => ({
    readError() {
      act();
      return undefined;
    },
  }),
};

/** What only streams call. */
const streamPlaces: Readonly<Record<string, Place>> = {
  ...places,
  onComment: (act) => ({ onComment: () => void act() }),
  onReconnect: (act) => ({ onReconnect: () => void act() }),
  shouldReconnect: (act) => ({
    reconnect: {
      ...fast,
      shouldReconnect() {
        act();
        return true;
      },
    },
  }),
  "shouldReconnect that resolves later": (act) => ({
    reconnect: {
      ...fast,
      async shouldReconnect() {
        await new Promise(setImmediate);
        act();
        return true;
      },
    },
  }),
  "an interceptor's decode that leaves the event out": (act) => ({
    interceptors: [
      (next) => async (request) => {
        const response = await next(request);
        if (response.kind === "unary") {
          return response;
        }
        return {
          ...response,
          decode(event, place) {
            const first = place.attempt === 1;
            act();
            return first ? undefined : response.decode(event, place);
          },
        };
      },
    ],
  }),
  "a listener of the request's signal": (act) => ({
    interceptors: [
      (next) => async (request) => {
        request.signal.addEventListener("abort", act);
        return next(request);
      },
    ],
  }),
};

const hang = (act: () => unknown) => (): Promise<never> => {
  act();
  return new Promise(() => {});
};
const fast = { initialDelayMs: 0, maxAttempts: 50 };
const reason = { why: "the caller has had enough" };

/** Long enough for requests without pause to show. */
async function pass(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await new Promise(setImmediate);
  }
}

/** A stream whose every place is reached: a head, a comment, an event, a cut, an error, and again from the beginning. */
async function serveTrades() {
  return startFrameServer(({ number, raw, send, cut }) =>
    number % 2 === 0
      ? raw.writeHead(503).end()
      : send(`:sse/1\n:\nid: ${number}\ndata: {"sequence":"${number}"}\n\n`).then(cut),
  );
}

interface Setting {
  readonly stream: EventStream<Trade>;
  readonly controller: AbortController;
  /** Requests that reached `fetch`. */
  sent(): number;
}

/** Runs a stream until `act` was called at a place, and to its end. */
async function run(place: Place, act: (setting: Setting) => unknown, options: StreamOptions = {}) {
  const { baseUrl } = await serveTrades();
  const controller = new AbortController();
  let acted: number | undefined;
  let sent = 0;
  const own = place(() => {
    if (acted !== undefined) {
      return;
    }
    acted = sent;
    return act({ stream, controller, sent: () => sent });
  });
  const { fetch: ownFetch = fetch } = own;
  const client = new MarketServiceClient({
    baseUrl,
    reconnect: fast,
    ...own,
    fetch: (url, init) => {
      sent++;
      return ownFetch(url, init);
    },
  });
  const stream: EventStream<Trade> = client.watchTrades({ symbol: "A" }, { signal: controller.signal, ...options });
  const ids: bigint[] = [];
  let failure: unknown;
  try {
    for await (const { sequence } of stream) {
      ids.push(sequence);
      // For the places that a close has to end.
      if (ids.length === 20) {
        break;
      }
    }
  } catch (error) {
    failure = error;
  }
  return { stream, ids, failure, acted, sent: () => sent };
}

describe.each(Object.entries(streamPlaces))("a stream, in %s,", (_name, place) => {
  const ways: Readonly<Record<string, (setting: Setting) => unknown>> = {
    "return()": ({ stream }) => stream.return(),
    "throw()": ({ stream }) => stream.throw(new Error("thrown in")).catch(() => {}),
    "await using": ({ stream }) => stream[Symbol.asyncDispose](),
    "abort()": ({ controller }) => controller.abort(reason),
  };
  test.each(Object.entries(ways))("is ended by %s, and sends nothing more", async (name, end) => {
    const { stream, failure, acted, sent } = await run(place, end);
    expect(acted).toBeDefined();
    expect(stream.state).toBe("closed");
    expect(failure).toBe(name === "abort()" ? reason : undefined);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await pass();
    expect(sent()).toBe(acted);
    expect(stream.state).toBe("closed");
  });

  test("goes on when the next event is asked for there: in order, each once", async () => {
    const others: Promise<IteratorResult<Trade, void>>[] = [];
    const { ids } = await run(place, ({ stream }) => void others.push(stream.next()));
    const [other] = await Promise.all(others);
    const all = [...ids, ...(other?.value ? [other.value.sequence] : [])];
    expect(new Set(all).size).toBe(all.length);
    expect(ids).toEqual([...ids].sort((a, b) => Number(a - b)));
  });

  test("goes on when reconnect() is called there", async () => {
    const { ids, stream, failure, sent } = await run(place, ({ stream }) => stream.reconnect());
    expect(failure).toBeUndefined();
    expect(ids).toEqual([...ids].sort((a, b) => Number(a - b)));
    const count = sent();
    await pass();
    expect(sent()).toBe(count);
    expect(stream.state).toBe("closed");
  });
});

describe.each(Object.entries(streamPlaces))("a stream, in %s,", (name, place) => {
  test("fails with what is thrown there, and sends nothing more", async () => {
    // An exception of `fetch` is a failure of the network; one of a listener is nobody's.
    if (/^(fetch|a listener)/.test(name)) {
      return;
    }
    const error = new Error("from code of the user");
    const { failure, acted, sent, stream } = await run(place, () => {
      throw error;
    });
    // What the validator throws is why a message cannot be read.
    expect(name === "the validator" ? (failure as Error).cause : failure).toBe(error);
    await pass();
    expect(sent()).toBe(acted);
    expect(stream.state).toBe("closed");
  });
});

describe("onUnknownEvent", () => {
  test.each(["return()", "abort()"])(
    "may end the stream by %s: what is queued behind it is not delivered",
    async (way) => {
      const server = await startFrameServer(({ send }) =>
        send("event: gossip\ndata: {}\n\nevent: delta\ndata: {}\n\n"),
      );
      const controller = new AbortController();
      const stream: EventStream<AskEvent> = new MarketServiceClient({ baseUrl: server.baseUrl, reconnect: fast }).ask(
        { question: "?" },
        {
          signal: controller.signal,
          onUnknownEvent: () => void (way === "abort()" ? controller.abort(reason) : stream.return()),
        },
      );
      if (way === "abort()") {
        await expect(stream.next()).rejects.toBe(reason);
      }
      expect(await stream.next()).toEqual({ done: true, value: undefined });
      await pass();
      expect(server.received).toHaveLength(1);
    },
  );
});

describe("a callback that never settles", () => {
  test.each(["return()", "abort()"])("does not keep a stream from %s in it", async (way) => {
    const hangs: Place[] = [
      (act) => ({ headers: hang(act) }),
      (act) => ({ interceptors: [() => hang(act)] }),
      (act) => ({ fetch: hang(act) }),
      (act) => ({ reconnect: { ...fast, shouldReconnect: hang(act) } }),
    ];
    for (const place of hangs) {
      const { failure, stream } = await run(place, ({ stream, controller }) =>
        way === "abort()" ? controller.abort(reason) : stream.return(),
      );
      expect(stream.state).toBe("closed");
      expect(failure).toBe(way === "abort()" ? reason : undefined);
    }
  });
});

describe("a unary call", () => {
  async function call(place: Place, act: (controller: AbortController) => unknown) {
    const { baseUrl } = await startServer((_, response) => response.writeHead(503).end());
    const controller = new AbortController();
    let acted: number | undefined;
    let sent = 0;
    const own = place(() => {
      if (acted !== undefined) {
        return;
      }
      acted = sent;
      return act(controller);
    });
    const { fetch: ownFetch = fetch } = own;
    const options: CallOptions = { signal: controller.signal, retry: { maxAttempts: 5, initialDelayMs: 0 } };
    const client = new MarketServiceClient({
      baseUrl,
      ...own,
      fetch: (url, init) => {
        sent++;
        return ownFetch(url, init);
      },
    });
    const failure: unknown = await client.getQuote({ symbol: "A" }, options).catch((error) => error);
    await pass();
    return { failure, acted, sent };
  }
  // No response is read: there is none but errors.
  const { "an interceptor after it called next": _, ...reached } = places;

  test.each(Object.entries(reached))("is aborted in %s, and sends nothing more", async (_name, place) => {
    const { failure, acted, sent } = await call(place, (controller) => controller.abort(reason));
    expect(failure).toBe(reason);
    expect(acted).toBeDefined();
    expect(sent).toBe(acted);
  });

  test.each(Object.entries(reached))("fails with what is thrown in %s, and is not sent again", async (name, place) => {
    if (name.startsWith("fetch")) {
      return; // a failure of the network
    }
    const error = new Error("from code of the user");
    const { failure, acted, sent } = await call(place, () => {
      throw error;
    });
    expect(name === "the validator" ? (failure as Error).cause : failure).toBe(error);
    expect(sent).toBe(acted);
  });

  test("is aborted by code that never settles", async () => {
    const hangs: Place[] = [
      (act) => ({ headers: hang(act) }),
      (act) => ({ interceptors: [() => hang(act)] }),
      (act) => ({ fetch: hang(act) }),
    ];
    for (const place of hangs) {
      expect((await call(place, (controller) => controller.abort(reason))).failure).toBe(reason);
    }
  });

  test("passes the attempt to interceptors", async () => {
    const attempts: UnaryRequest["attempt"][] = [];
    const place: Place = (act) => ({
      interceptors: [
        (next) => async (request) => {
          attempts.push(request.attempt);
          act();
          return next(request);
        },
      ],
    });
    await call(place, () => {});
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
