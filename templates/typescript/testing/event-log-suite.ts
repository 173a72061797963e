import type { AppendOptions, CursorError, Entry, EventLog, GapReason, Retention } from "../server.js";

/** How a case wants the log that it tests. */
export interface EventLogTestOptions {
  /** A name that no other case has. Logs with the same name share what they keep, where `shared` is set; all others are apart. */
  readonly store: string;
  /** How much to keep of a topic. A log may keep somewhat more. */
  readonly keep: Retention;
}

/** Options of `testEventLog`. */
export interface EventLogSuiteOptions {
  /** Whether logs of one store see each other's entries, as those of several nodes do. Default: false. */
  readonly shared?: boolean | undefined;
}

/** One test of the suite. */
export interface EventLogCase {
  readonly name: string;
  /** Rejects with what is wrong. May take some seconds. */
  readonly run: () => Promise<void>;
}

/**
 * The tests that an implementation of `EventLog` must pass, for any test runner.
 *
 * ```ts
 * import { test } from "node:test"; // or vitest, bun:test; for Deno, `Deno.test`
 * import { testEventLog } from "protoc-gen-sse/testing";
 *
 * for (const { name, run } of testEventLog(({ store, keep }) => createMyEventLog({ prefix: store, keep }), { shared: true })) {
 *   test(name, run);
 * }
 * ```
 *
 * `create` returns a log on a store that is empty at first. The suite closes every log. Failures of a server and lost connections
 * are not tested: test them for each implementation.
 */
export function testEventLog(
  create: (options: EventLogTestOptions) => EventLog | Promise<EventLog>,
  { shared = false }: EventLogSuiteOptions = {},
): EventLogCase[] {
  return Object.entries(shared ? { ...cases, ...sharedCases } : cases).map(([name, run]) => ({
    name,
    run: async () => {
      const stores = new Stores(create);
      try {
        await run(stores);
      } finally {
        await stores.close();
      }
    },
  }));
}

type Run = (stores: Stores) => Promise<void>;

const topic = "trades:AAPL";

