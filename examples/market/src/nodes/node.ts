/** One node: `node dist/src/nodes/node.js <port of Redis> [port]`. SIGTERM drains it, as a deployment does. */
import { Redis } from "ioredis";
import { serve } from "srvx";
import { AlertSchema } from "../../gen/market/v1/alerts_pb.js";
import { createAlertService } from "../../gen/market/v1/alerts_server.js";
import { createRedisEventLog } from "../../gen/sse/runtime/redis-event-log.js";
import { createLogTopic, createServer } from "../../gen/sse/runtime/server.js";

const [redisPort, port = "0"] = process.argv.slice(2);
const redis = new Redis(Number(redisPort), "127.0.0.1");
const log = createRedisEventLog({ client: redis, keep: { events: 100_000 } });
const alerts = createLogTopic(AlertSchema, { log, name: "alerts" });

const exchange = createServer({
  services: [
    createAlertService({
      publishAlert: async ({ key, text }) => ({ id: await alerts.publish({ text }, { key }), text }),
      watchAlerts: (_request, { signal, lastEventId }) => alerts.subscribe({ signal, after: lastEventId }),
    }),
  ],
});

const server = serve({
  fetch: exchange.fetch,
  port: Number(port),
  hostname: "127.0.0.1",
  silent: true,
  gracefulShutdown: false,
});
await server.ready();
console.log(server.url);

process.once("SIGTERM", async () => {
  await exchange.drain({ graceMs: 2000 });
  await server.close();
  await log.close();
  redis.disconnect();
});
