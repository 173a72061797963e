import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { AskEventSchema, QuoteSchema, type Trade, TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { Code, createServer, createTopic, StatusError, type Topic, type Tracked } from "../../server.js";
import { createMarketService } from "../../testing/market-service.js";
import { rawRequest } from "../../testing/raw-client.js";
import { serve } from "../../testing/serve.js";

/** The next `count` ids of a subscription. */
async function take(subscription: AsyncIterator<Tracked<unknown>>, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const { done, value } = await subscription.next();
    if (done) {
      break;
    }
    ids.push(value.id);
  }
  return ids;
}

function publish(topic: Topic<Trade>, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) {
    topic.publish({ sequence: BigInt(sequence) });
  }
}

describe("a topic", () => {
  test("holds no more bytes than maxBytes, but always the last event", async () => {
    const topic = createTopic(TradeSchema, { maxBytes: 1000 });
    const symbol = "x".repeat(200);
    const subscription = topic.subscribe();
    for (let sequence = 1n; sequence <= 10n; sequence++) {
      topic.publish({ sequence, symbol });
    }
    // Four of 205 bytes are kept.
    for (const after of ["1", "6"]) {
      expect(() => topic.subscribe({ after })).toThrow(/are not kept/);
    }
    expect(await take(topic.subscribe({ after: "7" }), 3)).toEqual(["8", "9", "10"]);
    await expect(subscription.next()).rejects.toMatchObject({
      code: 11,
      message: expect.stringContaining("4 are kept"),
    });
    topic.publish({ sequence: 11n, symbol: "y".repeat(5000) });
    expect(() => topic.subscribe({ after: "10" })).toThrow(/are not kept/);
    topic.publish({ sequence: 12n });
    expect(() => topic.subscribe({ after: "11" })).toThrow(/are not kept/);
    expect(await take(topic.subscribe({ after: "12" }), 0)).toEqual([]);
  });

  test("counts what is encoded for streams, too", async () => {
    const topic = createTopic(TradeSchema, { maxBytes: 1000 });
    const symbol = "x".repeat(200);
    const { fetch } = createServer({
      services: [createMarketService({ watchTrades: () => topic.subscribe({ after: "1" }) }, { unimplemented: "501" })],
    });
    for (let sequence = 1n; sequence <= 4n; sequence++) {
      topic.publish({ sequence, symbol });
    }
    topic.close();
    const response = await fetch(new Request("http://localhost/v1/trades/A:watch"));
    expect((await response.text()).match(/^id: .*$/gm)).toEqual(["id: 2", "id: 3", "id: 4"]);
    // Three of about 450 bytes, of which two are kept.
    expect(() => topic.subscribe({ after: "2" })).toThrow(/are not kept/);
    expect(await take(topic.subscribe({ after: "3" }), 1)).toEqual(["4"]);
  });

  test("refuses what is no event when it is published, and its subscribers hear nothing of it", async () => {
    const topic = createTopic(AskEventSchema);
    const subscription = topic.subscribe();
    expect(() => topic.publish({})).toThrow('market.v1.AskEvent without an event: set a member of its oneof "event"');
    topic.publish({ event: { case: "done", value: {} } });
    expect(await subscription.next()).toMatchObject({ done: false, value: { message: { event: { case: "done" } } } });
  });

  test("refuses an id that is not a value of the event_id field", () => {
    const topic = createTopic(TradeSchema, { id: ({ symbol }) => symbol });
    topic.publish({ symbol: "7" });
    expect(() => topic.publish({ symbol: "A/7" })).toThrow('event id "A/7" is not an integer');
  });
});

