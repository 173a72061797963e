import { toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { AskEventSchema, TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { type Headline, HeadlineSchema, ReadingSchema } from "../../../../test/gen/news/v1/news_pb.js";
import {
  Code,
  CursorError,
  createLogTopic,
  createMemoryEventLog,
  type LogTopic,
  type LogTopicOptions,
  type MemoryRetention,
  StatusError,
  type TailInfo,
  type Topic,
  type Tracked,
} from "../../server.js";
import { WatchedLog } from "../../testing/watched-log.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A topic over a log of its own in memory, which counts and can fail. */
function createTopicOverLog(options: Partial<LogTopicOptions> = {}, keep: MemoryRetention = {}) {
  const log = new WatchedLog(createMemoryEventLog({ keep }));
  const topic = createLogTopic(HeadlineSchema, { log, name: "news", ...options });
  return { log, topic };
}

async function publish(topic: LogTopic<Headline>, from: number, to: number): Promise<string[]> {
  const cursors: string[] = [];
  for (let n = from; n <= to; n++) {
    cursors.push(await topic.publish({ text: String(n) }));
  }
  return cursors;
}

/** The texts of the next events. */
async function take(subscription: AsyncIterator<Tracked<Headline>>, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { done, value } = await subscription.next();
    if (done) {
      break;
    }
    texts.push(value.message.text);
  }
  return texts;
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}

/** Waits for what another part of the process does, however long that takes. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const gap = (reason: string) => expect.objectContaining({ name: "CursorError", code: Code.OutOfRange, reason });

describe("a topic over a log", () => {
  test("is a topic", () => {
    expectTypeOf<LogTopic<Headline>>().toExtend<Topic<Headline>>();
  });

  test("gives subscribers what is published after them, with its cursor", async () => {
    const { topic } = createTopicOverLog();
    const subscription = topic.subscribe();
    const cursor = await topic.publish({ id: "the publisher's", text: "one" });
    const { value } = await subscription.next();
    expect(value?.id).toBe(cursor);
    expect(value?.message).toMatchObject({ id: cursor, text: "one" });
  });

  test("gives what is published right after subscribe, even if the log takes its time", async () => {
    const { log, topic } = createTopicOverLog();
    log.before = (call) => (call === "append" ? undefined : new Promise((resolve) => setTimeout(resolve, 20)));
    const subscription = topic.subscribe();
    await publish(topic, 1, 1);
    expect(await take(subscription, 1)).toEqual(["1"]);
  });

  test("gives all subscribers one event, decoded once", async () => {
    const { topic } = createTopicOverLog();
    const subscriptions = [topic.subscribe(), topic.subscribe()];
    await publish(topic, 1, 1);
    const [a, b] = await Promise.all(subscriptions.map((subscription) => subscription.next()));
    expect(a?.value).toBe(b?.value);
    expect(a?.value?.message).toBe(b?.value?.message);
  });

  test("needs no event_id", async () => {
    const log = createMemoryEventLog();
    const topic = createLogTopic(ReadingSchema, { log, name: "readings" });
    const subscription = topic.subscribe();
    const cursor = await topic.publish({ value: 7 });
    expect((await subscription.next()).value).toMatchObject({ id: cursor, message: { value: 7 } });
  });

  test("keeps the binary form of the message, with fields that this version does not know", async () => {
    const { log, topic } = createTopicOverLog();
    const subscription = topic.subscribe();
    const unknown = Uint8Array.of(0x98, 0x06, 0x05); // field 99, varint 5
    const known = toBinary(HeadlineSchema, { $typeName: "news.v1.Headline", id: "", text: "one" });
    const cursor = await log.append("news", Uint8Array.of(...known, ...unknown));
    const message = (await subscription.next()).value?.message;
    expect(message?.$unknown).toMatchObject([{ no: 99 }]);
    expect(message && toBinary(HeadlineSchema, { ...message, id: "" })).toEqual(Uint8Array.of(...known, ...unknown));
    expect(message?.id).toBe(cursor);
  });

  test("refuses an event_id that cannot hold a cursor", () => {
    const log = createMemoryEventLog();
    expect(() => createLogTopic(TradeSchema, { log, name: "trades" })).toThrow(
      /sequence has event_id, and cannot hold the cursor .*: make it a string field/,
    );
  });

  test("refuses what a topic refuses to publish, and appends nothing", async () => {
    const log = new WatchedLog(createMemoryEventLog());
    const topic = createLogTopic(AskEventSchema, { log, name: "answers" });
    await expect(topic.publish({})).rejects.toThrow(/without an event/);
    // @ts-expect-error: not the message
    await expect(topic.publish("text")).rejects.toThrow(TypeError);
    expect(log.calls.append).toBe(0);
  });

  test("refuses options that are mistakes", () => {
    const log = createMemoryEventLog();
    expect(() => createLogTopic(HeadlineSchema, { log, name: "" })).toThrow(/option name is empty/);
    // @ts-expect-error: no name
    expect(() => createLogTopic(HeadlineSchema, { log })).toThrow(/option name is undefined/);
    expect(() => createLogTopic(HeadlineSchema, { log, name: "x", maxBytes: -1 })).toThrow(/option maxBytes/);
    for (const mistake of [null, {}, "redis", Promise.resolve(log)]) {
      expect(() => createLogTopic(HeadlineSchema, { log: mistake as never, name: "x" })).toThrow(
        "option log is no event log: give one of createMemoryEventLog, createRedisEventLog, or your own",
      );
    }
    for (const name of ["events", "ms", "bytes"]) {
      expect(() => createMemoryEventLog({ keep: { [name]: -1 } })).toThrow(new RegExp(`option keep\\.${name}`));
    }
  });

  test("is one for a name, a log and the process", async () => {
    const [log, other] = [createMemoryEventLog(), createMemoryEventLog()];
    const topic = createLogTopic(HeadlineSchema, { log, name: "a" });
    expect(createLogTopic(HeadlineSchema, { log, name: "a" })).toBe(topic);
    expect(createLogTopic(HeadlineSchema, { log, name: "b" })).not.toBe(topic);
    expect(createLogTopic(HeadlineSchema, { log: other, name: "a" })).not.toBe(topic);
    expect(() => createLogTopic(ReadingSchema, { log, name: "a" })).toThrow(
      /topic "a" has messages of news.v1.Headline, not of news.v1.Reading/,
    );
  });

  test("is over one log in memory by default", async () => {
    const name = "the only topic of this name";
    const topic = createLogTopic(HeadlineSchema, { name });
    expect(createLogTopic(HeadlineSchema, { name })).toBe(topic);
    const subscription = topic.subscribe();
    await topic.publish({ text: "one" });
    expect(await take(subscription, 1)).toEqual(["one"]);
    await subscription.return();
  });

  test("passes the key of a publication on", async () => {
    const { topic } = createTopicOverLog();
    const subscription = topic.subscribe();
    const first = await topic.publish({ text: "one" }, { key: "k" });
    expect(await topic.publish({ text: "one" }, { key: "k" })).toBe(first);
    await topic.publish({ text: "two" });
    expect(await take(subscription, 2)).toEqual(["one", "two"]);
  });

  test("rejects a publication that the log did not confirm with code 14", async () => {
    const { log, topic } = createTopicOverLog();
    const cause = new Error("connection lost");
    log.before = () => Promise.reject(cause);
    const failure = await topic.publish({ text: "one" }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StatusError);
    expect(failure).toMatchObject({ code: Code.Unavailable, message: /may have been kept/, cause });
  });

  test("close with an error ends subscriptions with it, once they have what is there", async () => {
    const { topic } = createTopicOverLog();
    const [behind, waiting] = [topic.subscribe(), topic.subscribe()];
    await publish(topic, 1, 3);
    expect(await take(waiting, 3)).toEqual(["1", "2", "3"]);
    const next = waiting.next();
    const error = new StatusError(Code.Aborted, "the market is closed");
    topic.close(error);
    await expect(next).rejects.toBe(error);
    expect(await take(behind, 3)).toEqual(["1", "2", "3"]);
    await expect(behind.next()).rejects.toBe(error);
  });

  test("a subscription after close ends with the error of the first call, even if there was none before", async () => {
    const { topic } = createTopicOverLog();
    const error = new StatusError(Code.Aborted, "the market is closed");
    topic.close(error);
    topic.close();
    await expect(topic.subscribe().next()).rejects.toBe(error);
  });

  test("a second close leaves another topic of the same name alone", () => {
    const { log, topic } = createTopicOverLog();
    topic.close();
    const create = () => createLogTopic(HeadlineSchema, { log, name: "news" });
    const other = create();
    topic.close();
    expect(create()).toBe(other);
  });

  test("close ends subscriptions once they have what is there; the log goes on", async () => {
    const { log, topic } = createTopicOverLog();
    const [behind, waiting] = [topic.subscribe(), topic.subscribe()];
    await publish(topic, 1, 3);
    expect(await take(waiting, 3)).toEqual(["1", "2", "3"]);
    const next = waiting.next();
    topic.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await take(behind, 9)).toEqual(["1", "2", "3"]);
    await expect(topic.publish({ text: "4" })).rejects.toThrow(/topic is closed/);
    expect(await take(topic.subscribe(), 1)).toEqual([]);
    const again = createLogTopic(HeadlineSchema, { log, name: "news" });
    expect(again).not.toBe(topic);
    const subscription = again.subscribe();
    await publish(again, 4, 4);
    expect(await take(subscription, 1)).toEqual(["4"]);
  });
});

describe("one order", () => {
  test("for all subscribers and all nodes, whoever publishes", async () => {
    const log = createMemoryEventLog();
    // Two nodes: what they have in common is the log.
    const topics = [log, new WatchedLog(log)].map((node) => createLogTopic(HeadlineSchema, { log: node, name: "n" }));
    const subscriptions = topics.flatMap((topic) => [topic.subscribe(), topic.subscribe()]);
    await Promise.all(subscriptions.map(({ cursor }) => cursor));
    await Promise.all(topics.flatMap((topic) => [publish(topic, 1, 200), publish(topic, 201, 400)]));
    const [first, ...others] = await Promise.all(subscriptions.map((subscription) => take(subscription, 800)));
    expect(first).toHaveLength(800);
    for (const other of others) {
      expect(other).toEqual(first);
    }
  });
});

describe("a subscription after a cursor", () => {
  test("gets what follows it from the ring, without a call of the log", async () => {
    const { log, topic } = createTopicOverLog();
    await topic.subscribe().cursor;
    const cursors = await publish(topic, 1, 10);
    const subscription = topic.subscribe({ after: cursors[3] });
    expect(await take(subscription, 6)).toEqual(numbers(5, 10));
    expect(log.calls.read).toBe(0);
  });

  test("gets pages of the log until the ring has its cursor, then what is published", async () => {
    const { log, topic } = createTopicOverLog();
    const cursors = await publish(topic, 1, 1500);
    const subscription = topic.subscribe({ after: cursors[99] });
    expect(await take(subscription, 1400)).toEqual(numbers(101, 1500));
    // The tail began at 1500; 1,400 entries are six pages of 256.
    expect(log.calls.read).toBe(6);
    await publish(topic, 1501, 1600);
    expect(await take(subscription, 100)).toEqual(numbers(1501, 1600));
    expect(log.calls.read).toBe(6);
  });

  test("joins pages and tail without a gap while events are published", async () => {
    const { topic } = createTopicOverLog();
    const [first] = await publish(topic, 1, 600);
    const publishing = publish(topic, 601, 3000);
    const subscriptions = Array.from({ length: 20 }, () => topic.subscribe({ after: first }));
    const all = await Promise.all(subscriptions.map((subscription) => take(subscription, 2999)));
    await publishing;
    for (const texts of all) {
      expect(texts).toEqual(numbers(2, 3000));
    }
  });

  test("waits when the tail is behind the log, and gets each event once", async () => {
    const { log, topic } = createTopicOverLog();
    await topic.subscribe().cursor;
    log.isHeld = true;
    const cursors = await publish(topic, 1, 3);
    // The node has not heard of 2, which the client saw elsewhere.
    const subscription = topic.subscribe({ after: cursors[1] });
    expect(await take(subscription, 1)).toEqual(["3"]);
    const next = take(subscription, 2);
    await until(() => log.calls.read > 3);
    log.release();
    await publish(topic, 4, 5);
    expect(await next).toEqual(["4", "5"]);
  });

  test("follows the log before it reads a page", async () => {
    const { log, topic } = createTopicOverLog();
    const [first] = await publish(topic, 1, 10);
    const calls: string[] = [];
    log.before = async (call) => {
      calls.push(call);
      await new Promise((resolve) => setTimeout(resolve, 5));
      calls.push(`${call} done`);
    };
    await topic.subscribe({ after: first }).cursor;
    expect(calls).toEqual(["tip", "tip done", "tail", "tail done", "read", "read done"]);
  });

  test("shares its pages with others at the same cursor", async () => {
    const { log, topic } = createTopicOverLog();
    const [first] = await publish(topic, 1, 200);
    const subscriptions = Array.from({ length: 50 }, () => topic.subscribe({ after: first }));
    await Promise.all(subscriptions.map((subscription) => take(subscription, 199)));
    expect(log.calls.read).toBe(1);
  });
});

describe("no silent gap", () => {
  test("a cursor that was trimmed, of another topic, or none at all ends with code 11", async () => {
    const onGap = vi.fn<NonNullable<LogTopicOptions["onGap"]>>();
    const { log, topic } = createTopicOverLog({ onGap }, { events: 10 });
    const [first = ""] = await publish(topic, 1, 100);
    const other = await createLogTopic(HeadlineSchema, { log, name: "other" }).publish({ text: "x" });
    const cases = { [first]: "trimmed", [other]: "unknown", garbage: "unknown", "": "unknown", "a b": "unknown" };
    for (const [after, reason] of Object.entries({ ...cases, ["9".repeat(65)]: "unknown" })) {
      const subscription = topic.subscribe({ after });
      await expect(subscription.next()).rejects.toEqual(gap(reason));
      await expect(subscription.cursor).rejects.toBeInstanceOf(CursorError);
      expect(await subscription.next()).toEqual({ done: true, value: undefined });
      expect(onGap.mock.lastCall).toEqual(["news", after, reason]);
    }
  });

  test("a subscriber that falls behind what is kept ends with code 11, reason behind", async () => {
    const onGap = vi.fn<NonNullable<LogTopicOptions["onGap"]>>();
    const { topic } = createTopicOverLog({ onGap }, { events: 2000 });
    const subscription = topic.subscribe();
    const cursors = await publish(topic, 1, 5000);
    // It has not begun: the ring holds the last 1,024, the log the last 2,000.
    await expect(subscription.next()).rejects.toEqual(gap("behind"));
    expect(onGap.mock.lastCall?.[2]).toBe("behind");
    const slow = topic.subscribe({ after: cursors.at(-1900) });
    expect(await take(slow, 10)).toEqual(numbers(3102, 3111));
    await publish(topic, 5001, 8000);
    // The rest of its page, then nothing in its place.
    const rest: string[] = [];
    await expect(
      (async () => {
        for await (const { message } of slow) {
          rest.push(message.text);
        }
      })(),
    ).rejects.toEqual(gap("behind"));
    expect(rest).toEqual(numbers(3112, 3111 + rest.length));
  });

  test("when the tail misses entries, each subscriber goes on after its own cursor, or ends with code 11", async () => {
    const onGap = vi.fn<NonNullable<LogTopicOptions["onGap"]>>();
    const { log, topic } = createTopicOverLog({ onGap }, { events: 50 });
    const [a, b] = [topic.subscribe(), topic.subscribe()];
    await publish(topic, 1, 10);
    expect(await take(a, 10)).toEqual(numbers(1, 10));
    expect(await take(b, 5)).toEqual(numbers(1, 5));
    log.isHeld = true;
    await publish(topic, 11, 56);
    const [listener] = log.tails;
    log.isHeld = false;
    listener?.failed(new CursorError("ignored", "behind"));
    // 10 is the cursor of the one and still kept, 5 that of the other and not.
    expect(await take(a, 46)).toEqual(numbers(11, 56));
    await expect(
      (async () => {
        for (;;) {
          await b.next();
        }
      })(),
    ).rejects.toEqual(gap("behind"));
    expect(onGap.mock.calls[0]?.[2]).toBe("behind");
    await publish(topic, 57, 60);
    expect(await take(a, 4)).toEqual(numbers(57, 60));
  });

  test("a tail that finds one gap after the other does not keep the log busy", async () => {
    vi.useFakeTimers();
    const { log, topic } = createTopicOverLog();
    await topic.subscribe().cursor;
    log.before = (call) => (call === "tail" ? Promise.reject(new CursorError("x", "trimmed")) : undefined);
    for (const listener of [...log.tails]) {
      listener.failed(new CursorError("x", "behind"));
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(log.calls.tip).toBeGreaterThan(10);
    expect(log.calls.tip).toBeLessThan(100);
  });

  test("a CursorError of another copy of the class counts as well", async () => {
    const { log, topic } = createTopicOverLog();
    const foreign = Object.assign(new Error("x"), { name: "CursorError", code: 11, cursor: "c-1", reason: "future" });
    log.before = (call) => (call === "read" ? Promise.reject(foreign) : undefined);
    const failure = await topic
      .subscribe({ after: "c-1" })
      .next()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CursorError);
    expect(failure).toMatchObject({ reason: "future" });
  });
});

test("errors of another copy of the runtime count as its own", async () => {
  const { log, topic } = createTopicOverLog();
  const foreign = () => Object.assign(new Error("it is closed"), { name: "StatusError", code: 14 });
  const subscription = topic.subscribe();
  await subscription.cursor;
  for (const listener of [...log.tails]) {
    listener.failed(foreign());
  }
  const isClosed = expect.objectContaining({ code: Code.Unavailable, message: "it is closed" });
  const failure = await subscription.next().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StatusError);
  expect(failure).toEqual(isClosed);
  log.before = () => Promise.reject(foreign());
  await expect(topic.subscribe().next()).rejects.toEqual(isClosed);
  await expect(topic.publish({ text: "x" })).rejects.toEqual(isClosed);
});

describe("a log that does not answer", () => {
  test("is tried again, while subscriptions wait", async () => {
    const { log, topic } = createTopicOverLog();
    const [first] = await publish(topic, 1, 300);
    const subscription = topic.subscribe({ after: first });
    expect(await take(subscription, 10)).toEqual(numbers(2, 11));
    let failures = 0;
    log.before = (call) => (call === "read" && failures++ < 3 ? Promise.reject(new Error("lost")) : undefined);
    expect(await take(subscription, 289)).toEqual(numbers(12, 300));
    expect(failures).toBeGreaterThan(3);
  });

  test("is followed again when its tail fails", async () => {
    const { log, topic } = createTopicOverLog();
    const subscription = topic.subscribe();
    await publish(topic, 1, 5);
    let failures = 0;
    log.before = (call) => (call === "tip" && failures++ < 3 ? Promise.reject(new Error("lost")) : undefined);
    for (const listener of [...log.tails]) {
      listener.failed(new Error("lost"));
      // A log may not do this. The topic does not rely on it.
      listener.entries([{ cursor: "x", data: new Uint8Array() }]);
    }
    expect(log.tails.size).toBe(0);
    await publish(topic, 6, 10);
    expect(await take(subscription, 10)).toEqual(numbers(1, 10));
    await until(() => log.tails.size === 1);
    await publish(topic, 11, 12);
    expect(await take(subscription, 2)).toEqual(["11", "12"]);
  });

  test("refuses a new subscription with code 14 after 5 seconds", async () => {
    vi.useFakeTimers();
    const { log, topic } = createTopicOverLog();
    log.before = () => new Promise(() => {});
    const next = topic.subscribe().next();
    next.catch(() => {});
    await vi.advanceTimersByTimeAsync(5000);
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable, message: "the event log does not answer" });
  });

  test("ends a subscription with code 14 after a minute of refused reads", async () => {
    vi.useFakeTimers();
    const { log, topic } = createTopicOverLog();
    const [first] = await publish(topic, 1, 300);
    const subscription = topic.subscribe({ after: first });
    expect(await take(subscription, 256)).toHaveLength(256);
    log.before = () => Promise.reject(new Error("lost"));
    const next = subscription.next();
    let isOver = false;
    next.catch(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(55_000);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable });
  });

  test("ends all subscriptions at once when it was closed", async () => {
    const { log, topic } = createTopicOverLog();
    const subscription = topic.subscribe();
    await subscription.cursor;
    const next = subscription.next();
    await log.close();
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable, message: "the event log is closed" });
    await expect(topic.subscribe().next()).rejects.toMatchObject({ code: Code.Unavailable });
  });

  test("serves new subscriptions after an error that ended the others", async () => {
    const { log, topic } = createTopicOverLog();
    log.before = (call) => (call === "tip" ? Promise.reject(new StatusError(Code.Unavailable, "lost")) : undefined);
    await expect(topic.subscribe().next()).rejects.toMatchObject({ code: Code.Unavailable, message: "lost" });
    log.before = () => {};
    const subscription = topic.subscribe();
    await publish(topic, 1, 2);
    expect(await take(subscription, 2)).toEqual(["1", "2"]);
  });

  test("can be left at once by a client whose page does not come", async () => {
    const { log, topic } = createTopicOverLog();
    const [first] = await publish(topic, 1, 300);
    const abort = new AbortController();
    const subscription = topic.subscribe({ after: first, signal: abort.signal });
    await take(subscription, 256);
    log.before = () => new Promise(() => {});
    const next = subscription.next();
    const reason = new Error("gone");
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
  });
});

describe("bounded", () => {
  test("one tail for a topic, whatever the number of subscribers", async () => {
    const { log, topic } = createTopicOverLog();
    const subscriptions = Array.from({ length: 200 }, () => topic.subscribe());
    await Promise.all(subscriptions.map(({ cursor }) => cursor));
    expect(log.calls).toMatchObject({ tip: 1, tail: 1, read: 0 });
    expect(log.tails.size).toBe(1);
  });

  test("ring and tail are let go 60 seconds after the last subscriber, and come back with the next", async () => {
    vi.useFakeTimers();
    const { log, topic } = createTopicOverLog();
    const subscription = topic.subscribe();
    await subscription.cursor;
    await vi.advanceTimersByTimeAsync(200_000);
    await subscription.return();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(log.tails.size).toBe(1);
    await topic.subscribe().return();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(log.tails.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(log.tails.size).toBe(0);
    // Its name is free now, and the topic that somebody still holds shares the tail of the one that took it.
    const successor = createLogTopic(HeadlineSchema, { log, name: "news" });
    const both = [topic.subscribe(), successor.subscribe()];
    await publish(topic, 1, 1);
    await publish(successor, 2, 2);
    for (const each of both) {
      expect(await take(each, 2)).toEqual(["1", "2"]);
    }
    expect(log.tails.size).toBe(1);
    expect(log.calls.tail).toBe(2);
  });

  test("a signal has one listener while a subscription waits for many events, and none after it", async () => {
    const { topic } = createTopicOverLog();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = vi.spyOn(signal, "addEventListener").mockImplementation(() => void listeners++);
    vi.spyOn(signal, "removeEventListener").mockImplementation(() => void listeners--);
    const subscription = topic.subscribe({ signal });
    for (let n = 1; n <= 100; n++) {
      const next = subscription.next();
      await publish(topic, n, n);
      await next;
    }
    expect(add).toHaveBeenCalledTimes(1);
    expect(listeners).toBe(1);
    await subscription.return();
    expect(listeners).toBe(0);
  });

  test("a ring holds 1,024 entries; the place of a cursor does not outlive its entry", async () => {
    const { log, topic } = createTopicOverLog();
    const keeper = topic.subscribe();
    await keeper.cursor;
    const beginning = await log.tip("news");
    const cursors = await publish(topic, 1, 2048);
    // The cursor where the tail began has a place of its own.
    for (const [after, from] of [
      [beginning, 1],
      [cursors[0], 2],
      [cursors[1022], 1024],
    ] as const) {
      const before = log.calls.read;
      expect(await take(topic.subscribe({ after }), 3)).toEqual(numbers(from, from + 2));
      expect(log.calls.read).toBe(before + 1);
    }
    const before = log.calls.read;
    expect(await take(topic.subscribe({ after: cursors[1024] }), 3)).toEqual(numbers(1026, 1028));
    expect(log.calls.read).toBe(before);
  });

  test("the ring may move on while a subscriber is suspended", async () => {
    const { log, topic } = createTopicOverLog();
    const subscription = topic.subscribe();
    await publish(topic, 1, 10);
    expect(await take(subscription, 5)).toEqual(numbers(1, 5));
    // Its place in the ring belongs to another event afterwards.
    await publish(topic, 11, 10 + 1024 * 2);
    expect(await take(subscription, 2053)).toEqual(numbers(6, 2058));
    // Back in the ring, it needs the log no more.
    const { read } = log.calls;
    await publish(topic, 2059, 2100);
    expect(await take(subscription, 42)).toEqual(numbers(2059, 2100));
    expect(log.calls.read).toBe(read);
  });

  test("the rest of a page is dropped when the cursor is in the ring, and not given again later", async () => {
    const { log, topic } = createTopicOverLog();
    const [first] = await publish(topic, 1, 10);
    await topic.subscribe().cursor;
    // The page comes late, with events that are in the ring by then.
    log.before = (call) => (call === "read" ? publish(topic, 11, 20) : undefined);
    const subscription = topic.subscribe({ after: first });
    await subscription.cursor;
    log.before = () => {};
    expect(await take(subscription, 19)).toEqual(numbers(2, 20));
    await publish(topic, 21, 3000);
    expect(await take(subscription, 2980)).toEqual(numbers(21, 3000));
  });

  test("a page that comes later than the ring's next event is not given again", async () => {
    const { log, topic } = createTopicOverLog();
    await topic.subscribe().cursor;
    log.isHeld = true;
    const [first] = await publish(topic, 1, 2);
    const subscription = topic.subscribe({ after: first });
    expect(await take(subscription, 1)).toEqual(["2"]);
    let answer = () => {};
    const gate = new Promise<void>((resolve) => {
      answer = resolve;
    });
    log.before = (call) => (call === "read" ? gate : undefined);
    const next = take(subscription, 1);
    await until(() => log.calls.read === 2);
    log.release();
    await publish(topic, 3, 3);
    expect(await next).toEqual(["3"]);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await publish(topic, 4, 3000);
    expect(await take(subscription, 2997)).toEqual(numbers(4, 3000));
  });

  test("the ring holds no more bytes than maxBytes; what it drops is read from the log", async () => {
    const { log, topic } = createTopicOverLog({ maxBytes: 1000 });
    const subscription = topic.subscribe();
    const text = "x".repeat(200);
    for (let n = 0; n < 10; n++) {
      await topic.publish({ text });
    }
    expect(await take(subscription, 10)).toHaveLength(10);
    expect(log.calls.read).toBe(1);
  });

  test("1,000 topics followed and left leave nothing behind", async () => {
    vi.useFakeTimers();
    const log = new WatchedLog(createMemoryEventLog());
    const { signal } = new AbortController();
    let listeners = 0;
    vi.spyOn(signal, "addEventListener").mockImplementation(() => void listeners++);
    vi.spyOn(signal, "removeEventListener").mockImplementation(() => void listeners--);
    const names = Array.from({ length: 1000 }, (_, i) => `topic ${i}`);
    const create = (name: string) => createLogTopic(HeadlineSchema, { log, name });
    const topics = names.map(create);
    const subscriptions = topics.map((topic) => topic.subscribe({ signal }));
    await Promise.all(topics.map((topic) => topic.publish({ text: "one" })));
    for (const subscription of subscriptions) {
      expect(await take(subscription, 1)).toEqual(["one"]);
      await subscription.return();
    }
    expect(log.tails.size).toBe(1000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(log.tails.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(listeners).toBe(0);
    // The names were let go as well: these are others.
    expect(create("topic 0")).not.toBe(topics[0]);
  });
});

describe("hooks", () => {
  test("onTail is told how much came, and how late", async () => {
    const onTail = vi.fn<(topic: string, info: TailInfo) => void>(() => {
      throw new Error("a hook that fails");
    });
    const { log, topic } = createTopicOverLog({ onTail });
    const subscription = topic.subscribe();
    await publish(topic, 1, 2);
    expect(await take(subscription, 2)).toEqual(["1", "2"]);
    expect(onTail.mock.calls.map(([name, { entries }]) => [name, entries])).toEqual([
      ["news", 1],
      ["news", 1],
    ]);
    expect(onTail.mock.lastCall?.[1].lag).toBeGreaterThanOrEqual(0);
    const [listener] = log.tails;
    const data = new Uint8Array();
    listener?.entries([
      { cursor: "a", data },
      { cursor: "b", data, time: Date.now() - 5000 },
    ]);
    expect(onTail.mock.lastCall?.[1]).toEqual({ entries: 2, lag: expect.closeTo(5000, -4) });
    listener?.entries([{ cursor: "c", data }]);
    expect(onTail.mock.lastCall?.[1]).toEqual({ entries: 1, lag: undefined });
  });
});
