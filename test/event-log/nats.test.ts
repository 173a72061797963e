import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, test } from "vitest";
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
});