const cases: Record<string, Run> = {
  "append gives every entry a cursor of its own": async (stores) => {
    const log = await stores.open();
    const cursors = await appendAll(log, topic, numbers(20));
    for (const cursor of cursors) {
      check(/^[!-~]{1,64}$/.test(cursor), `cursor ${show(cursor)} is not 1 to 64 visible ASCII characters`);
    }
    equal(new Set(cursors).size, 20, "distinct cursors");
  },

  "read gives the entries strictly after a cursor, in order": async (stores) => {
    const log = await stores.open();
    const beginning = await log.tip(topic);
    const cursors = await appendAll(log, topic, numbers(10));
    const all = await log.read(topic, beginning, 100);
    equal(texts(all), numbers(10), "after the beginning");
    equal(cursorsOf(all), cursors, "cursors of the entries");
    for (const [i, cursor] of cursors.entries()) {
      equal(texts(await log.read(topic, cursor, 100)), numbers(10).slice(i + 1), `after entry ${i}`);
    }
  },

  "data comes back byte for byte, also when it is empty": async (stores) => {
    const log = await stores.open();
    const beginning = await log.tip(topic);
    const data = [new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, i) => i), new Uint8Array(100_000).fill(255)];
    for (const bytes of data) {
      await log.append(topic, bytes);
    }
    const entries = await log.read(topic, beginning, 10);
    equal(
      entries.map(({ data }) => [...data].join()),
      data.map((bytes) => [...bytes].join()),
      "data",
    );
  },

  "append takes the data as it is at the call": async (stores) => {
    const log = await stores.open();
    const beginning = await log.tip(topic);
    const data = encode("before");
    const appended = log.append(topic, data);
    await appended;
    data.fill(0);
    equal(texts(await log.read(topic, beginning, 1)), ["before"], "data");
  },

  "read gives nothing at the end": async (stores) => {
    const log = await stores.open();
    equal(await log.read(topic, await log.tip(topic), 10), [], "of a topic without entries");
    const [cursor] = await appendAll(log, topic, ["one"]);
    equal(await log.read(topic, cursor ?? "", 10), [], "after the last entry");
  },

  "read gives no more than the limit, and pages join": async (stores) => {
    const log = await stores.open();
    let cursor = await log.tip(topic);
    await appendAll(log, topic, numbers(25));
    const sizes: number[] = [];
    const seen: string[] = [];
    for (const limit of [1, 2, 10, 7, 5, 5]) {
      const page = await log.read(topic, cursor, limit);
      sizes.push(page.length);
      seen.push(...texts(page));
      cursor = page[page.length - 1]?.cursor ?? cursor;
    }
    equal(sizes, [1, 2, 10, 7, 5, 0], "sizes of the pages");
    equal(seen, numbers(25), "entries");
  },

  "tip is the cursor of the last entry": async (stores) => {
    const log = await stores.open();
    for (const text of numbers(3)) {
      equal(await log.append(topic, encode(text)), await log.tip(topic), "tip");
    }
  },

  "tip of a topic without entries stands before the first one": async (stores) => {
    const log = await stores.open();
    await appendAll(log, "another topic", numbers(3));
    const beginning = await log.tip(topic);
    check(/^[!-~]{1,64}$/.test(beginning), `cursor ${show(beginning)} is not 1 to 64 visible ASCII characters`);
    await appendAll(log, "another topic", numbers(3));
    await appendAll(log, topic, numbers(3));
    equal(texts(await log.read(topic, beginning, 10)), numbers(3), "after the beginning");
  },

  "a cursor whose entry was trimmed is refused, and so is the beginning": async (stores) => {
    const log = await stores.open({ events: 10 });
    const beginning = await log.tip(topic);
    const [first = ""] = await appendAll(log, topic, ["first"]);
    await trim(log, first);
    const last = await log.append(topic, encode("last"));
    for (const cursor of [beginning, first]) {
      await refuses(log, topic, cursor, ["trimmed"]);
    }
    equal(await log.tip(topic), last, "tip");
    equal(await log.read(topic, last, 10), [], "after the last entry");
  },

  "no page leaves out what was trimmed": async (stores) => {
    const log = await stores.open({ events: 10 });
    let cursor = await log.append(topic, encode("0"));
    let next = 1;
    // The reader is slower than the writer, until its place is gone.
    for (let round = 0; round < 200; round++) {
      await appendAll(log, topic, numbers(50, 50 * round + 1));
      const page = await log.read(topic, cursor, 5).catch((error: unknown) => {
        isGap(error, ["trimmed"]);
        return undefined;
      });
      if (page === undefined) {
        return;
      }
      equal(texts(page), numbers(5, next), "page");
      next += 5;
      cursor = page[page.length - 1]?.cursor ?? cursor;
    }
    throw new Error("10,000 entries were appended, keep.events is 10, and nothing was trimmed");
  },

  // Both may be numbered alike, as by time: the cursor itself has to say which topic it is of.
  "a cursor of another topic is refused": async (stores) => {
    const log = await stores.open();
    const topics = ["trades:AAPL", "trades:MSFT"];
    const pairs = await Promise.all(
      numbers(100).map((text) => Promise.all(topics.map((name) => log.append(name, encode(text))))),
    );
    for (const [a, b] of pairs) {
      isGap(await rejection(log.read("trades:MSFT", a ?? "", 1)));
      isGap(await rejection(log.read("trades:AAPL", b ?? "", 1)));
    }
    await refuses(log, "trades:MSFT", pairs[0]?.[0] ?? "");
    await refuses(log, "a topic without entries", pairs[0]?.[0] ?? "");
  },

  "a cursor of a log that was lost is refused": async (stores) => {
    const lost = await stores.open();
    const cursors = await appendAll(lost, topic, numbers(10));
    await pause(20);
    const log = await stores.open({ store: "anew" });
    await refuses(log, topic, cursors[4] ?? "");
    await appendAll(log, topic, numbers(5));
    for (const cursor of cursors) {
      await refuses(log, topic, cursor);
    }
    await appendAll(log, topic, numbers(10));
    for (const cursor of cursors) {
      await refuses(log, topic, cursor);
    }
  },

  "an invalid cursor is refused": async (stores) => {
    const log = await stores.open();
    const cursor = await log.append(topic, encode("one"));
    const garbage = ["", " ", "?", "x", "-", "-1", "1.5", "NaN", "0x10", "a b", "é", "\n", "*", "$", ">", "+", "(1"];
    const altered = [
      `${cursor}0`,
      `${cursor} `,
      ` ${cursor}`,
      `${cursor}\n`,
      `x${cursor}`,
      cursor.slice(0, -1),
      cursor.slice(1),
    ];
    for (const text of [...garbage, ...altered, "9".repeat(64), "1".repeat(20_000)]) {
      await refuses(log, topic, text);
    }
  },

  "one order for all under concurrent appends": async (stores) => {
    await concurrent(await stores.open());
  },

  "a tail gets the entries after its cursor, and then the new ones": async (stores) => {
    const log = await stores.open();
    const beginning = await log.tip(topic);
    const [, second = ""] = await appendAll(log, topic, numbers(4));
    const all = await follow(log, topic, beginning);
    const some = await follow(log, topic, second);
    const none = await follow(log, topic, await log.tip(topic));
    await appendAll(log, topic, numbers(4, 4));
    await all.until("7");
    await some.until("7");
    await none.until("7");
    equal(all.texts, numbers(8), "after the beginning");
    equal(some.texts, numbers(6, 2), "after the second entry");
    equal(none.texts, numbers(4, 4), "after the tip");
    equal(all.cursors, cursorsOf(await log.read(topic, beginning, 100)), "cursors");
  },

  "a tail that begins while entries are appended misses none and repeats none": async (stores) => {
    const log = await stores.open();
    const beginning = await log.tip(topic);
    const appended = appendAll(log, topic, numbers(500));
    const tails: Following[] = [];
    for (let i = 0; i < 20; i++) {
      tails.push(await follow(log, topic, await log.tip(topic)));
      await pause(1);
    }
    await appended;
    await log.append(topic, encode("end"));
    const all = [beginning, ...cursorsOf(await log.read(topic, beginning, 1000))];
    for (const tail of tails) {
      await tail.until("end");
      equal(tail.cursors, all.slice(all.indexOf(tail.after) + 1), "cursors of a tail");
    }
  },

  "each of many tails gets the entries of its own topic": async (stores) => {
    const log = await stores.open();
    const names = numbers(200).map((n) => `topic ${n}`);
    const tails = await Promise.all(names.map(async (name) => follow(log, name, await log.tip(name))));
    await Promise.all(names.map((name) => appendAll(log, name, [`${name} a`, `${name} b`])));
    for (const [i, tail] of tails.entries()) {
      await tail.until(`${names[i]} b`);
      equal(tail.texts, [`${names[i]} a`, `${names[i]} b`], `entries of ${names[i]}`);
    }
  },

  "a stopped tail gets nothing more, and the others continue": async (stores) => {
    const log = await stores.open();
    const [stopped, other] = [
      await follow(log, topic, await log.tip(topic)),
      await follow(log, topic, await log.tip(topic)),
    ];
    await appendAll(log, topic, ["one"]);
    await stopped.until("one");
    stopped.stop();
    stopped.stop();
    await appendAll(log, topic, ["two"]);
    await other.until("two");
    const again = await follow(log, topic, stopped.cursors[0] ?? "");
    await again.until("two");
    await appendAll(log, topic, ["three"]);
    await other.until("three");
    await again.until("three");
    equal(stopped.texts, ["one"], "entries of the stopped tail");
    equal(other.texts, ["one", "two", "three"], "entries of the other tail");
    equal(again.texts, ["two", "three"], "entries of a tail that continues after the first one");
  },

  "a listener may append, and stop its own tail": async (stores) => {
    const log = await stores.open();
    const other = await follow(log, topic, await log.tip(topic));
    let heard = 0;
    let appended: Promise<unknown> | undefined;
    const stop = await log.tail(topic, await log.tip(topic), {
      entries: (entries) => {
        heard += entries.length;
        stop();
        appended = log.append(topic, encode("two"));
      },
      failed: () => {},
    });
    await log.append(topic, encode("one"));
    await other.until("two");
    await appended;
    equal(other.texts, ["one", "two"], "entries of another tail");
    equal(heard, 1, "entries of the tail that stopped itself");
  },

  "a key that is repeated appends nothing": async (stores) => {
    const log = await stores.open();
    const beginning = await log.tip(topic);
    const append = (text: string, options?: AppendOptions) => log.append(topic, encode(text), options);
    const first = await append("one", { key: "k1" });
    await append("two", { key: "k2" });
    equal(await append("one again", { key: "k1" }), first, "cursor of the repeated key");
    await append("three");
    await append("three");
    await log.append("another topic", encode("one"), { key: "k1" });
    equal(texts(await log.read(topic, beginning, 10)), ["one", "two", "three", "three"], "entries");
    equal(
      texts(await log.read(topic, first, 10)),
      ["two", "three", "three"],
      "entries after the cursor of the repeated key",
    );
    notEqual(await log.tip("another topic"), first, "cursor of the same key in another topic");
  },

  "no two names of topics share entries, whatever characters they have": async (stores) => {
    const log = await stores.open();
    const names = [
      "a",
      "A",
      "a.b",
      "a b",
      "a_b",
      "a:b",
      "a/b",
      "a%2Eb",
      "*",
      ">",
      "a.*",
      "a.>",
      "{a}",
      "{a",
      "a}b",
      "$a",
      "é",
      "日本",
      "a\n",
      "🙂",
    ];
    const tails = await Promise.all(names.map(async (name) => follow(log, name, await log.tip(name))));
    for (const name of names) {
      await log.append(name, encode(name));
    }
    for (const [i, name] of names.entries()) {
      await tails[i]?.until(name);
      equal(tails[i]?.texts, [name], `entries of ${show(name)}`);
    }
  },

  "close ends all pending calls, and later calls are refused": async (stores) => {
    const log = await stores.open();
    const cursor = await log.append(topic, encode("one"));
    const tails = [
      await follow(log, topic, cursor),
      await follow(log, "another topic", await log.tip("another topic")),
    ];
    const waiting = Promise.allSettled([log.read(topic, cursor, 10), log.tip(topic), log.append(topic, encode("two"))]);
    await log.close();
    await within(waiting, "a call that waited did not end");
    for (const tail of tails) {
      equal((await tail.failure()).code, 14, "code of what ended the tail");
    }
    const calls = [
      log.append(topic, encode("x")),
      log.read(topic, cursor, 1),
      log.tip(topic),
      log.tail(topic, cursor, silent),
    ];
    for (const call of calls) {
      equal(codeOf(await rejection(call)), 14, "code after close");
    }
    await log.close();
  },
};

