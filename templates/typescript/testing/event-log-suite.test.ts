import { describe, expect, test } from "vitest";
import { type Cursor, createMemoryEventLog, type Entry, type EventLog, type MemoryEventLogOptions } from "../server.js";
import { testEventLog } from "./event-log-suite.js";
import { WatchedLog } from "./watched-log.js";

/** A log in memory with one mistake. */
function broken(overrides: (log: EventLog) => Partial<EventLog>): (options: MemoryEventLogOptions) => EventLog {
  return (options) => {
    const log = new WatchedLog(createMemoryEventLog(options));
    return Object.assign(log, overrides(createMemoryEventLogOf(log)));
  };
}

/** The methods of a log, as they are before they are replaced. */
function createMemoryEventLogOf(log: EventLog): EventLog {
  return {
    append: log.append.bind(log),
    read: log.read.bind(log),
    tip: log.tip.bind(log),
    tail: log.tail.bind(log),
    close: log.close.bind(log),
  };
}

const mistakes: Record<string, [mistake: (log: EventLog) => Partial<EventLog>, failing: RegExp]> = {
  "read gives the entry of the cursor as well": [
    (log) => ({
      read: async (topic: string, after: Cursor, limit: number) => {
        const page = await log.read(topic, after, limit);
        return page.length === 0 ? page : [{ cursor: after, data: new Uint8Array() }, ...page];
      },
    }),
    /strictly after/,
  ],
  "read ignores the limit": [
    (log) => ({ read: (topic: string, after: Cursor) => log.read(topic, after, 1000) }),
    /no more than the limit/,
  ],
  "read gives nothing in place of an error": [
    (log) => ({ read: (...args: Parameters<EventLog["read"]>) => log.read(...args).catch((): Entry[] => []) }),
    /trimmed is refused|of another topic is refused|lost is refused|invalid cursor is refused/,
  ],
  "a tail goes on from the end after a cursor that is not kept": [
    (log) => ({
      tail: (...[topic, after, listener]: Parameters<EventLog["tail"]>) =>
        log.tail(topic, after, listener).catch(async () => log.tail(topic, await log.tip(topic), listener)),
    }),
    /trimmed is refused|invalid cursor is refused/,
  ],
  "a tail leaves out what was there when it began": [
    (log) => ({
      tail: async (...[topic, , listener]: Parameters<EventLog["tail"]>) =>
        log.tail(topic, await log.tip(topic), listener),
    }),
    /entries after its cursor, and then/,
  ],
  "a tail tells of an entry twice": [
    (log) => ({
      tail: (...[topic, after, listener]: Parameters<EventLog["tail"]>) =>
        log.tail(topic, after, { ...listener, entries: (entries) => listener.entries([...entries, ...entries]) }),
    }),
    /misses none and repeats none|entries after its cursor/,
  ],
  "a stopped tail gets more": [
    (log) => ({
      tail: async (...args: Parameters<EventLog["tail"]>) => {
        await log.tail(...args);
        return () => {};
      },
    }),
    /stopped tail gets nothing more/,
  ],
  "keys are ignored": [
    (log) => ({ append: (topic: string, data: Uint8Array) => log.append(topic, data) }),
    /key that is repeated/,
  ],
  "the data is a text": [
    (log) => ({
      append: (topic: string, data: Uint8Array, options) =>
        log.append(topic, new TextEncoder().encode(new TextDecoder().decode(data)), options),
    }),
    /byte for byte/,
  ],
  "names of topics are not told apart": [
    (log) => ({
      append: (topic: string, data: Uint8Array, options) => log.append(topic.toLowerCase(), data, options),
      tail: (topic: string, ...rest) => log.tail(topic.toLowerCase(), ...rest),
      tip: (topic: string) => log.tip(topic.toLowerCase()),
    }),
    /no two names of topics/,
  ],
  "tip is the first entry": [
    (log) => {
      const first = new Map<string, string>();
      return {
        append: async (topic: string, data: Uint8Array, options) => {
          const cursor = await log.append(topic, data, options);
          first.set(topic, first.get(topic) ?? cursor);
          return cursor;
        },
        tip: async (topic: string) => first.get(topic) ?? log.tip(topic),
      };
    },
    /tip is the cursor of the last entry/,
  ],
  "close forgets the tails": [
    (log) => ({
      tail: (...[topic, after, listener]: Parameters<EventLog["tail"]>) =>
        log.tail(topic, after, { ...listener, failed: (error) => listener.failed(new Error(String(error))) }),
    }),
    /close ends all pending calls/,
  ],
};

describe("the suite of event logs finds", () => {
  test.each(Object.entries(mistakes))("%s", async (_name, [mistake, expected]) => {
    const failing: string[] = [];
    for (const { name, run } of testEventLog(broken(mistake))) {
      // The cases in question are enough: the others would wait for what does not come.
      if (expected.test(name)) {
        await run().catch(() => failing.push(name));
      }
    }
    expect(failing.length).toBeGreaterThan(0);
  });
});
