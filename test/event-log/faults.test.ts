/** What becomes of subscribers when the server of their log fails: the right events, or code 11. Never silence. */
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { test } from "vitest";
import { createLogTopic, type EventLog, type LogTopic } from "../../templates/typescript/server.js";
import { backendKinds } from "./backends.js";
import { describeWith } from "./servers.js";

const name = "trades:AAPL";

for (const { name: title, command, start } of backendKinds) {
  describeWith(command, title, () => {
    test.concurrent("the connection of the tail is lost while events are published", async ({
      expect,
      onTestFinished,
    }) => {
      const backend = await start(onTestFinished);
      const reader = await subscribe(topicOf(await backend.open()));
      const publisher = topicOf(await backend.open());
      const published: string[] = [];
      for (let n = 0; n < 300; n++) {
        published.push(await publish(publisher, String(n)));
        if (n % 50 === 25) {
          await backend.cutTail();
        }
      }
      await reader.until("299");
      expect(reader.ids).toEqual(published);
    });

    test.concurrent("the server is stopped and started again", async ({ expect, onTestFinished }) => {
      const backend = await start(onTestFinished);
      const topic = topicOf(await backend.open());
      const reader = await subscribe(topic);
      const first = await publish(topic, "first");
      await reader.until("first");
      await backend.server.stop();
      await expect(topic.publish({ value: "refused" })).rejects.toMatchObject({ code: 14 });
      expect(reader.error).toBeUndefined();
      await backend.server.start();
      const ids = [first, await publish(topic, "second"), await publish(topic, "third")];
      await reader.until("third");
      // One that was refused may have been kept all the same.
      expect(reader.ids.filter((id) => ids.includes(id))).toEqual(ids);
      expect(reader.ids.length).toBeLessThanOrEqual(4);
    });

    test.concurrent("the log loses its last events in a crash, and others are written", async ({
      expect,
      onTestFinished,
    }) => {
      const backend = await start(onTestFinished);
      const log = await backend.open();
      const topic = topicOf(log);
      const kept: string[] = [];
      for (let n = 0; n < 10; n++) {
        kept.push(await publish(topic, `kept ${n}`));
      }
      await backend.save();
      const reader = await subscribe(topic);
      const lost: string[] = [];
      for (let n = 0; n < 5; n++) {
        lost.push(await publish(topic, `lost ${n}`));
      }
      await reader.until("lost 4");
      await backend.rollBack();
      const others: string[] = [];
      for (let n = 0; n < 8; n++) {
        others.push(await publish(topic, `other ${n}`));
      }
      expect(await reader.end()).toMatchObject({ code: 11 });
      expect(reader.values.filter((value) => value.startsWith("other"))).toEqual([]);
      for (const cursor of lost) {
        await expect(log.read(name, cursor, 10)).rejects.toMatchObject({ code: 11 });
      }
      const rest = await log.read(name, kept[9] ?? "", 100);
      expect(rest.map(({ cursor }) => cursor)).toEqual(others);
    });

    test.concurrent("a slow subscriber is trimmed", async ({ expect, onTestFinished }) => {
      const backend = await start(onTestFinished);
      const topic = topicOf(await backend.open({ events: 50 }));
      const subscription = topic.subscribe();
      await subscription.cursor;
      await publish(topic, "0");
      const { value } = await subscription.next();
      expect(value?.message.value).toBe("0");
      for (let n = 0; n < 30; n++) {
        await Promise.all(Array.from({ length: 100 }, () => publish(topic, "x")));
      }
      await expect(subscription.next()).rejects.toMatchObject({ code: 11, reason: "behind" });
    });

    for (const removal of ["purge", "drop"] as const) {
      test.concurrent(`the topic is removed while it is followed: ${removal}`, async ({ expect, onTestFinished }) => {
        const backend = await start(onTestFinished);
        const log = await backend.open();
        const topic = topicOf(log);
        const reader = await subscribe(topic);
        const quiet = await subscribe(createLogTopic(StringValueSchema, { log, name: "quiet" }));
        const gone = await publish(topic, "gone");
        await reader.until("gone");
        await backend[removal](name);
        const rest = ["a", "b", "c"];
        for (const text of rest) {
          await publish(topic, text);
        }
        // Either all that follows, or code 11 and nothing.
        await reader.untilOrGap("c");
        expect(reader.values.slice(1)).toEqual(reader.error ? [] : rest);
        await expect(log.read(name, gone, 10)).rejects.toMatchObject({ code: 11 });
        await publish(createLogTopic(StringValueSchema, { log, name: "quiet" }), "heard");
        await quiet.untilOrGap("heard");
      });
    }

    test.concurrent("the server answers nothing for a while, and goes on", async ({ expect, onTestFinished }) => {
      const backend = await start(onTestFinished);
      const topic = topicOf(await backend.open());
      const reader = await subscribe(topic);
      await publish(topic, "first");
      await reader.until("first");
      backend.server.pause();
      // The signal stops the server after a moment.
      const refusal = async (): Promise<unknown> =>
        topic.publish({ value: "first" }, { key: "first" }).then(refusal, (error) => error);
      expect(await refusal()).toMatchObject({ code: 14 });
      // Nothing is queued behind what has no answer, but for one that tries.
      let refused = 0;
      await new Promise<void>((resolve) => {
        for (let n = 0; n < 100; n++) {
          topic.publish({ value: "refused" }).catch(() => ++refused === 99 && resolve());
        }
      });
      backend.server.resume();
      await publish(topic, "second");
      await reader.until("second");
      expect(reader.error).toBeUndefined();
      expect(reader.values.length).toBeLessThan(10);
    });
  });
}

function topicOf(log: EventLog): LogTopic<StringValue> {
  return createLogTopic(StringValueSchema, { log, name });
}

/** Publishes until the log takes it. */
async function publish(topic: LogTopic<StringValue>, value: string): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await topic.publish({ value }, { key: value === "x" ? undefined : value });
    } catch (error) {
      if (attempt === 1000) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Subscribes, and reads to the end. */
async function subscribe(topic: LogTopic<StringValue>): Promise<Reader> {
  const subscription = topic.subscribe();
  await subscription.cursor;
  return new Reader(subscription);
}

class Reader {
  readonly ids: string[] = [];
  readonly values: string[] = [];
  error: unknown;
  #changed: () => void = () => {};

  constructor(subscription: ReturnType<LogTopic<StringValue>["subscribe"]>) {
    void this.#read(subscription);
  }

  async until(value: string): Promise<void> {
    while (!this.values.includes(value)) {
      if (this.error !== undefined) {
        throw new Error(`the subscription ended before ${value}`, { cause: this.error });
      }
      await this.#change();
    }
  }

  /** Waits for an event, or for code 11. */
  async untilOrGap(value: string): Promise<void> {
    await this.until(value).catch((error) => {
      if (error.cause?.code !== 11) {
        throw error;
      }
    });
  }

  /** What ended the subscription. */
  async end(): Promise<unknown> {
    while (this.error === undefined) {
      await this.#change();
    }
    return this.error;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const previous = this.#changed;
      this.#changed = () => {
        this.#changed = () => {};
        previous();
        resolve();
      };
    });
  }

  async #read(subscription: ReturnType<LogTopic<StringValue>["subscribe"]>): Promise<void> {
    try {
      for await (const { id, message } of subscription) {
        this.ids.push(id);
        this.values.push(message.value);
        this.#changed();
      }
    } catch (error) {
      this.error = error;
    }
    this.#changed();
  }
}
