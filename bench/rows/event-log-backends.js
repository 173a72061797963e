// @ts-check
/**
 * Topics over Redis Streams and NATS JetStream.
 *
 * "append" is the time on the clock for an entry of 60 bytes while 100 are under way, beside the backend's own command with
 * the same client and payload: `XADD` with `MAXLEN ~`, and `publish` of JetStream, with and without a message id. Ours has
 * one: without it a stream that lost its last messages cannot be recognized. The server is another process.
 *
 * "delivery" is CPU time of the process for each of 200 subscribers that gets an event, when one event after the other is
 * published. Beside it is what one writes by hand: the same commands, a loop that reads the stream, and a `createTopic` that
 * it publishes to. No event is encoded. "publish to delivery" is the time on the clock from the call of `publish` until the
 * last of 200 subscribers has the event, its median, at 200 events a second.
 */
import { setMaxListeners } from "node:events";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Redis } from "ioredis";
import { startNats, startRedis } from "../backend-servers.js";
import { cpuOf } from "../measure.js";
import { load } from "../runtime.js";

const { createLogTopic, createNatsEventLog, createRedisEventLog, createTopic, StringValueSchema } = await load(`
  export { createLogTopic, createTopic } from "./templates/typescript/server.ts";
  export { createRedisEventLog } from "./templates/typescript/redis-event-log.ts";
  export { createNatsEventLog } from "./templates/typescript/nats-event-log.ts";
  export { StringValueSchema } from "@bufbuild/protobuf/wkt";
`);

const APPENDS = 5000;
const SUBSCRIBERS = 200;
const EVENTS = 300;
const data = new Uint8Array(60).fill(97);
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

const redisServer = await startRedis();
const natsServer = await startNats();
const redis = new Redis(redisServer.port, "127.0.0.1");
const nats = await connect({ servers: `127.0.0.1:${natsServer.port}` });
const redisLog = createRedisEventLog({ client: redis });
const natsLog = createNatsEventLog({
  jetstream: jetstream(nats),
  manager: await jetstreamManager(nats),
  stream: "OURS",
});
await (await jetstreamManager(nats)).streams.add({ name: "BARE", subjects: ["bare.>"], max_msgs_per_subject: 10_000 });
const js = jetstream(nats);
const payload = Buffer.from(data);

/** Microseconds for each of many appends, 100 at a time. @param {() => Promise<unknown>} append */
const inFlight = (append) => async () => {
  const start = performance.now();
  let left = APPENDS;
  const worker = async () => {
    while (left-- > 0) {
      await append();
    }
  };
  await Promise.all(Array.from({ length: 100 }, worker));
  return { time: ((performance.now() - start) * 1000) / APPENDS };
};

let topics = 0;
let ids = 0;

/** A topic with its subscribers, each of which counts. @param {any} log */
async function subscribe(log) {
  const name = `topic-${topics++}`;
  const topic = log ? createLogTopic(StringValueSchema, { log, name }) : createTopic(StringValueSchema);
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const state = { delivered: 0, lastAt: 0, onAll: () => {} };
  for (let i = 0; i < SUBSCRIBERS; i++) {
    const subscription = topic.subscribe({ signal: abort.signal });
    await subscription.cursor;
    void (async () => {
      for await (const _ of subscription) {
        if (++state.delivered % SUBSCRIBERS === 0) {
          state.lastAt = performance.now();
          state.onAll();
        }
      }
    })().catch(() => {});
  }
  return { topic, state, end: () => abort.abort() };
}

/** CPU microseconds a delivery. @param {any} [log] @param {(topic: any) => Promise<{ publish(value: string): unknown, end(): unknown }>} [byHand] */
const deliver = (log, byHand) => async () => {
  const { topic, state, end } = await subscribe(log);
  const hand = await byHand?.(topic);
  const publish = hand?.publish ?? ((/** @type {string} */ value) => topic.publish({ value }));
  const time = await cpuOf(async () => {
    for (let n = 1; n <= EVENTS; n++) {
      const all = new Promise((resolve) => {
        state.onAll = () => resolve(undefined);
      });
      await Promise.all([all, publish("a".repeat(58))]);
    }
  });
  end();
  await hand?.end();
  return { time: time / EVENTS / SUBSCRIBERS };
};

