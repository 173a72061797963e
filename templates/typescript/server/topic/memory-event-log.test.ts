import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMemoryEventLog, type EventLog } from "../../server.js";
import { testEventLog } from "../../testing/event-log-suite.js";

describe("the event log in memory", () => {
  for (const { name, run } of testEventLog(createMemoryEventLog)) {
    test(name, run);
  }
});

const one = Uint8Array.of(1);
const silent = { entries: () => {}, failed: () => {} };
const gap = (reason: string) => expect.objectContaining({ name: "CursorError", code: 11, reason });

async function append(log: EventLog, topic: string, count: number): Promise<string[]> {
  const cursors: string[] = [];
  for (let i = 0; i < count; i++) {
    cursors.push(await log.append(topic, one));
  }
  return cursors;
}

describe("what is kept in memory", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("is a copy, also of a part of a buffer of Node", async () => {
    const log = createMemoryEventLog();
    const beginning = await log.tip("t");
    const buffer = Buffer.from("before");
    await log.append("t", buffer);
    buffer.fill(0);
    expect(new TextDecoder().decode((await log.read("t", beginning, 1))[0]?.data)).toBe("before");
  });

  test("is bounded by the number of entries: the cursor of the last one that was trimmed is refused", async () => {
    const log = createMemoryEventLog({ keep: { events: 5 } });
    const beginning = await log.tip("a");
    const cursors = await append(log, "a", 2000);
    await expect(log.read("a", beginning, 9)).rejects.toEqual(gap("trimmed"));
    await expect(log.read("a", cursors.at(-6) ?? "", 9)).rejects.toEqual(gap("trimmed"));
    expect(await log.read("a", cursors.at(-5) ?? "", 9)).toHaveLength(4);
  });

  test("is bounded by age, except the last entry", async () => {
    const log = createMemoryEventLog({ keep: { ms: 10_000 } });
    const [first = ""] = await append(log, "a", 2);
    vi.advanceTimersByTime(9_000);
    const [third = ""] = await append(log, "a", 1);
    expect(await log.read("a", first, 9)).toHaveLength(2);
    vi.advanceTimersByTime(9_000);
    await append(log, "a", 1);
    await expect(log.read("a", first, 9)).rejects.toEqual(gap("trimmed"));
    expect(await log.read("a", third, 9)).toHaveLength(1);
    vi.advanceTimersByTime(1_000_000);
    const tip = await log.tip("a");
    expect(await log.read("a", tip, 9)).toEqual([]);
    await append(log, "a", 1);
    await expect(log.read("a", tip, 9)).rejects.toEqual(gap("trimmed"));
  });

  test("is bounded by bytes, except the last entry", async () => {
    const log = createMemoryEventLog({ keep: { bytes: 100 } });
    const [a, b, c] = [
      await log.append("a", new Uint8Array(60)),
      await log.append("a", new Uint8Array(60)),
      await log.append("a", new Uint8Array(600)),
    ];
    await expect(log.read("a", a, 9)).rejects.toEqual(gap("trimmed"));
    await expect(log.read("a", b, 9)).rejects.toEqual(gap("trimmed"));
    expect(await log.tip("a")).toBe(c);
    expect(await log.read("a", c, 9)).toEqual([]);
  });

  test("of a topic that nobody follows is forgotten with its last entry; what was before is refused then", async () => {
    const log = createMemoryEventLog({ keep: { ms: 30_000 } });
    const beginning = await log.tip("a");
    const [left = ""] = await append(log, "a", 1);
    const [followed = ""] = await append(log, "b", 1);
    const stop = await log.tail("b", followed, silent);
    vi.advanceTimersByTime(130_000); // longer than a key is remembered, too
    await append(log, "c", 1);
    for (const cursor of [beginning, left]) {
      await expect(log.read("a", cursor, 9)).rejects.toEqual(gap("trimmed"));
    }
    const tip = await log.tip("a");
    const [next] = await append(log, "a", 1);
    expect((await log.read("a", tip, 9)).map(({ cursor }) => cursor)).toEqual([next]);
    await expect(log.read("a", beginning, 9)).rejects.toEqual(gap("trimmed"));
    expect(await log.read("b", followed, 9)).toEqual([]);
    stop();
  });

  test("a key is remembered for 2 minutes, also when its entry is trimmed", async () => {
    const log = createMemoryEventLog({ keep: { events: 1 } });
    const first = await log.append("a", one, { key: "k" });
    await append(log, "a", 10);
    vi.advanceTimersByTime(119_000);
    expect(await log.append("a", one, { key: "k" })).toBe(first);
    vi.advanceTimersByTime(2_000);
    expect(await log.append("a", one, { key: "k" })).not.toBe(first);
  });

  test("is refused to a tail that its own listener made fall behind", async () => {
    const log = createMemoryEventLog({ keep: { events: 3 } });
    const failed = vi.fn();
    let heard = 0;
    await log.tail("a", await log.tip("a"), {
      entries(entries) {
        heard += entries.length;
        if (heard === 1) {
          for (let i = 0; i < 10; i++) {
            void log.append("a", one);
          }
        }
      },
      failed,
    });
    await append(log, "a", 1);
    expect(heard).toBe(1);
    expect(failed.mock.calls).toEqual([[gap("behind")]]);
  });
});