describe("a subscription", () => {
  test("has the events from its beginning on, whether it waits or lags", async () => {
    const topic = createTopic(TradeSchema);
    expectTypeOf(topic).toEqualTypeOf<Topic<Trade>>();
    publish(topic, 1, 2);
    const subscription = topic.subscribe();
    publish(topic, 3, 4);
    const [first, second, third] = [subscription.next(), subscription.next(), subscription.next()];
    publish(topic, 5, 5);
    expect((await Promise.all([first, second, third])).map(({ value }) => value?.id)).toEqual(["3", "4", "5"]);
    topic.close();
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    expect(() => topic.publish({})).toThrow("topic is closed");
  });

  test("goes on after an event", async () => {
    const topic = createTopic(TradeSchema, { replay: 3, queue: 0 });
    publish(topic, 1, 5);
    expect(await take(topic.subscribe({ after: "3" }), 2)).toEqual(["4", "5"]);
    topic.close();
    expect(await take(topic.subscribe({ after: "5" }), 1)).toEqual([]);
    for (const after of ["1", "2", "6", ""]) {
      expect(() => topic.subscribe({ after })).toThrow(
        expect.objectContaining({ code: 11, message: `the events after "${after}" are not kept: start over` }),
      );
    }
  });

  test("that falls behind ends with code 11, and loses nothing before", async () => {
    const topic = createTopic(TradeSchema, { replay: 0, queue: 4 });
    const subscription = topic.subscribe();
    publish(topic, 1, 4);
    expect(await take(subscription, 1)).toEqual(["1"]);
    publish(topic, 5, 5);
    expect(await take(subscription, 1)).toEqual(["2"]);
    publish(topic, 6, 8);
    await expect(subscription.next()).rejects.toThrow(StatusError);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });

  test("ends with the error that the topic is closed with, after the events", async () => {
    const topic = createTopic(TradeSchema);
    const subscription = topic.subscribe();
    const late = topic.subscribe();
    publish(topic, 1, 2);
    const error = new StatusError(Code.Aborted, "the market is closed");
    topic.close(error);
    topic.close();
    expect(await take(subscription, 2)).toEqual(["1", "2"]);
    await expect(subscription.next()).rejects.toBe(error);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    await late.return?.();
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  test("ends with its signal", async () => {
    const topic = createTopic(TradeSchema);
    const abort = new AbortController();
    const waiting = topic.subscribe({ signal: abort.signal });
    const next = waiting.next();
    const reason = new Error("enough");
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(await waiting.next()).toEqual({ done: true, value: undefined });
    await expect(topic.subscribe({ signal: abort.signal }).next()).rejects.toBe(reason);
  });

  test("ends when it is left, and leaves no listener", async () => {
    const topic = createTopic(TradeSchema);
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    const subscription = topic.subscribe({ signal });
    const next = subscription.next();
    await subscription.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(remove).toHaveBeenCalled();
  });
});

describe("publish refuses what no stream could send, and no subscriber hears of it", () => {
  test("a number out of range", async () => {
    const topic = createTopic(TradeSchema);
    const subscription = topic.subscribe();
    expect(() => topic.publish({ sequence: 1n, size: 2 ** 40 })).toThrow("size");
    topic.publish({ sequence: 2n });
    expect(await take(subscription, 1)).toEqual(["2"]);
    expect(() => topic.subscribe({ after: "1" })).toThrow(/are not kept/);
  });

  test("a time that has no JSON", async () => {
    const topic = createTopic(QuoteSchema, { id: ({ symbol }) => symbol });
    const subscription = topic.subscribe();
    expect(() => topic.publish({ symbol: "A", time: { seconds: 10n ** 12n } })).toThrow("google.protobuf.Timestamp");
    topic.publish({ symbol: "B", time: { seconds: 1n } });
    expect(await take(subscription, 1)).toEqual(["B"]);
  });

  test("but what needs the registry of the server is not its business", () => {
    createTopic(AnySchema).publish({ typeUrl: "type.googleapis.com/market.v1.Trade", value: new Uint8Array() });
  });
});

test("options that are no numbers are refused", () => {
  expect(() => createTopic(TradeSchema, { replay: Number.NaN })).toThrow("option replay is NaN");
  expect(() => createTopic(TradeSchema, { queue: -1 })).toThrow(
    "option queue is -1: give a number of events, 0 or more",
  );
  expect(() => createTopic(TradeSchema, { maxBytes: "1mb" as never })).toThrow("option maxBytes is string");
  createTopic(TradeSchema, { replay: 0, queue: 0, maxBytes: Number.POSITIVE_INFINITY });
});

describe("ids", () => {
  test("without an event_id are the topic's own, which no other topic knows", async () => {
    const topics = [createTopic(AskEventSchema), createTopic(AskEventSchema)] as const;
    for (const topic of topics) {
      topic.publish({ event: { case: "delta", value: { text: "a" } } });
    }
    const [id = ""] = await take(topics[0].subscribe({ after: undefined }), 0);
    expect(id).toBe("");
    const subscription = topics[0].subscribe();
    topics[0].publish({ event: { case: "delta", value: { text: "b" } } });
    const [second = ""] = await take(subscription, 1);
    expect(second).toMatch(/^[a-z0-9]+-1$/);
    expect(() => topics[1].subscribe({ after: second })).toThrow(StatusError);
  });

  test("from a function", async () => {
    const topic = createTopic(TradeSchema, { id: ({ symbol }) => symbol });
    const subscription = topic.subscribe();
    topic.publish({ sequence: 1n, symbol: "-41" });
    expect(await take(subscription, 1)).toEqual(["-41"]);
    expect(() => topic.publish({ symbol: "A\nB" })).toThrow("line break");
  });
});

test("an event is encoded once, whatever the number of streams", async () => {
  const topic = createTopic(TradeSchema);
  const { port, url } = await serve(
    createServer({
      services: [
        createMarketService(
          { watchTrades: (_request, { signal, lastEventId }) => topic.subscribe({ signal, after: lastEventId }) },
          { unimplemented: "501" },
        ),
      ],
    }),
  );
  const exchanges = Array.from({ length: 20 }, () => rawRequest(port, ["GET /v1/trades/A:watch HTTP/1.1"]));
  await Promise.all(exchanges.map((exchange) => exchange.until(" end\n")));
  let reads = 0;
  for (const sequence of [1n, 2n, 3n]) {
    const get = () => {
      reads++;
      return 0;
    };
    topic.publish(Object.defineProperty(create(TradeSchema, { sequence }), "price", { get, enumerable: true }));
  }
  const whilePublished = reads;
  await Promise.all(exchanges.map((exchange) => exchange.until('id: 3\ndata: {"sequence":"3"}\n\n')));
  // An encoder reads each field once.
  expect(reads - whilePublished).toBe(3);
  for (const exchange of exchanges) {
    expect(exchange.text().match(/^id: .*$/gm)).toEqual(["id: 1", "id: 2", "id: 3"]);
    exchange.socket.destroy();
  }
  const resumed = rawRequest(port, ["GET /v1/trades/A:watch HTTP/1.1", "Last-Event-ID: 2"]);
  await resumed.until('id: 3\ndata: {"sequence":"3"}\n\n');
  expect(resumed.text()).not.toContain("id: 2");
  resumed.socket.destroy();
  const lost = await fetch(`${url}/v1/trades/A:watch`, { headers: { "Last-Event-ID": "0" } });
  expect([lost.status, await lost.json()]).toEqual([
    410,
    { code: 11, message: 'the events after "0" are not kept: start over' },
  ]);
});

test("an iterator over a topic may be wrapped by a handler", async () => {
  const topic = createTopic(TradeSchema);
  publish(topic, 1, 3);
  topic.close();
  const { url } = await serve(
    createServer({
      services: [
        createMarketService(
          {
            async *watchTrades(_request, { signal }) {
              for await (const event of topic.subscribe({ signal, after: "1" })) {
                if (event.message.sequence > 2n) {
                  yield event;
                }
              }
            },
          },
          { unimplemented: "501" },
        ),
      ],
    }),
  );
  const response = await fetch(`${url}/v1/trades/A:watch`);
  expect(await response.text()).toBe(':sse/1 heartbeat=15000 end\nid: 3\ndata: {"sequence":"3"}\n\n:end\n');
});