/** A loop over `XREAD`, into a topic. @param {any} topic */
async function followStream(topic) {
  const reader = redis.duplicate();
  const key = `by-hand-${topics++}`;
  let isOver = false;
  void (async () => {
    for (let last = "0-0"; !isOver; ) {
      for (const [, rows] of (await reader.xread("COUNT", 512, "BLOCK", 2000, "STREAMS", key, last)) ?? []) {
        for (const [id, [, value]] of rows) {
          topic.publish({ value });
          last = id;
        }
      }
    }
  })().catch(() => {});
  return {
    publish: (/** @type {string} */ value) => redis.xadd(key, "MAXLEN", "~", 10_000, "*", "d", value),
    end() {
      isOver = true;
      reader.disconnect();
    },
  };
}

/** An ordered consumer, into a topic. @param {any} topic */
async function followSubject(topic) {
  const subject = `bare.by-hand-${topics++}`;
  const consumer = await js.consumers.get("BARE", { filter_subjects: [subject] });
  const messages = await consumer.consume({ callback: (message) => topic.publish({ value: message.string() }) });
  return { publish: (/** @type {string} */ value) => js.publish(subject, value), end: () => messages.close() };
}

/** Median milliseconds. @param {any} log */
const latency = (log) => async () => {
  const { topic, state, end } = await subscribe(log);
  const took = /** @type {number[]} */ ([]);
  for (let n = 1; n <= EVENTS; n++) {
    const start = performance.now();
    const all = new Promise((resolve) => {
      state.onAll = () => resolve(undefined);
    });
    await Promise.all([all, topic.publish({ value: "a".repeat(58) }), pause(5)]);
    took.push(state.lastAt - start);
  }
  end();
  return { time: took.sort((a, b) => a - b)[EVENTS / 2] };
};

const micros = (/** @type {Record<string, number>} */ ratio) => ({ time: { unit: "µs", ratio } });
/** The last row lets go of the servers. */
const close = async () => {
  await Promise.all([redisLog.close(), natsLog.close()]);
  redis.disconnect();
  await nats.close();
  await Promise.all([redisServer.close(), natsServer.close()]);
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "Server: topics over Redis and NATS",
  packages: ["ioredis", "@nats-io/jetstream"],
  rows: [
    {
      name: "append to Redis",
      figures: micros({ XADD: 1.25 }),
      subjects: {
        ours: inFlight(() => redisLog.append("bench", data)),
        XADD: inFlight(() => redis.xadd("bare", "MAXLEN", "~", 10_000, "*", "d", payload)),
      },
    },
    {
      name: "append to NATS",
      figures: micros({ "publish with an id": 1.25 }),
      subjects: {
        ours: inFlight(() => natsLog.append("bench", data)),
        "publish with an id": inFlight(() => js.publish("bare.bench", data, { msgID: `id-${ids++}` })),
        publish: inFlight(() => js.publish("bare.bench", data)),
      },
    },
    {
      name: "delivery from Redis to 200 subscribers, CPU",
      figures: micros({ "by hand": 1.2 }),
      subjects: { ours: deliver(redisLog), "by hand": deliver(undefined, followStream), "no log": deliver() },
      rounds: 7,
    },
    {
      name: "delivery from NATS to 200 subscribers, CPU",
      figures: micros({ "by hand": 1.2 }),
      subjects: { ours: deliver(natsLog), "by hand": deliver(undefined, followSubject), "no log": deliver() },
      rounds: 7,
    },
    {
      name: "publish to delivery, Redis",
      figures: { time: { unit: "ms", value: 2 } },
      subjects: { ours: latency(redisLog) },
      rounds: 3,
      warmup: 1,
    },
    {
      name: "publish to delivery, NATS",
      figures: { time: { unit: "ms", value: 2 } },
      subjects: { ours: latency(natsLog) },
      rounds: 3,
      warmup: 1,
      close,
    },
  ],
};
