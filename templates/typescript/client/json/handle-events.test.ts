import { describe, expect, expectTypeOf, test } from "vitest";
import type { AskEventJson, DeltaJson } from "../../../../test/gen/market/v1/market_pb.js";
import { handleEvents } from "../../client-json.js";

const events: AskEventJson[] = [{ delta: { text: "a" } }, {}, { toolCall: { name: "n" } }, { done: { tokens: 3 } }];

async function* feed<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

describe("handleEvents", () => {
  test("calls the handler of each event in turn, and waits for it", async () => {
    const log: unknown[] = [];
    await handleEvents(feed(events), {
      async delta(delta, message) {
        expectTypeOf(delta).toEqualTypeOf<DeltaJson>();
        await new Promise(setImmediate);
        log.push(delta.text, message === events[0]);
      },
      toolCall: ({ name }) => void log.push(name),
      done: ({ tokens }) => void log.push(tokens),
    });
    expect(log).toEqual(["a", true, "n", 3]);
  });

  test("gives the rest to otherwise, and names of the server's own", async () => {
    const log: unknown[] = [];
    const strange = JSON.parse('{"toString":1,"__proto__":2,"constructor":{}}');
    await handleEvents(feed([...events, strange]), {
      delta: ({ text }) => void log.push(text),
      otherwise: (event) => void log.push(Object.keys(event)),
    });
    expect(log).toEqual(["a", [], ["toolCall"], ["done"], ["toString", "__proto__", "constructor"]]);
  });

  test("finds the event beside its id", async () => {
    const log: unknown[] = [];
    await handleEvents(
      feed<{ id?: string; delta?: DeltaJson; text?: string }>([
        { id: "1", delta: {} },
        { id: "2", text: "t" },
      ]),
      {
        delta: () => void log.push("delta"),
        text: (text) => void log.push(text),
      },
    );
    expect(log).toEqual(["delta", "t"]);
  });

  test("takes only handlers that fit, and all of them", async () => {
    const none = () => {};
    const stream = () => feed<AskEventJson>([]);
    // @ts-expect-error: no handler for "done"
    await handleEvents(stream(), { delta: none, toolCall: none });
    // @ts-expect-error: a Delta has no tokens
    await handleEvents(stream(), { delta: ({ tokens }) => tokens, otherwise: none });
    // @ts-expect-error: there is no event "dleta"
    await handleEvents(stream(), { dleta: none, otherwise: none });
  });
});
