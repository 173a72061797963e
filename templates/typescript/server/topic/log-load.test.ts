import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type Headline, HeadlineSchema } from "../../../../test/gen/news/v1/news_pb.js";
import { createLogTopic, createMemoryEventLog, type Tracked } from "../../server.js";
import { createNewsServer } from "../../testing/news.js";
import { rawRequest } from "../../testing/raw-client.js";
import { resumeUnderLoad } from "../../testing/resume-load.js";
import { serve } from "../../testing/serve.js";
import { WatchedLog } from "../../testing/watched-log.js";

test("clients that come and go at two nodes lose nothing, see nothing twice, and see one order", async () => {
  const log = createMemoryEventLog({ keep: { events: 100_000 } });
  // Two nodes: what they have in common is the log.
  const report = await resumeUnderLoad({ nodes: [log, new WatchedLog(log)] });
  expect(report).toMatchObject({ events: 12_000, lost: 0, repeated: 0, isOneOrder: true });
  expect(report.reconnections).toBeGreaterThan(50);
});

test("a client that does not read holds none of 100,000 events, and ends with code 11", async () => {
  const log = createMemoryEventLog({ keep: { events: 2000 } });
  const topic = createLogTopic(HeadlineSchema, { log, name: "AAPL" });
  const server = createNewsServer(({ topic: name }, { signal, lastEventId: after }) =>
    createLogTopic(HeadlineSchema, { log, name }).subscribe({ signal, after }),
  );
  const { port } = await serve(server);
  const exchange = rawRequest(port, ["GET /v1/topics/AAPL/headlines HTTP/1.1", "Connection: close"], "", false);
  // One that reads, to see each event as the topic holds it.
  const reader: AsyncIterator<Tracked<Headline>> = topic.subscribe();
  const noted: WeakRef<object>[] = [];
  const text = "x".repeat(1000);
  for (let n = 0; n < 100_000; n++) {
    await topic.publish({ text });
    const { value } = await reader.next();
    if (n % 100 === 0) {
      noted.push(new WeakRef(value));
      await setTimeout(0); // lets the socket take what it can, and ends the life of what is not held
    }
  }
  await reader.return?.();
  // Of the 1,000 events that were noted, 11 are in the ring. Some more may be on their way to the socket.
  await setTimeout(1);
  collectGarbage();
  expect(noted.filter((event) => event.deref() !== undefined).length).toBeLessThan(50);
  let end = "";
  exchange.socket.on("data", (text: string) => {
    end = (end + text).slice(-500);
  });
  exchange.socket.resume();
  await exchange.closed;
  expect(end).toMatch(
    /event: error\ndata: \{"code":11,"message":"the events after .* were dropped before they were read/,
  );
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
