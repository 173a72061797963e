import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { type AskEvent, AskEventSchema, type Quote, QuoteSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { handleEvents } from "../../client.js";
import { createFlag } from "../../testing/flag.js";
import { startServer } from "../../testing/http-server.js";
import { MarketServiceClient } from "../../testing/market-client.js";

const events: AskEvent[] = [
  create(AskEventSchema, { event: { case: "delta", value: { text: "a" } } }),
  create(AskEventSchema),
  create(AskEventSchema, { event: { case: "toolCall", value: { name: "n" } } }),
  create(AskEventSchema, { event: { case: "done", value: { tokens: 3 } } }),
];

async function* feed<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

describe("handleEvents", () => {
  test("calls the handler of each event in turn, and waits for it", async () => {
    const log: unknown[] = [];
    await handleEvents(feed(events), {
      async delta(delta, message) {
        await new Promise(setImmediate);
        log.push(delta.text, message === events[0]);
      },
      toolCall: ({ name }) => void log.push(name),
      done: ({ tokens }) => void log.push(tokens),
    });
    expect(log).toEqual(["a", true, "n", 3]);
  });

  test("gives the rest to otherwise", async () => {
    const log: unknown[] = [];
    await handleEvents(feed(events), {
      delta: ({ text }) => void log.push(text),
      otherwise: ({ event }) => void log.push(event.case),
    });
    expect(log).toEqual(["a", undefined, "toolCall", "done"]);
  });

  test("keeps the handlers' this", async () => {
    class Handlers {
      tokens = 0;
      delta() {}
      toolCall() {}
      done({ tokens }: { tokens: number }) {
        this.tokens += tokens;
      }
    }
    const handlers = new Handlers();
    await handleEvents(feed(events), handlers);
    expect(handlers.tokens).toBe(3);
  });

  test("ends the stream with what a handler throws", async () => {
    const closed = createFlag();
    const { baseUrl } = await startServer((_, response) => {
      response.on("close", () => closed.raise());
      response.writeHead(200, { "content-type": "text/event-stream" }).write("event: delta\ndata: {}\n\n");
    });
    const reason = new Error("cannot show");
    const stream = new MarketServiceClient({ baseUrl }).ask({ question: "?" });
    const handled = handleEvents(stream, {
      delta() {
        throw reason;
      },
      otherwise() {},
    });
    await expect(handled).rejects.toBe(reason);
    await closed.raised;
    expect(stream.state).toBe("closed");
  });

  test("takes only handlers that fit, and all of them", async () => {
    const none = () => {};
    const stream = () => feed<AskEvent>([]);
    // @ts-expect-error: no handler for "done"
    await handleEvents(stream(), { delta: none, toolCall: none });
    // @ts-expect-error: no handler, and no otherwise
    await handleEvents(stream(), {});
    // @ts-expect-error: a Delta has no tokens
    await handleEvents(stream(), { delta: ({ tokens }) => tokens, otherwise: none });
    // @ts-expect-error: there is no event "dleta"
    await handleEvents(stream(), { dleta: none, otherwise: none });
    // @ts-expect-error: a Quote has no oneof
    await handleEvents(feed<Quote>([create(QuoteSchema)]), { price: none });
  });
});
