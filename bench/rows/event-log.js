// @ts-check
/**
 * One topic and 200 subscribers in this process: the CPU time for each delivery. A topic over the log in memory beside
 * `createTopic`, which keeps its events itself.
 *
 * Both publish the same messages, 20 at a time, and every subscriber awaits each event. No event is encoded for a
 * stream: that costs both the same. A round begins when all subscribers wait. Publishing counts: ours writes and reads
 * the binary form of each message.
 */
import { cpuOf } from "../measure.js";
import { load } from "../runtime.js";

const SUBSCRIBERS = 200;
const MESSAGES = 5000;
const BATCH = 20;

const { createLogTopic, createMemoryEventLog, createTopic, ReadingSchema } = await load(`
  export { createLogTopic, createMemoryEventLog, createTopic } from "./templates/typescript/server.js";
  export { ReadingSchema } from "./test/gen/news/v1/news_pb.js";
`);

/** @param {() => any} create */
const deliver = (create) => async () => {
  const topic = create();
  const subscriptions = Array.from({ length: SUBSCRIBERS }, () => topic.subscribe());
  await Promise.all(subscriptions.map(({ cursor }) => cursor));
  const time = await cpuOf(async () => {
    const reading = subscriptions.map(async (subscription) => {
      for (let i = 0; i < MESSAGES; i++) {
        await subscription.next();
      }
    });
    for (let i = 0; i < MESSAGES; i += BATCH) {
      await Promise.all(Array.from({ length: BATCH }, (_, j) => topic.publish({ value: i + j })));
      await new Promise(setImmediate);
    }
    await Promise.all(reading);
  });
  await Promise.all(subscriptions.map((subscription) => subscription.return()));
  topic.close();
  return { time: time / SUBSCRIBERS / MESSAGES };
};

/** @type {import("../harness.js").Bench} */
export default {
  title: "A topic over a log",
  packages: [],
  rows: [
    {
      name: "200 subscribers, without encoding",
      figures: { time: { unit: "µs/delivery", ratio: { createTopic: 1.2 } } },
      subjects: {
        ours: deliver(() => createLogTopic(ReadingSchema, { log: createMemoryEventLog(), name: "bench" })),
        createTopic: deliver(() => createTopic(ReadingSchema)),
      },
    },
  ],
};
