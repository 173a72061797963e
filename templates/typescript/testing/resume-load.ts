import { type Headline, HeadlineSchema } from "../../../test/gen/news/v1/news_pb.js";
import { createLogTopic, type EventLog, type LogTopic } from "../server.js";

/** What is measured. */
export interface ResumeLoadReport {
  /** Events that each client got. */
  readonly events: number;
  readonly reconnections: number;
  /** Of all clients together. */
  readonly lost: number;
  readonly repeated: number;
  /** Whether all clients saw one order, in which each publisher's events are in its own. */
  readonly isOneOrder: boolean;
  /** CPU time of this process for an event given to a client, in microseconds. */
  readonly cpuMicrosPerDelivery: number;
}

export interface ResumeLoadOptions {
  /** The log as each node sees it, in this process. */
  readonly nodes: readonly EventLog[];
  /**
   * Publishes the events of one publisher to the topic `load`, one after the other: headlines with the texts `0 0`, `0 1` and so on, the
   * number of the publisher and of the event. Default: at the nodes in turn, in this process.
   */
  readonly publish?: ((publisher: number, events: number) => Promise<void>) | undefined;
  /** Default: 4. */
  readonly publishers?: number | undefined;
  /** Events of each publisher. Default: 3,000. */
  readonly events?: number | undefined;
  /** Default: 20. */
  readonly clients?: number | undefined;
}

/**
 * Publishes while clients come and go: each leaves after 20 to 220 milliseconds, and continues at any node after the last event that
 * it got; every fifth one is slow. Ends when all clients have all events.
 */
export async function resumeUnderLoad(options: ResumeLoadOptions): Promise<ResumeLoadReport> {
  const { nodes, publishers = 4, events = 3000, clients = 20 } = options;
  const topics = nodes.map((log) => createLogTopic(HeadlineSchema, { log, name: "load" }));
  const publish = options.publish ?? ((publisher, count) => publishAt(pick(topics, publisher), publisher, count));
  const total = publishers * events;
  const beginning = await pick(nodes, 0).tip("load");
  const cpu = process.cpuUsage();
  const watching = Array.from({ length: clients }, (_, client) => watch(topics, beginning, total, client % 5 === 4));
  const publishing = Array.from({ length: publishers }, (_, publisher) => publish(publisher, events));
  const [seen] = await Promise.all([Promise.all(watching), Promise.all(publishing)]);
  const { user, system } = process.cpuUsage(cpu);
  const [first] = seen;
  const order = JSON.stringify(first?.texts);
  return {
    events: total,
    reconnections: sum(seen.map(({ visits }) => visits - 1)),
    lost: sum(seen.map(({ texts }) => total - new Set(texts).size)),
    repeated: sum(seen.map(({ texts }) => texts.length - new Set(texts).size)),
    isOneOrder: seen.every(({ texts }) => JSON.stringify(texts) === order) && isInOrder(first?.texts ?? [], publishers),
    cpuMicrosPerDelivery: (user + system) / (total * clients),
  };
}

/** The events of one publisher. */
export async function publishAt(topic: LogTopic<Headline>, publisher: number, events: number): Promise<void> {
  for (let n = 0; n < events; n++) {
    await topic.publish({ text: `${publisher} ${n}` });
    if (n % 25 === 24) {
      // As long as the clients' visits, so that they come and go meanwhile.
      await pause(10);
    }
  }
}

interface Watched {
  readonly texts: readonly string[];
  readonly visits: number;
}

async function watch(
  topics: readonly LogTopic<Headline>[],
  beginning: string,
  total: number,
  isSlow: boolean,
): Promise<Watched> {
  const texts: string[] = [];
  let after = beginning;
  let visits = 0;
  while (texts.length < total) {
    visits++;
    const abort = new AbortController();
    const { signal } = abort;
    const leave = setTimeout(() => abort.abort(), 20 + Math.random() * 200);
    const topic = pick(topics, Math.floor(Math.random() * topics.length));
    try {
      for await (const { id, message } of topic.subscribe({ signal, after })) {
        texts.push(message.text);
        after = id;
        if (texts.length >= total) {
          break;
        }
        if (isSlow && texts.length % 8 === 0) {
          await pause(1);
        }
      }
    } catch (error) {
      if (error !== signal.reason) {
        throw error;
      }
    } finally {
      clearTimeout(leave);
    }
  }
  return { texts, visits };
}

/** Whether each publisher's events are in the order in which it published them. */
function isInOrder(texts: readonly string[], publishers: number): boolean {
  const next = new Array<number>(publishers).fill(0);
  return texts.every((text) => {
    const [publisher = 0, n] = text.split(" ").map(Number);
    const expected = next[publisher] ?? 0;
    next[publisher] = expected + 1;
    return n === expected;
  });
}

function pick<T>(items: readonly T[], number: number): T {
  const item = items[number % items.length];
  if (item === undefined) {
    throw new RangeError("there is none to pick");
  }
  return item;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