const sharedCases: Record<string, Run> = {
  "what one node appends, another reads and follows": async (stores) => {
    const [a, b] = [await stores.open(), await stores.open()];
    const tail = await follow(b, topic, await b.tip(topic));
    const cursors = await appendAll(a, topic, numbers(10));
    await tail.until("9");
    equal(tail.cursors, cursors, "cursors of the tail");
    equal(texts(await b.read(topic, cursors[3] ?? "", 100)), numbers(6, 4), "after a cursor of the other node");
    equal(await b.tip(topic), await a.tip(topic), "tip");
  },

  "one order for all nodes under concurrent appends": async (stores) => {
    await concurrent(await stores.open(), await stores.open());
  },

  "a key that is repeated at another node appends nothing": async (stores) => {
    const [a, b] = [await stores.open(), await stores.open()];
    const cursor = await a.append(topic, encode("one"), { key: "k1" });
    equal(await b.append(topic, encode("one"), { key: "k1" }), cursor, "cursor");
    equal(await b.tip(topic), cursor, "tip");
  },

  "the entries outlive the node that appended them": async (stores) => {
    const a = await stores.open();
    const beginning = await a.tip(topic);
    const [first = ""] = await appendAll(a, topic, numbers(5));
    await a.close();
    const b = await stores.open();
    equal(texts(await b.read(topic, beginning, 10)), numbers(5), "after the beginning");
    equal(texts(await b.read(topic, first, 10)), numbers(4, 1), "after the first entry");
  },
};

