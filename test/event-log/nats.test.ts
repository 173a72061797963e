import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createNatsEventLog } from "../../templates/typescript/nats-event-log.js";
import { testEventLog } from "../../templates/typescript/testing/event-log-suite.js";
import { type BackendServer, describeWith, startNatsServer } from "./servers.js";

describeWith("nats-server", "the suite on NATS", () => {
  let server: BackendServer;
  let connection: NatsConnection;
  beforeAll(async () => {
    server = await startNatsServer();
    connection = await connect({ servers: `127.0.0.1:${server.port}` });
  });
  afterAll(async () => {
    await connection.close();
    await server.close();
  });
  const cases = testEventLog(
    async ({ store, keep }) =>
      createNatsEventLog({
        jetstream: jetstream(connection),
        manager: await jetstreamManager(connection),
        stream: store,
        prefix: `${store}.`,
        keep,
      }),
    { shared: true },
  );
  for (const { name, run } of cases) {
    test(name, run);
  }

  test("a tail that is stopped while it begins leaves no consumer", async () => {
    const manager = await jetstreamManager(connection);
    const log = createNatsEventLog({
      jetstream: jetstream(connection),
      manager,
      stream: "STOPPED",
      prefix: "stopped.",
    });
    onTestFinished(() => log.close());
    const after = await log.append("t", new Uint8Array(1));
    const stop = await log.tail("t", after, { entries: () => {}, failed: () => {} });
    stop();
    const consumers = async () => {
      const names: string[] = [];
      for await (const { name } of manager.consumers.list("STOPPED")) {
        names.push(name);
      }
      return names;
    };
    // It may still be made: that takes less than what follows.
    for (let n = 0; n < 20; n++) {
      await log.append("t", new Uint8Array(1));
      await consumers();
    }
    while ((await consumers()).length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  test("an entry that takes the sequence of a lost one while the cursor is checked does not count as trimmed", async () => {
    const manager = await jetstreamManager(connection);
    const streams = Object.create(manager.streams) as typeof manager.streams;
    const log = createNatsEventLog({
      jetstream: jetstream(connection),
      manager: { streams },
      stream: "TAKEN",
      prefix: "taken.",
    });
    onTestFinished(() => log.close());
    await log.append("t", new Uint8Array(1));
    streams.getMessage = async (...args) => {
      const message = await manager.streams.getMessage(...args);
      if (!message) {
        await log.append("t", new Uint8Array(1));
      }
      return message;
    };
    await expect(log.read("t", "2.lost", 1)).rejects.toMatchObject({ code: 11, reason: "unknown" });
  });

  test("refuses wrong options", async () => {
    const options = { jetstream: jetstream(connection), manager: await jetstreamManager(connection) };
    for (const prefix of ["sse", "a b.", "sse.*.", ">", "sse..", "."]) {
      expect(() => createNatsEventLog({ ...options, prefix })).toThrow(`option prefix is ${JSON.stringify(prefix)}`);
    }
    for (const stream of ["", "a.b", "a b", "a/b", "*"]) {
      expect(() => createNatsEventLog({ ...options, stream })).toThrow(`option stream is ${JSON.stringify(stream)}`);
    }
    expect(() => createNatsEventLog({ ...options, keep: { events: 0 } })).toThrow("option keep.events is 0");
    expect(() => createNatsEventLog({ ...options, keep: { ms: Number.NaN } })).toThrow("option keep.ms is NaN");
    for (const replicas of [0, 1.5, 6]) {
      expect(() => createNatsEventLog({ ...options, keep: { replicas } })).toThrow(
        `option keep.replicas is ${replicas}`,
      );
    }
  });
});
