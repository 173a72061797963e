import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { TradeSchema } from "../../../../test/gen/market/v1/market_pb.js";
import { createServer, createTopic } from "../../server.js";
import { createFlag } from "../../testing/flag.js";
import { createMarketService } from "../../testing/market-service.js";
import { serve } from "../../testing/serve.js";

/** A client that keeps nothing but the ids. */
function dial(port: number, onIds: () => void): { readonly socket: Socket; readonly ids: number[] } {
  const ids: number[] = [];
  let rest = "";
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("id: ")) {
        ids.push(Number(line.slice(4)));
      }
    }
    onIds();
  });
  socket.write("GET /v1/trades/A:watch HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return { socket, ids };
}

test("a thousand streams of one topic: none lost, none doubled, all handlers ended", async () => {
  const streams = 1000;
  const events = 40;
  const topic = createTopic(TradeSchema);
  let running = 0;
  const started = createFlag();
  const ended = createFlag();
  const closed = createFlag();
  let open = 0;
  const { port } = await serve(
    createServer({
      services: [
        createMarketService(
          {
            async *watchTrades(_request, { signal }) {
              if (++running === streams) {
                started.raise();
              }
              try {
                yield* topic.subscribe({ signal });
              } finally {
                if (--running === 0) {
                  ended.raise();
                }
              }
            },
          },
          { unimplemented: "501" },
        ),
      ],
      onCallStart: () => open++,
      onCallEnd: () => --open === 0 && closed.raise(),
    }),
  );
  const complete = createFlag();
  let whole = 0;
  const clients = Array.from({ length: streams }, () => {
    const client = dial(port, () => {
      if (client.ids.length === events && ++whole === streams) {
        complete.raise();
      }
    });
    return client;
  });
  await started.raised;
  for (let sequence = 1; sequence <= events; sequence++) {
    topic.publish({ sequence: BigInt(sequence), symbol: "A" });
    if (sequence % 10 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await complete.raised;
  const expected = Array.from({ length: events }, (_, index) => index + 1);
  for (const { ids, socket } of clients) {
    expect(ids).toEqual(expected);
    socket.destroy();
  }
  await Promise.all([ended.raised, closed.raised]);
  expect([running, open]).toEqual([0, 0]);
});