/** Four publishers on each log, 250 entries each: every reader and every tail has them all, in one order. */
async function concurrent(...logs: readonly [EventLog, ...EventLog[]]): Promise<void> {
  const beginning = await logs[0].tip(topic);
  const tails = await Promise.all(logs.map((log) => follow(log, topic, beginning)));
  const appended = await Promise.all(
    logs.flatMap((log, node) =>
      numbers(4).map(async (publisher) => {
        const given = new Map<string, string>();
        // One after the other: the order of a publisher is kept.
        for (const n of numbers(250)) {
          const text = `${node} ${publisher} ${n}`;
          given.set(text, await log.append(topic, encode(text)));
        }
        return given;
      }),
    ),
  );
  const last = await logs[0].append(topic, encode("end"));
  const entries = (await logs[0].read(topic, beginning, 10_000)).slice(0, -1);
  equal(entries.length, 1000 * logs.length, "number of entries");
  for (const given of appended) {
    const texts = [...given.keys()];
    const own = entries.filter(({ data }) => given.has(decode(data)));
    equal(
      own.map(({ data }) => decode(data)),
      texts,
      "order of one publisher",
    );
    equal(cursorsOf(own), [...given.values()], "cursors that one publisher was given");
  }
  for (const tail of tails) {
    await tail.until("end");
    equal(tail.cursors, [...cursorsOf(entries), last], "order of a tail");
  }
}

let storeCount = 0;

/** The logs of one case. */
class Stores {
  readonly #create: (options: EventLogTestOptions) => EventLog | Promise<EventLog>;
  readonly #name: string = `suite-${Date.now().toString(36)}-${++storeCount}`;
  readonly #logs: EventLog[] = [];

  constructor(create: (options: EventLogTestOptions) => EventLog | Promise<EventLog>) {
    this.#create = create;
  }

  async open({ store = "", events = 10_000 } = {}): Promise<EventLog> {
    const log = await this.#create({ store: this.#name + store, keep: { events, ms: 3_600_000 } });
    this.#logs.push(log);
    return log;
  }

