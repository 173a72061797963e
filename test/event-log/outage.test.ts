/**
 * The server of the log is away while clients are connected over HTTP and events are published. `EVENT_LOG_OUTAGE_MS=10000` makes it ten
 * seconds.
 */
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createLogTopic } from "../../templates/typescript/server.js";
import { createNewsServer } from "../../templates/typescript/testing/news.js";
import { rawRequest } from "../../templates/typescript/testing/raw-client.js";
import { serve } from "../../templates/typescript/testing/serve.js";
import { HeadlineSchema } from "../gen/news/v1/news_pb.js";
import { backendKinds } from "./backends.js";
import { describeWith } from "./servers.js";

const outageMs = Number(process.env["EVENT_LOG_OUTAGE_MS"] ?? 3000);

for (const { name, command, start } of backendKinds) {
  describeWith(command, name, () => {
    test("streams stay open with heartbeats, publish rejects, and everything goes on", async ({ onTestFinished }) => {
      const backend = await start(onTestFinished);
      const topic = createLogTopic(HeadlineSchema, { log: await backend.open(), name: "AAPL" });
      const server = createNewsServer(
        (_request, { signal, lastEventId: after }) => topic.subscribe({ signal, after }),
        {
          heartbeatMs: 100,
        },
      );
      const { port } = await serve(server);
      const bodies = Array.from({ length: 20 }, () => {
        const body = { text: "", isOver: false };
        const { socket, closed } = rawRequest(port, ["GET /v1/topics/AAPL/headlines HTTP/1.1"], "");
        socket.on("data", (text) => {
          body.text += text;
        });
        void closed.then(() => {
          body.isOver = true;
        });
        return body;
      });
      const until = async (text: string) => {
        while (!bodies.every((body) => body.text.includes(text))) {
          await setTimeout(10);
        }
      };
      await until(":sse/1");
      await topic.publish({ text: "before" });
      await until("before");

      await backend.server.stop();
      const before = bodies.map(({ text }) => text.length);
      const heap = usedHeap();
      const end = performance.now() + outageMs;
      let refused = 0;
      while (performance.now() < end) {
        const calls = Array.from({ length: 20 }, (_, n) => topic.publish({ text: `lost ${n} ${"x".repeat(1000)}` }));
        for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
          expect([status, reason.code]).toEqual(["rejected", 14]);
          refused++;
        }
        await setTimeout(5);
      }
      expect(refused).toBeGreaterThanOrEqual(20);
      // What was refused is not held. Events of one second would be more than this.
      expect(usedHeap() - heap).toBeLessThan(8e6);
      for (const [i, { text, isOver }] of bodies.entries()) {
        expect(isOver).toBe(false);
        expect(text.slice(before[i])).toMatch(/^(2\r\n:\n\r\n){3,}$/);
      }

      await backend.server.start();
      for (let isPublished = false; !isPublished; ) {
        await setTimeout(20);
        isPublished = await topic.publish({ text: "after" }, { key: "after" }).then(
          () => true,
          () => false,
        );
      }
      await until("after");
      expect(bodies.filter(({ isOver }) => isOver)).toEqual([]);
    });
  });
}

function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
