import { serve } from "srvx/node";
import { createConformanceServer } from "./service.js";

const { fetch } = createConformanceServer({ heartbeatMs: 2000 });
const server = serve({ fetch, port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
console.log(JSON.stringify({ port: server.node.server.address().port }));