  async close(): Promise<void> {
    for (const log of this.#logs) {
      await within(log.close(), "close did not end");
    }
  }
}

/** The entries and the failure that a tail got. */
class Following {
  readonly after: string;
  readonly cursors: string[] = [];
  readonly texts: string[] = [];
  stop: () => void = () => {};
  #error: { readonly error: unknown } | undefined;
  #changed: () => void = () => {};

  constructor(after: string) {
    this.after = after;
  }

  async start(log: EventLog, name: string): Promise<this> {
    this.stop = await log.tail(name, this.after, {
      entries: (entries) => {
        check(entries.length > 0, "a tail was told of no entries");
        check(this.#error === undefined, "a tail was told of entries after it failed");
        this.cursors.push(...cursorsOf(entries));
        this.texts.push(...texts(entries));
        this.#changed();
      },
      failed: (error) => {
        check(this.#error === undefined, "a tail failed twice");
        this.#error = { error };
        this.#changed();
      },
    });
    return this;
  }

  /** Waits for an entry. */
  async until(text: string): Promise<void> {
    while (!this.texts.includes(text)) {
      if (this.#error) {
        throw new Error(`the tail failed: ${this.#error.error}`);
      }
      await this.#change(`the tail was not told of ${show(text)}; it has ${this.texts.length} entries`);
    }
  }

  /** Waits for the failure. */
  async failure(): Promise<{ readonly code: unknown }> {
    while (this.#error === undefined) {
      await this.#change("the tail did not fail");
    }
    return { code: codeOf(this.#error.error) };
  }

  #change(otherwise: string): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#changed = resolve;
    });
    return within(changed, otherwise);
  }
}

const silent = { entries: () => {}, failed: () => {} };

function follow(log: EventLog, name: string, after: string): Promise<Following> {
  return new Following(after).start(log, name);
}

async function appendAll(log: EventLog, name: string, texts: readonly string[]): Promise<string[]> {
  const cursors: string[] = [];
  for (const text of texts) {
    cursors.push(await log.append(name, encode(text)));
  }
  return cursors;
}

/** Appends until a cursor is refused. A log may keep more than `keep`. */
async function trim(log: EventLog, cursor: string): Promise<void> {
  for (let round = 0; round < 100; round++) {
    await Promise.all(numbers(100).map((text) => log.append(topic, encode(text))));
    const isKept = await log.read(topic, cursor, 1).then(
      () => true,
      () => false,
    );
    if (!isKept) {
      return;
    }
  }
  throw new Error("10,000 entries were appended, keep.events is 10, and nothing was trimmed");
}

/** `read` and `tail` both refuse a cursor. */
async function refuses(log: EventLog, name: string, cursor: string, reasons?: readonly GapReason[]): Promise<void> {
  isGap(await rejection(log.read(name, cursor, 10), `read after ${show(cursor)}`), reasons);
  isGap(await rejection(log.tail(name, cursor, silent), `tail after ${show(cursor)}`), reasons);
}

/** Checks the shape, since an adapter may use another copy of the class. */
function isGap(error: unknown, reasons: readonly GapReason[] = ["trimmed", "future", "unknown"]): void {
  const { name, code, reason } = error as Partial<CursorError>;
  check(name === "CursorError" && code === 11, `rejected with ${error}: reject with a CursorError`);
  check(
    reason !== undefined && reasons.includes(reason),
    `reason is ${show(reason)}, expected ${reasons.join(" or ")}`,
  );
}

async function rejection(call: Promise<unknown>, what = "the call"): Promise<unknown> {
  let value: unknown;
  try {
    value = await within(call, `${what} did not end`);
  } catch (error) {
    return error;
  }
  throw new Error(`${what} was not refused: it gave ${show(value)}`);
}

/** The limit for a step that hangs. It does not measure anything. */
const limitMs = 20_000;

async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} within ${limitMs / 1000} seconds`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i));
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

function texts(entries: readonly Entry[]): string[] {
  return entries.map(({ data }) => decode(data));
}

function cursorsOf(entries: readonly Entry[]): string[] {
  return entries.map(({ cursor }) => cursor);
}

function check(condition: boolean, message: string): void {
  if (!condition) {
    throw new Error(message);
  }
}

function equal(actual: unknown, expected: unknown, what: string): void {
  check(
    JSON.stringify(actual) === JSON.stringify(expected),
    `${what}: got ${show(actual)}, expected ${show(expected)}`,
  );
}

function notEqual(actual: string, other: string, what: string): void {
  check(actual !== other, `${what}: got ${show(actual)} again`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
