import { createHook } from "node:async_hooks";
import { expect, test } from "vitest";
import { TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { createServer, createTopic } from "../../server.js";
import { createMarketService } from "../../testing/market-service.js";

const streams = 50;
const events = 20;

/** How many promises are made for each delivery, when each body is read until all have all events. */
async function promisesPerDelivery(bodies: readonly ReadableStream<Uint8Array>[], publish: () => void) {
  const readers = bodies.map((body) => body.getReader());
  for (const reader of readers) {
    await reader.read(); // the opening
  }
  let promises = 0;
  const hook = createHook({
    init(_id, type) {
      promises += type === "PROMISE" ? 1 : 0;
    },
  }).enable();
  for (let i = 0; i < events; i++) {
    const reads = readers.map((reader) => reader.read());
    await new Promise((resolve) => setImmediate(resolve)); // every body waits for an event
    publish();
    await Promise.all(reads);
  }
  hook.disable();
  for (const reader of readers) {
    await reader.cancel();
  }
  return promises / events / streams;
}

test("an event of a topic takes one promise for each stream, besides those of the web stream", async () => {
  const topic = createTopic(TradeSchema);
  const { fetch } = createServer({
    services: [
      createMarketService(
        { watchTrades: (_request, { signal }) => topic.subscribe({ signal }) },
        { unimplemented: "501" },
      ),
    ],
  });
  const responses = await Promise.all(
    Array.from({ length: streams }, () => fetch(new Request("http://localhost/v1/trades/A:watch"))),
  );
  let sequence = 0n;
  const ours = await promisesPerDelivery(
    responses.map(({ body }) => body as ReadableStream<Uint8Array>),
    () => topic.publish({ sequence: ++sequence, symbol: "A" }),
  );

  const controllers: ReadableStreamDefaultController<Uint8Array>[] = [];
  const bare = await promisesPerDelivery(
    Array.from(
      { length: streams },
      () =>
        new ReadableStream<Uint8Array>(
          {
            start(controller) {
              controllers.push(controller);
              controller.enqueue(new Uint8Array(1));
            },
            pull() {},
          },
          { highWaterMark: 0 },
        ),
    ),
    () => {
      for (const controller of controllers) {
        controller.enqueue(new Uint8Array(1));
      }
    },
  );
  // The ticks before a flush are shared by all streams.
  expect(ours - bare).toBeLessThan(1.5);
});
